""".env.example: every variable of the stack, what it is for and where its value comes from."""

from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.formats import dotenv
from bayplan.formats.dotenv import Group, Setting
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Asked, Composed, Given, Service, Stack, Variable

PATH = ".env.example"
INTRODUCTION = """Copy this file and fill in the copy, which stays on the machine that runs the stack:
cp .env.example .env && chmod 600 .env"""


@dataclass(frozen=True, slots=True)
class Documented:
    """A variable under the name the operator knows it by, and who reads it."""

    name: str
    variable: Variable
    readers: tuple[str, ...]


def write(stack: Stack) -> dict[str, Rendered]:
    every = _documented(stack)
    asked = [each for each in every if isinstance(each.variable.value, Asked)]
    needed = [each for each in asked if _stops_the_start(each.variable)]
    local = [each for each in asked if each not in needed and each.variable.for_browsers]
    groups = (
        Group("Required: the stack does not start without these.", tuple(_setting(each) for each in needed)),
        Group(
            "Needed on a server: what browsers call; these are right on this machine only.",
            tuple(_setting(each, off=True) for each in local),
        ),
        Group(
            "Optional: the stack works without these.",
            tuple(_setting(each, off=True) for each in asked if each not in needed and each not in local),
        ),
        Group(
            "Set by docker-compose.prod.yml: give these only where a service runs without it.",
            tuple(_setting(each, off=True) for each in every if each not in asked),
        ),
    )
    filled = [group for group in groups if group.settings]
    return {PATH: dotenv.render(filled, INTRODUCTION)} if filled else {}


def _documented(stack: Stack) -> list[Documented]:
    """Return each variable once, by name, with everybody who reads it."""
    found: dict[str, Documented] = {}
    for name, variable, reader in _reads(stack):
        before = found.get(name, Documented(name, variable, ()))
        readers = before.readers if reader in before.readers else (*before.readers, reader)
        best = variable if variable.purpose and not before.variable.purpose else before.variable
        found[name] = Documented(name, best, readers)
    return [found[name] for name in sorted(found)]


def _reads(stack: Stack) -> Iterator[tuple[str, Variable, str]]:
    asked_by_stores = {
        each.value.name: each for store in stack.stores for each in store.variables if isinstance(each.value, Asked)
    }
    for store in stack.stores:
        yield from ((each.value.name, each, store.name) for each in store.variables if isinstance(each.value, Asked))
    for service in stack.services:
        for variable in service.variables:
            yield variable.value.name if isinstance(variable.value, Asked) else variable.name, variable, service.name
            if isinstance(variable.value, Composed):
                inside = [part.name for part in variable.value.parts if isinstance(part, Asked)]
                yield from ((name, asked_by_stores[name], service.name) for name in inside if name in asked_by_stores)
        yield from ((each.name, each, service.name) for each in stack.build_secrets if each.name in _told(service))


def _told(service: Service) -> tuple[str, ...]:
    """Return the secrets that the build of its own image reads."""
    return service.image.secrets if service.image_of is None else ()


def _stops_the_start(variable: Variable) -> bool:
    return isinstance(variable.value, Asked) and variable.value.required and variable.value.default is None


def _setting(each: Documented, *, off: bool = False) -> Setting:
    value = each.variable.value
    shown = each.variable.example if isinstance(value, Asked) else _shown(value)
    return Setting(
        each.name,
        "" if each.variable.secret and isinstance(value, Asked) else shown,
        _comment(each),
        each.variable.why,
        off,
    )


def _shown(value: Given | Composed | Asked) -> str:
    parts = value.parts if isinstance(value, Composed) else (value,)
    return "".join(part.text if isinstance(part, Given) else "PASSWORD" for part in parts)


def _comment(each: Documented) -> str:
    """Say what it is for; then, in one line, what it must be, who reads it and when, and whether it is a secret."""
    variable = each.variable
    facts = [_kind(variable.kind)] if variable.kind.startswith("enum:") else []
    facts.append(
        f"Read by {', '.join(each.readers)} {'when the image is built' if variable.at_build else 'at run time'}."
    )
    if variable.secret:
        facts.append("Secret: openssl rand -hex 32" if variable.made_up else "Secret.")
    purpose = f"{variable.purpose[:1].upper()}{variable.purpose[1:].rstrip('.')}.\n" if variable.purpose else ""
    return purpose + " ".join(facts)


def _kind(kind: str) -> str:
    return f"One of {', '.join(kind.removeprefix('enum:').split('|'))}."
