"""Where the values of an environment come from when GitHub deploys it: secrets, variables, the run itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from bayplan.catalog.contract import contract
from bayplan.model.contract import Term
from bayplan.model.parts import Asked, Given, parts_of
from bayplan.model.stack import Stack
from bayplan.source import Why
from bayplan.writers.published import GHCR

RESERVED = re.compile(r"GITHUB_", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ASKED = Why("deploy", "the stack asks for it")


class Origin(Enum):
    """What GitHub takes a value from."""

    SECRET = "secrets"  # noqa: S105 - a name of GitHub's
    VARIABLE = "vars"
    TAG = "the input of the run"
    OWNER = "the owner of the repository"


@dataclass(frozen=True, slots=True)
class DeployValue:
    """A variable of the stack, and where GitHub has its value."""

    name: str
    origin: Origin
    required: bool
    why: Why

    @property
    def stored(self) -> str:
        """The name of the secret or variable: GitHub keeps those that begin with its own to itself."""
        return f"APP_{self.name}" if RESERVED.match(self.name) else self.name

    @property
    def expression(self) -> str:
        if self.origin is Origin.TAG:
            return "${{ inputs.tag }}"
        if self.origin is Origin.OWNER:
            return "${{ github.repository_owner }}"
        return f"${{{{ {self.origin.value}.{self.stored} }}}}"


def deploy_values(stack: Stack) -> tuple[DeployValue, ...]:
    """Return every variable that the stack asks for; none is left out."""
    owners = frozenset(_owners(stack))
    return tuple(_value(term, owners) for term in contract(stack).asked if NAME.fullmatch(term.name))


def _value(term: Term, owners: frozenset[str]) -> DeployValue:
    origin = Origin.SECRET if term.secret else Origin.VARIABLE
    if term.kind == "tag":
        origin = Origin.TAG
    elif term.name in owners:
        origin = Origin.OWNER
    return DeployValue(term.name, origin, term.required or origin is Origin.TAG, term.why or ASKED)


def _owners(stack: Stack) -> Iterator[str]:
    """Yield what stands for the account behind GitHub's own registry, whose images a workflow pushes as its owner."""
    for own in stack.built:
        parts = parts_of(own.pulled) if own.pulled is not None else ()
        if (
            len(parts) > 1
            and isinstance(parts[0], Given)
            and parts[0].text == f"{GHCR}/"
            and isinstance(parts[1], Asked)
        ):
            yield parts[1].name


def registry(stack: Stack) -> str:
    """Return the host of the registry that images are pulled from; empty for Docker Hub."""
    for own in stack.built:
        first = parts_of(own.pulled)[0] if own.pulled is not None else None
        host, slash, _ = first.text.partition("/") if isinstance(first, Given) else ("", "", "")
        if slash and ("." in host or ":" in host):
            return host
    return ""
