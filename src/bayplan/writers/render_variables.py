"""The variables of a service on Render, where none can hold another one's value."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bayplan.formats.render_writer import Entry, Value
from bayplan.model.image import Environment
from bayplan.model.parts import Asked, Given, Link, Part, Variable, fixed, parts_of
from bayplan.model.stack import Service, Stack, Store
from bayplan.source import Why
from bayplan.writers import hosted
from bayplan.writers.render_platform import DATABASE, KEY_VALUE, PRIVATE, named_there, store_type, type_of

PUBLIC_ADDRESS = "RENDER_EXTERNAL_URL"
OF_DATABASES = {
    Part.URL: "connectionString",
    Part.HOST: "host",
    Part.PORT: "port",
    Part.USER: "user",
    Part.PASSWORD: "password",
    Part.DATABASE: "database",
}
OF_KEY_VALUES = {Part.URL: "connectionString", Part.HOST: "host", Part.PORT: "port"}
OF_SERVICES = {Part.HOST: "host", Part.PORT: "port"}
PLAIN = re.compile(r"[\w@%+=:,./?$-]+")
ANY_PASSWORD = "until Render is told to ask for one, any password is right"  # noqa: S105 - no password
NOT_THE_IMAGES_OWN = Why("render", "Render gives each instance a host name of its own under this name")


@dataclass(frozen=True, slots=True)
class Told:
    """What a service is told. `before_start` are values that only a command can put together, as `NAME=text`."""

    entries: tuple[Value, ...]
    optional: tuple[str, ...] = ()
    """What the code reads and can do without; the dashboard is the place for it."""
    before_start: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    """What somebody must put together by hand, for no blueprint can."""

    @property
    def wanted(self) -> str:
        """Where to set what the blueprint leaves out, as a comment; nothing where it leaves nothing out."""
        return f"Set in the dashboard where it is wanted: {', '.join(self.optional)}" if self.optional else ""


@dataclass(frozen=True, slots=True)
class _One:
    entries: tuple[Value, ...] = ()
    before_start: str = ""
    by_hand: bool = False


def told(stack: Stack, service: Service) -> Told:
    """Return what a service is told, at build time and when it runs: Render gives its builds every variable too."""
    entries: list[Value] = []
    if service.port is not None:
        entries.append(_value("PORT", str(service.port.value), service.port.why))
    entries += [_value("HOSTNAME", text, NOT_THE_IMAGES_OWN) for text in _host_names(service)]
    optional, before_start, asks = [], [], []
    built_in = {each.name for each in hosted.built_in(service)}
    for each in (*hosted.built_in(service), *hosted.variables(stack, service)):
        if each.name == "PORT" and service.port is not None:
            continue
        found = _variable(stack, service, each, at_build=each.name in built_in)
        if found is None:
            optional.append(each.name)
            continue
        if found.before_start and not _is_plain(found.before_start, service.command.value):
            found = _One((_by_hand(each),), by_hand=True)
        entries += found.entries
        before_start += [found.before_start] if found.before_start else []
        asks += [each.name] if found.by_hand else []
    return Told(tuple(entries), tuple(optional), tuple(before_start), tuple(asks))


def _is_plain(told: str, command: Sequence[str]) -> bool:
    """Say whether a command that is told an address needs no quotes: what Render makes of them is not said."""
    return PLAIN.fullmatch(told) is not None and all(shlex.quote(word) == word for word in command)


def _host_names(service: Service) -> list[str]:
    """Return what an image says it listens on under a name that Render uses for itself."""
    steps = [step for step in service.image.stages[-1].steps if isinstance(step, Environment)]
    return [text for step in steps for name, text in step.values if name == "HOSTNAME"]


def _variable(stack: Stack, service: Service, variable: Variable, *, at_build: bool) -> _One | None:
    """Return the entries of a variable, or None where it is left to the dashboard."""
    link = variable.leads_to
    store = next((each for each in stack.stores if link is not None and each.name == link.to), None)
    target = stack.service(link.to) if link is not None else None
    if link is not None and store is not None:
        return _of_store(stack, variable, link, store)
    if link is not None and target is not None:
        found = _of_service(stack, variable, link, target, at_build=at_build)
        if found is not None:
            return found
    text = fixed(variable.value)
    if text is not None and not _reaches(variable):
        return _One((_value(variable.name, text, variable.why),))
    if isinstance(variable.value, Asked):
        return _asked(stack, service, variable, variable.value)
    return _One((_by_hand(variable),), by_hand=True)


def _reaches(variable: Variable) -> list[Given]:
    return [part for part in _given(variable) if part.reaches]


def _of_store(stack: Stack, variable: Variable, link: Link, store: Store) -> _One | None:
    runs = store_type(store)
    there = named_there(stack, store.name)
    if runs == DATABASE and link.part in OF_DATABASES:
        source: dict[str, Value] = {"name": there, "property": OF_DATABASES[link.part]}
        return _One((Entry({"key": variable.name, "fromDatabase": source}, why=variable.why),))
    if runs == KEY_VALUE and link.part in OF_KEY_VALUES:
        return _One((_reference(variable, there, KEY_VALUE, {"property": OF_KEY_VALUES[link.part]}),))
    if runs == KEY_VALUE and link.part is Part.PASSWORD:
        if not variable.required:
            return _One()
        made = Entry({"key": variable.name, "generateValue": True}, beside=ANY_PASSWORD, why=variable.why)
        return _One((made,))
    if runs in (DATABASE, KEY_VALUE):
        text = fixed(variable.value)
        return _One((_value(variable.name, text, variable.why) if text is not None else _by_hand(variable),))
    return _of_private(variable, link, there, store)


def _of_private(variable: Variable, link: Link, there: str, store: Store) -> _One:
    """Return a variable that leads to a store which is a private service."""
    if link.part in OF_SERVICES:
        return _One((_reference(variable, there, PRIVATE, {"property": OF_SERVICES[link.part]}),))
    key = next((each.name for each in store.variables if each.value == variable.value), None)
    if isinstance(variable.value, Asked) and key is not None:
        return _One((_reference(variable, there, PRIVATE, {"envVarKey": key}),))
    return _inside(variable, there, PRIVATE, store.port)


def _inside(variable: Variable, there: str, type_: str, port: int) -> _One:
    """Return an address inside the private network, which the command puts together before it starts."""
    text = fixed(variable.value)
    if text is None:
        return _One((_by_hand(variable),), by_hand=True)
    if not _reaches(variable):
        return _One((_value(variable.name, text, variable.why),))
    host = f"${variable.name}_HOST"
    words = (host if part.reaches else part.text for part in _given(variable))
    address = "".join(words)
    with_port = f"{host}:{port}"
    if with_port in address:
        helper = replace(variable, name=f"{variable.name}_HOSTPORT")
        address = address.replace(with_port, f"${helper.name}")
        return _One((_reference(helper, there, type_, {"property": "hostport"}),), f"{variable.name}={address}")
    helper = replace(variable, name=f"{variable.name}_HOST")
    return _One((_reference(helper, there, type_, {"property": "host"}),), f"{variable.name}={address}")


def _given(variable: Variable) -> list[Given]:
    return [part for part in parts_of(variable.value) if isinstance(part, Given)]


def _of_service(stack: Stack, variable: Variable, link: Link, target: Service, *, at_build: bool) -> _One | None:
    """Return a variable that leads to another service: browsers and builds by its public address, others inside."""
    type_, there = type_of(stack, target), named_there(stack, target.name)
    if link.part is Part.BROWSERS and fixed(variable.value) is not None:
        return None
    inside = type_ in ("web", PRIVATE) and target.port is not None
    if inside and link.part in OF_SERVICES:
        return _One((_reference(variable, there, type_, {"property": OF_SERVICES[link.part]}),))
    if inside and link.part is Part.URL and not at_build and target.port is not None:
        return _inside(variable, there, type_, target.port.value)
    if link.part not in (Part.URL, Part.BROWSERS) or type_ != "web":
        return None
    if not link.path:
        return _One((_reference(variable, there, type_, {"envVarKey": PUBLIC_ADDRESS}),))
    if at_build:
        return _One((_by_hand(variable),), by_hand=True)
    helper = f"{variable.name}_BASE"
    reference = _reference(replace(variable, name=helper), there, type_, {"envVarKey": PUBLIC_ADDRESS})
    return _One((reference,), f"{variable.name}=${helper}{link.path}")


def _asked(stack: Stack, service: Service, variable: Variable, value: Asked) -> _One | None:
    holder = _holder(stack, value)
    if holder is not None and holder[0] is not service:
        owner, name = holder
        source: dict[str, Value] = {"envVarKey": name}
        there, type_ = named_there(stack, owner.name), type_of(stack, owner)
        return _One((_reference(variable, there, type_, source),))
    if variable.made_up and value.required:
        return _One((Entry({"key": variable.name, "generateValue": True}, why=variable.why),))
    if value.default is not None and not variable.secret:
        return _One((_value(variable.name, value.default, variable.why),))
    if not value.required and value.default is None:
        return None
    return _One((Entry({"key": variable.name, "sync": False}, why=variable.why),))


def _holder(stack: Stack, value: Asked) -> tuple[Service, str] | None:
    """Return the first service that is told a value, and under which name: the others take it from there."""
    if not value.required:
        return None
    for service in hosted.running(stack):
        for each in hosted.variables(stack, service):
            if each.value == value and each.leads_to is None:
                return service, each.name
    return None


def of_store(store: Store) -> Iterator[Value]:
    """Yield what a store that runs as a private service is told."""
    yield _value("PORT", str(store.port), Why("render", "where others reach it, and what Render asks"))
    for each in store.variables:
        text = fixed(each.value)
        if text is not None:
            yield _value(each.name, text, each.why)
        else:
            yield Entry({"key": each.name, "generateValue": True}, why=each.why)


def _value(name: str, text: str, why: Why) -> Value:
    return Entry({"key": name, "value": text}, why=why)


def _by_hand(variable: Variable) -> Value:
    """Return a variable that is asked for, with a word on what it must be."""
    shape = "".join(part.text if isinstance(part, Given) else f"<{part.name}>" for part in _shown(variable))
    return Entry({"key": variable.name, "sync": False}, comment=f"By hand, as {shape}", why=variable.why)


def _shown(variable: Variable) -> tuple[Given | Asked, ...]:
    parts = parts_of(variable.value)
    return tuple(
        Given(f"<address of {part.reaches}>") if isinstance(part, Given) and part.reaches else part for part in parts
    )


def _reference(variable: Variable, there: str, type_: str, what: dict[str, Value]) -> Value:
    source: dict[str, Value] = {"name": there, "type": type_, **what}
    return Entry({"key": variable.name, "fromService": source}, why=variable.why)
