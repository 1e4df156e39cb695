"""Where the ports of a store can be reached from outside of the stack: nowhere, unless it is said or in its nature."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayplan.catalog.stores import StoreEntry
from bayplan.errors import UsageError
from bayplan.model.config import Config
from bayplan.model.stack import LOOPBACK, Asked, Binding
from bayplan.passes.settings import where
from bayplan.source import Why


def bindings(entry: StoreEntry, config: Config, key: str, taken: Sequence[Binding]) -> tuple[Binding, ...]:
    """Return the bindings of the store that `bayplan.yaml` calls `key`, beside those that are taken.

    A port that is taken makes way for the next free one, unless `bayplan.yaml` asks for it by its number.
    """
    found: list[Binding] = []
    for wish, is_named in _wishes(entry, config, key):
        given = wish
        while any(_collide(given, other) for other in (*taken, *found)):
            if is_named:
                raise UsageError(
                    f"port {given.port} of the host is published twice: not only by {entry.title}",
                    remedy=f"give stores.{key}.publish another port in bayplan.yaml",
                    at=given.why.at,
                )
            given = replace(given, port=given.port + 1)
        found.append(given)
    return tuple(found)


def _wishes(entry: StoreEntry, config: Config, key: str) -> Iterator[tuple[Binding, bool]]:
    """Yield each binding as it should be, and whether its number was chosen by the user."""
    own = config.stores[key].publish if key in config.stores else None
    everywhere = "" if config.publish in (None, "public", "loopback") else config.publish
    if own is False or (own is None and everywhere is False):
        return
    said = Why("bayplan.yaml", "bayplan.yaml says so", config.at("stores", key, "publish"))
    nature = Why("catalog", f"{entry.title} is called by strangers on this port")
    address, number = where(own) if own else ("", None)
    if own is not None:
        inner = entry.ports[:1] if number else entry.ports
        yield from ((Binding(number or port, address, said, port), number is not None) for port in inner)
    elif config.publish == "loopback":
        why = Why("bayplan.yaml", "bayplan.yaml says so", config.at("publish"))
        yield from ((Binding(port, LOOPBACK, why, port), False) for port in entry.ports)
    outer = address if own is not None and number is None else where(everywhere)[0] if everywhere else ""
    for each in entry.public_ports:
        port, _, protocol = each.partition("/")
        yield Binding(int(port), outer, said if own is not None else nature, int(port), protocol), False


def _collide(one: Binding, other: Binding) -> bool:
    """Say whether the host could not give a port to both; an address that is not known yet may be any."""
    everyone = any(each.address == "" or isinstance(each.address, Asked) for each in (one, other))
    same = (one.port, one.protocol) == (other.port, other.protocol)
    return same and (everyone or one.address == other.address)
