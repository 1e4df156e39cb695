"""What the terminal can show: colours where they are wanted, tables, and no text that could steer it."""

import os
import re
import shutil
import sys
from collections.abc import Sequence
from typing import TextIO

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
NARROWEST = 16
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that are printable by name and change the direction of what follows."""


def is_terminal(stream: TextIO | None = None) -> bool:
    return (stream or sys.stdout).isatty()


def coloured(stream: TextIO | None = None) -> bool:
    """Say whether colours are wanted: `--color` (which sets these variables), then the environment, then a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (is_terminal(stream) and os.environ.get("TERM") != "dumb")


def paint(text: str, *styles: str, stream: TextIO | None = None) -> str:
    """Return a text in a style, or as it is where no colours are wanted."""
    if not styles or not coloured(stream):
        return text
    return f"\033[{';'.join(CODES[style] for style in styles)}m{text}\033[0m"


def printable(text: str) -> str:
    """Return a text on one line, with what could move the cursor or turn the writing shown as an escape."""
    return "".join(each if _is_harmless(each) else _escape(each) for each in text)


def printable_lines(text: str) -> str:
    """Return a text of several lines with its control characters shown as escapes."""
    return "\n".join(printable(line.replace("\t", "    ")) for line in text.split("\n"))


def without_colours(text: str) -> str:
    """Return what another program said without the colours it said it in."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _is_harmless(character: str) -> bool:
    return character.isprintable() and character not in TURNING


def _escape(character: str) -> str:
    return character.encode("unicode_escape", errors="backslashreplace").decode("ascii")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, indent: str = "  ") -> str:
    """Return a table; columns that are empty everywhere are left out, and a terminal's width is kept to."""
    shown = [[printable(cell) for cell in row] for row in rows]
    used = [index for index in range(len(head)) if any(row[index] for row in shown)]
    lines = [[head[index] for index in used], *([row[index] for index in used] for row in shown)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(used))]
    if is_terminal():
        _narrow(widths, shutil.get_terminal_size().columns - len(indent) - 2 * len(widths))
    text = [
        indent + "  ".join(_cut(cell, width).ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([paint(text[0], "dim"), *text[1:]])


def _narrow(widths: list[int], room: int) -> None:
    while sum(widths) > room and max(widths, default=0) > NARROWEST:
        widths[widths.index(max(widths))] -= 1


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
