"""Begin a bayplan.yaml that holds only what the code does not say. A file that exists is never touched.

The file is optional: without it, bayplan uses what it can infer.
"""

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path

from bayplan.errors import BayplanError
from bayplan.model.parts import Asked, Variable
from bayplan.model.stack import Role, Stack

NAMES = ("bayplan.yaml", "bayplan.yml")
HEAD = """\
# What the code does not say. Everything else is inferred: `bayplan plan --why` shows what, and from where.
# A key left empty says nothing, and may be deleted. `bayplan schema` lists every key there is.
version: 1
"""
EMPTY = re.compile(r"^    [a-z]+:", re.MULTILINE)
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "folder", nargs="?", metavar="FOLDER", help="the repository, where it is not the current folder"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write it, and say what to fill in."""
    from bayplan import pipeline
    from bayplan.ownership import disk

    root: Path = arguments.directory
    existing = next((name for name in NAMES if (root / name).exists() or (root / name).is_symlink()), None)
    if existing:
        raise _exists(existing)
    text = begun(pipeline.plan(root).stack)
    try:
        disk.put(root / NAMES[0], text.encode())
    except FileExistsError as error:
        raise _exists(NAMES[0]) from error
    except OSError as error:
        raise disk.refused(error) from error
    empty = len(EMPTY.findall(text))
    what = "it has one key" if empty == 1 else f"it has {empty} keys"
    print(f"wrote {NAMES[0]}: {what} for you to fill in" if empty else f"wrote {NAMES[0]}: nothing is missing from it")
    return 0


def _exists(name: str) -> BayplanError:
    return BayplanError(f"{name} exists already", remedy="edit it; `bayplan schema` lists every key there is")


def begun(stack: Stack) -> str:
    """Return a bayplan.yaml with an empty key for each fact that is missing, and the notes as comments."""
    text = HEAD
    if stack.notes:
        text += "\n" + "".join(_comment(f"{note.about}: {note.text}", str(note.at or "")) for note in stack.notes)
    services = [line for service in stack.services for line in _service(stack, service.name)]
    variables = [line for variable in _unexplained(stack) for line in _variable(variable)]
    for title, lines in (("services", services), ("variables", variables)):
        if lines:
            text += f"\n{title}:\n" + "\n".join(lines) + "\n"
    return text


def _comment(text: str, at: str) -> str:
    from bayplan.cli.terminal import printable

    return f"# {printable(f'{text} ({at})' if at else text)}\n"


def _service(stack: Stack, name: str) -> Iterator[str]:
    service = stack.service(name)
    if service is not None and service.role.value is Role.WEB and service.health is None:
        yield f"  {_key(name)}:"
        yield "    health:  # an HTTP path that answers 200 when it works; none was found"


def _unexplained(stack: Stack) -> list[Variable]:
    """Return the variables that someone has to give, without a word on what they are for."""
    found: dict[str, Variable] = {}
    for service in stack.services:
        for variable in service.variables:
            asked = isinstance(variable.value, Asked) and variable.value.default is None
            if asked and variable.required and not variable.purpose and _is_name(variable.name):
                found.setdefault(variable.name, variable)
    return [found[name] for name in sorted(found)]


def _variable(variable: Variable) -> Iterator[str]:
    from bayplan.cli.terminal import printable

    places = ", ".join(dict.fromkeys(printable(str(at)) for at in variable.uses[:3]))
    yield f"  {_key(variable.name)}:" + (f"  # read in {places}" if places else "")
    yield "    purpose:  # what it is for, in one line"
    if not variable.example:
        yield "    example:  # a value that shows its form"


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None


def _key(name: str) -> str:
    return name if PLAIN.fullmatch(name) else json.dumps(name)
