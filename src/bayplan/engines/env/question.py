"""What an env file is held against. Nothing that is asked of it or said about it shows a value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from bayplan.engines.env.file import PRIVATE, InGit
from bayplan.model.contract import Contract, Term
from bayplan.model.deployment import EnvFile, EnvLine
from bayplan.source import At

OF_COMPOSE = ("COMPOSE_", "DOCKER_", "BUILDKIT_", "BUILDX_", "RCLONE_", "BACKUP_")
OF_THE_SHELL = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TZ", "http_proxy", "https_proxy", "no_proxy"})
NEAR = 0.8
NAME = re.compile(r"[A-Z][A-Z0-9_]{0,49}")
HIDDEN = "…"
"""Stands where a value would be shown."""


@dataclass(frozen=True, slots=True)
class Question:
    """An env file, what it is held against, and what is known about it beside its text."""

    contract: Contract
    file: EnvFile
    compose: str
    mode: int = PRIVATE
    in_git: InGit = InGit.UNSEEN
    committed: Mapping[str, At] = field(default_factory=dict)
    """Values that stand in examples, and where: everybody knows them."""
    remedy: str = ""
    """The command that adds what is missing."""

    @property
    def lines(self) -> tuple[EnvLine, ...]:
        return tuple(line for line in self.file.lines if not line.documented_only)

    @property
    def strangers(self) -> tuple[EnvLine, ...]:
        """The lines of which no part of the stack has heard."""
        known = {term.name for term in self.contract.terms}
        return tuple(
            line
            for line in self.lines
            if line.name not in known and line.name not in OF_THE_SHELL and not line.name.startswith(OF_COMPOSE)
        )


def hidden(question: Question) -> str:
    """Return the text of the file with the names of its variables and nothing else."""
    shown = {line.at.line: f"{' ' * (line.at.column - 1)}{line.name}={HIDDEN}" for line in question.lines}
    shown |= {line.at.line: HIDDEN for line in nameless(question)}
    shown |= {at.line: HIDDEN for at in question.file.strays}
    return "\n".join(shown.get(number, "") for number in range(1, max(shown, default=0) + 1))


def nameless(question: Question) -> frozenset[EnvLine]:
    """Return lines whose name may be none: a line of a key that was not quoted may look like it."""
    known = [term.name for term in question.contract.terms]
    odd = [line for line in question.strangers if line.bare or not NAME.fullmatch(line.name)]
    return frozenset(line for line in odd if not get_close_matches(line.name.upper(), known, 1, NEAR))


def misspelt(question: Question) -> dict[str, EnvLine]:
    """Return, for each required variable that is missing, the line that may be meant to set it."""
    given = {line.name for line in question.lines}
    missing = [term.name for term in question.contract.asked if term.required and term.name not in given]
    found = ((name, _near(name, question.strangers)) for name in missing)
    return {name: line for name, line in found if line is not None}


def _near(name: str, lines: Sequence[EnvLine]) -> EnvLine | None:
    by_name = {line.name.upper(): line for line in lines}
    close = get_close_matches(name.upper(), by_name, 1, NEAR)
    return by_name[close[0]] if close else None


def how(term: Term, question: Question) -> str:
    """Say where a value comes from."""
    if term.is_made:
        return f"{term.command}" + (f"; or `{question.remedy}`, which adds one" if question.remedy else "")
    if term.secret or term.origin:
        return f"it comes from {term.origin or 'whoever issues it'}"
    return f"give it a value such as {term.example}" if term.example else "give it a value"
