"""The apps that a stack becomes on Fly.io: what they are called, where their files stand, what they are told."""

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from bayplan.catalog import load
from bayplan.model.parts import Asked, Composed, Given, Part, Value, Variable, fixed, parts_of
from bayplan.model.stack import Service, Stack
from bayplan.writers import hosted

UNUSUAL = re.compile(r"[^a-z0-9]+")


def table() -> Mapping[str, Any]:
    """Return what is known about Fly.io."""
    return load("platforms/fly")


def app(stack: Stack, name: str) -> str:
    """Return the name of the app of a service or store; Fly takes lower-case letters, digits and dashes."""
    return UNUSUAL.sub("-", f"{stack.project_name}-{name}".lower()).strip("-")


def host(stack: Stack, name: str) -> str:
    """Return the host name under which the other apps reach the one of a service or store."""
    return str(table()["hosts"]["private"]).format(app=app(stack, name))


def address(stack: Stack, name: str) -> str:
    """Return the address under which the world reaches a service."""
    return "https://" + str(table()["hosts"]["public"]).format(app=app(stack, name))


def running(stack: Stack) -> tuple[Service, ...]:
    """Return the services that run there; what only hands its files over elsewhere serves them by itself."""
    every = (each.serving or each for each in stack.services)
    return tuple(each for each in every if not each.ends)


def path(stack: Stack, name: str) -> str:
    """Return where the file of a service or store stands: in the folder that its build sees."""
    environment = [] if stack.is_production else [stack.environment]
    context = _context(stack, name)
    own = [] if context else [UNUSUAL.sub("-", name.lower()).strip("-")]
    return posixpath.join(context, ".".join(["fly", *environment, *own, "toml"]))


def deploy(stack: Stack, name: str) -> tuple[str, ...]:
    """Return the command that deploys a service or store, from the root of the repository.

    It makes the folder it is given its own: the path of the file is one inside of it.
    """
    context, file = _context(stack, name), posixpath.basename(path(stack, name))
    once = ["--update-only"] if any(job.name == name for job in stack.jobs_apart) else []
    return ("fly", "deploy", *([context] if context else []), "--config", file, *once)


def _context(stack: Stack, name: str) -> str:
    """Return the folder that the build of a service sees; empty for the root, and for what is not built."""
    service = stack.service(name)
    context = posixpath.normpath(service.image.context) if service is not None else "."
    return "" if context == "." else context


def deployed(stack: Stack) -> tuple[str, ...]:
    """Return the names of everything that becomes an app, in the order in which to deploy it."""
    jobs = tuple(each.name for each in stack.jobs_apart)
    return (*(each.name for each in stack.stores), *jobs, *(each.name for each in running(stack)))


def value_of(stack: Stack, variable: Variable) -> Value:
    """Return the value of a variable with the addresses that things have on Fly."""
    link = variable.leads_to
    runs = link is not None and any(each.name == link.to for each in running(stack))
    if link is not None and link.part is Part.BROWSERS and runs and fixed(variable.value) is None:
        return Given(f"{address(stack, link.to)}{link.path}")
    value = hosted.with_hosts(variable.value, lambda name: host(stack, name))
    query = str(_known(stack, variable, Part.URL).get("query", ""))
    if not query or not any(isinstance(part, Given) and part.reaches for part in parts_of(value)):
        return value
    has_one = any(isinstance(part, Given) and "?" in part.text for part in parts_of(value))
    return Composed((*parts_of(value), Given(f"{'&' if has_one else '?'}{query}")))


def _known(stack: Stack, variable: Variable, part: Part) -> Mapping[str, Any]:
    """Return what is known of the store of which a variable tells just that part: its whole address, its host."""
    link = variable.leads_to
    store = next((each for each in stack.stores if link is not None and each.name == link.to), None)
    if store is None or link is None or link.part is not part:
        return {}
    found: Mapping[str, Any] = table()["stores"].get(store.kind, {})
    return found


def because(stack: Stack, variable: Variable) -> str:
    """Return why an address has more behind it than elsewhere, or what the code must do with a host name."""
    known = _known(stack, variable, Part.URL)
    of_host = str(_known(stack, variable, Part.HOST).get("of_host", ""))
    return sentence(str(known["because"])) if "query" in known else sentence(of_host) if of_host else ""


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def told(stack: Stack, variable: Variable) -> str | None:
    """Return what the file tells an app; None for what is secret, and for what only the operator knows."""
    if variable.secret:
        return None
    value = value_of(stack, variable)
    if isinstance(value, Asked) and not variable.for_browsers:
        return value.default
    return fixed(value)


def set_before(stack: Stack, name: str) -> tuple[str, ...]:
    """Return the names of what `fly secrets import` must tell a service or store before it starts."""
    service = stack.service(name)
    store = next((each for each in stack.stores if each.name == name), None)
    variables = hosted.variables(stack, service) if service is not None else store.variables if store else ()
    return tuple(each.name for each in variables if told(stack, each) is None and _must_be_set(each))


def _must_be_set(variable: Variable) -> bool:
    """Say whether the code needs a variable, or what it leads to does: a store that asks for a password.

    A secret that has a default elsewhere has none in a file that everybody reads.
    """
    if variable.secret and isinstance(variable.value, Asked) and variable.value.default is not None:
        return True
    return variable.required or any(part.required and part.default is None for part in hosted.asked(variable))


def is_reached(stack: Stack, name: str) -> bool:
    """Say whether another part of the stack speaks to this one."""
    values = (variable.value for service in stack.services for variable in service.variables)
    return any(isinstance(part, Given) and part.reaches == name for value in values for part in parts_of(value))
