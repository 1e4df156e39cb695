"""Who reaches whom: databases nobody but those who use them, services the world outside."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from bayplan.model.evidence import Evidence
from bayplan.model.running import Container
from bayplan.model.stack import Role, Store
from bayplan.probes.subject import Part, Subject, ends, judged, skipped

ID = "networks"
BRIDGE = "bridge"
"""Docker's own network, where what is started without one is."""
EVERYWHERE = "00000000"
SCRIPT = """
const asked = process.argv.slice(1), reached = [];
let left = asked.length;
const done = () => { if (--left === 0) { console.log(JSON.stringify(reached)); process.exit(0); } };
for (const place of asked) {
  const at = place.lastIndexOf(':');
  const socket = require('net').connect({ host: place.slice(0, at), port: Number(place.slice(at + 1)), timeout: 1500 });
  socket.on('connect', () => { reached.push(place); socket.destroy(); });
  socket.on('timeout', () => socket.destroy()).on('error', () => {}).on('close', done);
}
"""
"""Prints which of some `address:port` accept a connection."""


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that what should has a way out and nothing else has, and that no stranger reaches a database."""
    found = {name: each for name, each in subject.containers().items() if each.state == "running"}
    for part in subject.parts:
        if part.name in found and not ends(part) and not _is_only_published(part):
            yield _way_out(subject, part, found[part.name])
    for store in subject.stack.stores:
        if store.name in found and not _is_outward(store):
            yield from _hidden(subject, store, found)


def _is_outward(part: Part) -> bool:
    return not isinstance(part, Store) or part.needs_outside


def _is_only_published(part: Part) -> bool:
    """Say whether a store has a way out for the sake of its ports alone: there is nothing to prove in that."""
    return isinstance(part, Store) and bool(part.bindings) and not part.needs_outside


def _way_out(subject: Subject, part: Part, container: Container) -> Evidence:
    wanted = _is_outward(part)
    claim = "can reach the world outside" if wanted else "has no way out of its networks"
    routes = _routes(subject, container)
    if routes is None:
        return skipped(f"{ID}.outside", part.name, claim, "its routes cannot be read")
    ways = [words[0] for words in (line.split() for line in routes.splitlines()) if words[1:2] == [EVERYWHERE]]
    measured = f"its default route leads through {', '.join(ways)}" if ways else "it has no default route"
    return judged(f"{ID}.outside", part.name, claim, measured, holds=bool(ways) is wanted)


def _routes(subject: Subject, container: Container) -> str | None:
    """Return the routes of a container's namespace: from this machine's kernel, or else from inside."""
    process = Path("/proc") / str(container.pid)
    try:
        if container.id in (process / "cgroup").read_text(encoding="utf-8"):
            return (process / "net" / "route").read_text(encoding="utf-8")
    except OSError:
        pass
    code, text = subject.engine.execute(container, ("cat", "/proc/net/route"), "")
    return text if code == 0 else None


def _hidden(subject: Subject, store: Store, found: Mapping[str, Container]) -> Iterator[Evidence]:
    """Ask for a store's ports from a container of another network, by the store's own addresses."""
    own = found[store.name].networks
    others = [name for each in found.values() for name in each.networks if name not in own]
    network = others[0] if others else BRIDGE
    claim = "cannot be reached from another network"
    places = [f"{address}:{port}" for address in own.values() if address for port in {store.port, *store.ports}]
    image = next((subject.images[each.name] for each in subject.stack.services if _has_node(each.role.value)), None)
    if image is None or not places:
        yield skipped(f"{ID}.hidden", store.name, claim, "there is no image to ask from")
        return
    code, text = subject.engine.elsewhere(image, network, ("node", "-e", SCRIPT, *places))
    reached = _read(text)
    if code or reached is None:
        yield skipped(f"{ID}.hidden", store.name, claim, f"nobody could ask: {text.strip()[-200:]}")
        return
    answers = f"{', '.join(reached)} answers" if reached else f"{', '.join(places)} does not answer"
    yield judged(f"{ID}.hidden", store.name, claim, f"{answers} a container of {network}", holds=not reached)


def _has_node(role: Role) -> bool:
    return role in (Role.WEB, Role.WORKER)


def _read(text: str) -> list[str] | None:
    try:
        said = json.loads(text.strip().rpartition("\n")[2])
    except ValueError:
        return None
    return [str(each) for each in said] if isinstance(said, list) else None
