"""Lines of files as they can be shown: on one line, not too long, and with nothing in them that steers a terminal."""

import unicodedata
from dataclasses import dataclass

TAB = "    "
WIDEST = 120
BEFORE = 40
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that are printable by name and change the direction of what follows."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A line of text, and how many columns of a terminal lie before a marked part of it and in it."""

    text: str
    before: int
    width: int


def printable(text: str) -> str:
    """Return a text with what could move the cursor or turn the writing shown as an escape; a tab becomes blanks."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character == "\t":
        return TAB
    if character.isprintable() and character not in TURNING:
        return character
    return character.encode("unicode_escape", errors="backslashreplace").decode("ascii")


def columns(text: str) -> int:
    """Return how many columns of a terminal a printable text takes."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def marked(line: str, column: int, length: int) -> Marked:
    """Return a line with the part at a column, counted from 1, marked; a long line is cut around that part."""
    start = min(max(column - 1, 0), len(line))
    end = min(start + max(length, 0), len(line)) if column else start
    if not column:
        start, end = len(line) - len(line.lstrip()), len(line.rstrip())
    left = start - BEFORE if len(line) > WIDEST and start > WIDEST - BEFORE else 0
    right = min(len(line), left + WIDEST)
    end = max(start, min(end, right))
    head, tail = ("…" if left else ""), ("…" if right < len(line) else "")
    before, part = head + printable(line[left:start]), printable(line[start:end])
    text = before + part + printable(line[end:right]) + tail
    return Marked(text.rstrip(), columns(before), max(columns(part), 1))
