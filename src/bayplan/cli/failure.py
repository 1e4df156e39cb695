"""How a failure is shown, and which exit code it has."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from bayplan.cli.terminal import paint, printable, printable_lines, without_colours
from bayplan.errors import BayplanError, CommandFailedError, ConfigError
from bayplan.source import At

BUG = 70
WIDEST = 120
MOST_OUTPUT = 40


def explain(error: BayplanError, root: Path, *, verbose: bool = False) -> int:
    """Say what is wrong, where, and what to do. Return the exit code."""
    if verbose:
        import traceback

        traceback.print_exception(error)
    _say(f"{_red('error')}: {printable_lines(error.message)}")
    if isinstance(error, ConfigError):
        for at, text in error.problems:
            _show(root, at, text if text != error.message else "")
    elif error.at is not None:
        _show(root, error.at)
    if isinstance(error, CommandFailedError) and error.output:
        for line in error.output.rstrip().splitlines()[-MOST_OUTPUT:]:
            _say(f"  {paint('|', 'dim', stream=sys.stderr)} {printable_lines(without_colours(line))}")
    if error.remedy:
        _say(f"{paint('help', 'cyan', 'bold', stream=sys.stderr)}: {printable_lines(error.remedy)}")
    return error.exit_code


def confess(error: Exception) -> int:
    """Show a bug of ours, with what its report needs and nothing that names this machine."""
    import platform
    import traceback

    from bayplan import __version__

    traceback.print_exception(error)
    system = f"{platform.system()} {platform.machine()}"
    _say(f"\n{_red('error')}: this is a bug of bayplan, not of your repository; nothing is wrong on your side")
    _say("help: please report it with the lines above, the command you typed, and this:")
    _say(f"      bayplan {__version__}, Python {platform.python_version()}, {system}")
    return BUG


def _say(text: str) -> None:
    with suppress(OSError):  # nobody can be told that nobody can be told
        print(text, file=sys.stderr)


def _red(text: str) -> str:
    return paint(text, "red", "bold", stream=sys.stderr)


def _show(root: Path, at: At, label: str = "") -> None:
    for line in excerpt(root, at, label, sys.stderr):
        _say(line)


def excerpt(root: Path, at: At, label: str = "", stream: TextIO | None = None) -> Iterator[str]:
    """Yield a place and, where its file can be read, the line itself with a mark below it."""
    column = f":{at.column}" if at.line and at.column else ""
    yield f"  {paint('-->', 'blue', stream=stream)} {printable(str(at))}{column}"
    line = _line(root, at)
    if line is None:
        if label:
            yield f"      {printable(label)}"
        return
    number = str(at.line)
    gutter = paint(f"  {' ' * len(number)} |", "blue", stream=stream)
    start = max(at.column - 1, 0)
    left = max(0, start - WIDEST // 2) if len(line) > WIDEST else 0
    shown = line[left : left + WIDEST].replace("\t", " ")
    before = printable(shown[: start - left])
    marked = printable(shown[start - left : start - left + max(at.length, 1)]) if at.column else ""
    yield f"{paint(f'  {number} |', 'blue', stream=stream)} {printable(shown)}"
    mark = paint("^" * max(len(marked), 1), "red", "bold", stream=stream) if at.column else ""
    if mark or label:
        yield f"{gutter} {' ' * len(before)}{mark}{' ' if mark and label else ''}{printable(label)}"


def _line(root: Path, at: At) -> str | None:
    from bayplan.tree import Tree

    if not at.line:
        return None
    try:
        return Tree(root).text(at.file).split("\n")[at.line - 1].rstrip("\r")
    except (BayplanError, IndexError, OSError, ValueError):
        return None
