""".env.example: every variable of the stack, what it is for and where its value comes from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bayplan.formats import dotenv
from bayplan.formats.dotenv import Group, Setting
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Asked, Composed, Given, Stack, Variable

PATH = ".env.example"
INTRODUCTION = "Copy this file to .env, fill it in and keep .env to yourself: cp .env.example .env && chmod 600 .env"


@dataclass(frozen=True, slots=True)
class Used:
    """A variable and the services that read it."""

    variable: Variable
    by: tuple[str, ...]


def write(stack: Stack) -> dict[str, Rendered]:
    used = _collect(stack)
    required = [each for each in used if _is_required(each.variable)]
    optional = [each for each in used if _is_asked(each.variable) and each not in required]
    fixed = [each for each in used if not _is_asked(each.variable)]
    groups = [
        Group("Required: the stack does not start without these.", tuple(map(_setting, required))),
        Group(
            "Optional: the code has its own value for each of these.",
            tuple(_setting(each, documented=True) for each in optional),
        ),
        Group("Set by docker-compose.prod.yml; give them where a service runs without it.", tuple(map(_fixed, fixed))),
    ]
    return {PATH: dotenv.render([group for group in groups if group.settings], INTRODUCTION)}


def _collect(stack: Stack) -> tuple[Used, ...]:
    """Return each variable once, under the name the operator knows, with everybody who reads it."""
    found: dict[str, Used] = {}
    owners = [(service.name, service.variables) for service in stack.services] + [
        (store.name, store.variables) for store in stack.stores
    ]
    for owner, variables in owners:
        for variable in variables:
            for each in (variable, *_asked_inside(variable, stack)):
                name = each.value.name if isinstance(each.value, Asked) else each.name
                before = found.get(name)
                by = (*(before.by if before else ()), *(() if before and owner in before.by else (owner,)))
                richer = before.variable if before and (before.variable.purpose or not each.purpose) else each
                found[name] = Used(richer, by)
    return tuple(found[name] for name in sorted(found))


def _asked_inside(variable: Variable, stack: Stack) -> Iterable[Variable]:
    """Return what a composed value asks for, documented as the store's own variable is."""
    if not isinstance(variable.value, Composed):
        return ()
    known = {
        each.value.name: each for store in stack.stores for each in store.variables if isinstance(each.value, Asked)
    }
    return [known[part.name] for part in variable.value.parts if isinstance(part, Asked) and part.name in known]


def _is_asked(variable: Variable) -> bool:
    return isinstance(variable.value, Asked)


def _is_required(variable: Variable) -> bool:
    return isinstance(variable.value, Asked) and variable.value.required and variable.value.default is None


def _setting(used: Used, *, documented: bool = False) -> Setting:
    variable = used.variable
    name = variable.value.name if isinstance(variable.value, Asked) else variable.name
    return Setting(name, variable.example, _comment(used), variable.why, documented_only=documented)


def _fixed(used: Used) -> Setting:
    return Setting(used.variable.name, _shown(used.variable), _comment(used), used.variable.why, documented_only=True)


def _shown(variable: Variable) -> str:
    value = variable.value
    parts: Sequence[Given | Asked] = value.parts if isinstance(value, Composed) else (value,)
    return "".join(part.text if isinstance(part, Given) else f"${{{part.name}}}" for part in parts)


def _comment(used: Used) -> str:
    variable = used.variable
    purpose = f"{variable.purpose[:1].upper()}{variable.purpose[1:].rstrip('.')}. " if variable.purpose else ""
    facts = [f"Read by {', '.join(used.by)}"]
    if variable.at_build:
        facts.append("fixed when the image is built")
    if variable.secret:
        facts.append("secret, made by `openssl rand -hex 32`")
    return f"{purpose}{', '.join(facts)}."
