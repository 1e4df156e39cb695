"""The variables of a service on Railway: texts, references to others, and what Railway keeps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bayplan.formats.typescript_writer import Call, Code, Entry, Value
from bayplan.model.image import Environment
from bayplan.model.parts import Asked, Given, Part, Variable, parts_of
from bayplan.model.stack import Service, Stack, Store
from bayplan.source import Why
from bayplan.writers import hosted
from bayplan.writers.railway_project import Names, is_reached, managed, private, public, shared

KEPT = Call("preserve")
BOTH = Why("railway", "older environments of Railway have a private network of IPv6 alone")
PORT = Why("railway", "requests and health checks go there")
ANYWHERE = "0.0.0.0"  # noqa: S104 - the address that an image listens on
TOLD = "Told to Railway, once: `railway variable set {name} --stdin --service {service}`"
OPTIONAL = "Kept where Railway is told of them; the code does without"


@dataclass(slots=True)
class Told:
    """What a service is told, by where it comes from."""

    known: dict[str, Value] = field(default_factory=dict)
    kept: dict[str, Value] = field(default_factory=dict)
    optional: dict[str, Value] = field(default_factory=dict)


def told(stack: Stack, service: Service, names: Names) -> dict[str, Value]:
    """Return what a service is told, when it is built and when it runs: Railway tells both the same."""
    found = Told()
    if service.port is not None:
        found.known["PORT"] = Entry(str(service.port.value), why=PORT)
    if _listens_on_ipv4_alone(service) and is_reached(stack, service.name):
        found.known["HOSTNAME"] = Entry("::", why=BOTH)
    if any(mount.is_volume for mount in service.mounts):
        because = Why("railway", "volumes belong to root, and another user could not write to them")
        found.known["RAILWAY_RUN_UID"] = Entry("0", comment="Volumes belong to root here", why=because)
    for variable in (*hosted.built_in(service), *hosted.variables(stack, service)):
        if variable.name not in found.known:
            _add(found, stack, variable, names)
    return _in_groups(found, service.name)


def _in_groups(found: Told, service: str) -> dict[str, Value]:
    kept = _explained(found.kept, lambda first: TOLD.format(name=first, service=service))
    return {**found.known, **kept, **_explained(found.optional, lambda _: OPTIONAL)}


def _explained(group: dict[str, Value], words: Callable[[str], str]) -> dict[str, Value]:
    """Return a group of variables with a comment above its first."""
    for name, value in list(group.items())[:1]:
        entry = value if isinstance(value, Entry) else Entry(value)
        group[name] = Entry(entry.value, words(name), entry.why)
    return group


def _add(found: Told, stack: Stack, variable: Variable, names: Names) -> None:
    value = _referred(stack, variable, names) or _text(stack, variable)
    if value is not None:
        found.known[variable.name] = Entry(value, why=variable.why)
    elif isinstance(variable.value, Asked) and (variable.value.required or variable.value.default is not None):
        if variable.value.name in shared(stack):
            value = Code(f"ctx.shared.{variable.value.name}")
            found.known[variable.name] = Entry(value, why=variable.why)
        else:
            found.kept[variable.name] = Entry(KEPT, why=variable.why)
    else:
        found.optional[variable.name] = Entry(KEPT, why=variable.why)


def _referred(stack: Stack, variable: Variable, names: Names) -> Value | None:
    """Return a reference to what a variable leads to: a database of Railway's, or the public address of a service."""
    link = variable.leads_to
    if link is None:
        return None
    if link.part is Part.BROWSERS and stack.service(link.to) is not None:
        return f"{public(link.to)}{link.path}"
    store = next((each for each in stack.stores if each.name == link.to), None)
    table = managed(store) if store is not None else None
    if table is None or link.part.value not in table:
        return None
    output = table[link.part.value]
    if link.path:
        return f"${{{{{link.to}.{output}}}}}{link.path}"
    return Code(f"{names.of[link.to]}.env.{output}")


def _text(stack: Stack, variable: Variable) -> str | None:
    """Return the text of a variable, with Railway's references for hosts and secrets; None where it is asked for."""
    value = variable.value
    if isinstance(value, Asked):
        holder = _holder(stack, value)
        if holder is not None and variable.leads_to is not None:
            return holder
        return value.default if not variable.secret and not variable.for_browsers else None
    return "".join(_part(stack, part) for part in parts_of(value))


def _part(stack: Stack, part: Given | Asked) -> str:
    if isinstance(part, Given):
        return private(part.reaches) if part.reaches else part.text
    if part.default is not None:
        return part.default
    return _holder(stack, part) or f"${{{{shared.{part.name}}}}}"


def _holder(stack: Stack, asked: Asked) -> str | None:
    """Return a reference to the store that is told what is asked for: its password."""
    for store in stack.stores:
        for variable in store.variables:
            if isinstance(variable.value, Asked) and variable.value.name == asked.name:
                table = managed(store)
                output = table["password"] if table is not None else variable.name
                return f"${{{{{store.name}.{output}}}}}"
    return None


def of_store(stack: Stack, store: Store, more: Mapping[str, str], why: Why) -> dict[str, Value]:
    """Return what a store is told that runs from its own image."""
    found = Told(known={name: Entry(text, why=why) for name, text in more.items()})
    for variable in store.variables:
        if isinstance(variable.value, Asked) and variable.value.default is None:
            found.kept[variable.name] = Entry(KEPT, why=variable.why)
        else:
            text = "".join(_part(stack, part) for part in parts_of(variable.value))
            found.known[variable.name] = Entry(text, why=variable.why)
    return _in_groups(found, store.name)


def _listens_on_ipv4_alone(service: Service) -> bool:
    steps = [step for step in service.image.stages[-1].steps if isinstance(step, Environment)]
    return ("HOSTNAME", ANYWHERE) in [pair for step in steps for pair in step.values]
