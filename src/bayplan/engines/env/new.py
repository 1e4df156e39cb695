"""The text of an env file with fresh secrets, and what an existing one lacks."""

import re
import secrets
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

from bayplan.catalog.contract import RANDOM
from bayplan.model.contract import Contract, Term
from bayplan.model.deployment import EnvFile


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a new or completed env file gets: values by name, and the variables that only a person can fill in."""

    values: Mapping[str, str]
    open: tuple[Term, ...]


def token() -> str:
    """Return what `openssl rand -hex 32` would."""
    return secrets.token_hex(32)


def draw(
    contract: Contract,
    there: Mapping[str, str],
    earlier: Mapping[str, str],
    make: Callable[[], str],
    meant: Container[str] = (),
) -> Drawn:
    """Make every required secret that is not there. One made `earlier` is kept, for there may be data that wants it.

    None is made where a misspelt line seems to be `meant` for it.
    """
    lacking = [term for term in contract.asked if term.required and not there.get(term.name)]
    ours = [term.name for term in lacking if term.command == RANDOM and term.name not in meant]
    made = {name: earlier.get(name) or make() for name in ours}
    return Drawn(made, tuple(term for term in lacking if term.name not in made))


def completed(text: str, file: EnvFile, values: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    """Return a text with values behind the names that stand empty in it, and those names; nothing of it is lost."""
    last = {line.name: line for line in file.lines if not line.documented_only}
    empty = {line.at.line: name for name, line in last.items() if not line.raw and name in values}
    lines = text.split("\n")
    for number, name in empty.items():
        match = re.fullmatch(r"(.*=)([ \t\r]*)", lines[number - 1])
        if match:
            lines[number - 1] = f"{match[1]}{values[name]}{match[2]}"
    done = {name for number, name in empty.items() if values[name] in lines[number - 1]}
    return "\n".join(lines), frozenset(done)
