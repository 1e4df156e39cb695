"""Say why a line of a file that bayplan wrote is there.

The line is the one you see in the file, also after you edited it. Without a line, every part of the file is explained.
"""

import argparse
import re
from difflib import SequenceMatcher
from pathlib import Path

from bayplan.cli import paths
from bayplan.cli.terminal import paint, printable
from bayplan.errors import BayplanError, UsageError
from bayplan.model.rendered import Rendered
from bayplan.source import Why

EXAMPLES = """examples:
  bayplan why apps/api/Dockerfile:12
  bayplan why docker-compose.prod.yml
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("place", metavar="FILE:LINE", help="a file that bayplan writes, and a line of it")


def run(arguments: argparse.Namespace) -> int:
    """Print the line and its reason."""
    from bayplan import pipeline

    root: Path = arguments.directory
    name, line = place(arguments.place)
    planned = pipeline.plan(root)
    files = {**planned.parts, **planned.files}
    path = paths.written(name, root, files)
    file = files[path]
    if line is None:
        _show_all(path, file)
        return 0
    present = planned.tree.text(path) if planned.tree.exists(path) else file.text
    text = line_of(path, present, line)
    ours = original(present, file.text, line)
    print(f"{paint(f'{printable(path)}:{line}', 'bold')}  {printable(text.strip())}")
    if path in planned.parts and (ours is None or file.why(ours) is None):
        print("  it is your own: bayplan asks for other lines of this file")
    elif ours is None:
        print("  bayplan would not write this line: it was edited by hand, or is from an earlier `bayplan write`")
    else:
        _show(file.why(ours), root)
    return 0


def place(typed: str) -> tuple[str, int | None]:
    """Split `FILE:LINE`, also with a column behind, as editors and compilers write it."""
    found = re.fullmatch(r"(.+?):([0-9]{1,9})(?::[0-9]*)?", typed, re.DOTALL)
    if not found:
        return typed.removesuffix(":"), None
    return found[1], int(found[2])


def line_of(path: str, text: str, line: int) -> str:
    lines = text.removesuffix("\n").split("\n")
    if not 1 <= line <= len(lines):
        raise UsageError(f"{path} has no line {line}", remedy=f"it has the lines 1 to {len(lines)}")
    return lines[line - 1]


def original(present: str, rendered: str, line: int) -> int | None:
    """Return the line that bayplan renders for a line on disk, None where it renders none."""
    if present == rendered:
        return line
    matcher = SequenceMatcher(None, present.split("\n"), rendered.split("\n"), autojunk=False)
    for block in matcher.get_matching_blocks():
        if block.a < line <= block.a + block.size:
            return block.b + line - block.a
    return None


def _show(why: Why | None, root: Path) -> None:
    from bayplan.cli.failure import excerpt

    if why is None:
        print("  it is part of every file of this kind")
        return
    print(f"  {printable(why.because)}")
    if why.at is not None:
        for line in excerpt(root, why.at):
            print(line)


def _show_all(path: str, file: Rendered) -> None:
    if not file.reasons:
        raise BayplanError(f"{path} has no reasons of its own", remedy="`bayplan plan --why` shows every decision")
    lines = file.text.split("\n")
    for first, last, why in sorted(file.reasons, key=lambda reason: (reason[0], -reason[1])):
        numbers = str(first) if first == last else f"{first}-{last}"
        print(f"{paint(f'{printable(path)}:{numbers}', 'bold')}  {printable(lines[first - 1].strip())}")
        print(f"  {printable(str(why))}")
