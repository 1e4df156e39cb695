"""Where the ports of a store can be reached from outside of the stack: nowhere, unless it is said or in its nature."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayplan.catalog.stores import StoreEntry
from bayplan.errors import UsageError
from bayplan.model.config import Config
from bayplan.model.parts import LOOPBACK, Asked, Binding
from bayplan.passes.settings import where
from bayplan.source import Why


def bindings(entry: StoreEntry, config: Config, taken: Sequence[Binding]) -> tuple[Binding, ...]:
    """Return the bindings of a store, beside those that are taken.

    A port that is taken makes way for the next free one, unless `bayplan.yaml` asks for it by its number.
    """
    settings = config.stores.get(entry.kind)
    wanted = settings.publish if settings is not None else None
    if wanted is False:
        return ()
    found: list[Binding] = []
    for wish in _asked(entry, config, wanted) if wanted else _natural(entry, config):
        given = wish
        while any(_collide(given, other) for other in (*taken, *found)):
            if wanted and where(wanted)[1] == given.port:
                raise UsageError(
                    f"port {given.port} of the host is published twice: not only by {entry.title}",
                    remedy=f"give stores.{entry.kind}.publish another port in bayplan.yaml",
                    at=given.why.at,
                )
            given = replace(given, port=given.port + 1)
        found.append(given)
    return tuple(found)


def _asked(entry: StoreEntry, config: Config, wanted: str) -> Iterator[Binding]:
    """Yield what `bayplan.yaml` says of this store: all of its ports at an address, or the first at a number."""
    why = Why("bayplan.yaml", "bayplan.yaml says so", config.at("stores", entry.kind, "publish"))
    address, number = where(wanted)
    for port in entry.ports[:1] if number else entry.ports:
        yield Binding(number or port, LOOPBACK if port in entry.local_ports else address, why, port)
    yield from _public(entry, config) if number else _public_at(entry, address, why)


def _natural(entry: StoreEntry, config: Config) -> Iterator[Binding]:
    """Yield what follows from what is said of everything: a store is published to the machine itself at most."""
    if config.publish == "loopback":
        why = Why("bayplan.yaml", "bayplan.yaml says so", config.at("publish"))
        yield from (Binding(port, LOOPBACK, why, port) for port in entry.ports)
    yield from _public(entry, config)


def _public(entry: StoreEntry, config: Config) -> Iterator[Binding]:
    """Yield the ports that strangers call; the machine's own address would keep them out."""
    if config.publish is not False:
        address = where(config.publish)[0] if config.publish else ""
        why = Why("catalog", f"{entry.title} is called by strangers on this port")
        yield from _public_at(entry, "" if address == LOOPBACK else address, why)


def _public_at(entry: StoreEntry, address: str | Asked, why: Why) -> Iterator[Binding]:
    for each in entry.public_ports:
        port, _, protocol = each.partition("/")
        yield Binding(int(port), address, why, int(port), protocol)


def _collide(one: Binding, other: Binding) -> bool:
    """Say whether the host could not give a port to both; an address that is not known yet may be any."""
    everyone = any(each.address == "" or isinstance(each.address, Asked) for each in (one, other))
    same = (one.port, one.protocol) == (other.port, other.protocol)
    return same and (everyone or one.address == other.address)
