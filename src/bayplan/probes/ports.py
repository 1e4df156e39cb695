"""The ports of this machine: exactly what is planned leads into the stack, at the addresses it is planned for."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from bayplan.model.evidence import Evidence
from bayplan.model.front import Proxy
from bayplan.model.running import Bound, Container
from bayplan.model.stack import Store
from bayplan.model.values import address_of, bindings_of
from bayplan.probes.machine import EVERYWHERE, HERE, addresses, connects
from bayplan.probes.subject import Part, Subject, ends, judged, skipped

ID = "ports"
Place = tuple[str, int, int, str]
"""An address, empty for every one; the port of the machine, the port inside, and the protocol."""
ADMINISTRATION = 2019
"""Where Caddy lets itself be configured by whoever reaches it."""


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that what is planned is published, there only, and that no other port of a container is reachable."""
    found = subject.containers()
    taken = {bound.port for container in found.values() for bound in container.bound}
    here = addresses()
    for part in subject.parts:
        container = found.get(part.name)
        if container is None or ends(part):
            continue
        planned = _planned(subject, part)
        if planned or container.bound:
            yield _published(part, planned, {_place(bound) for bound in container.bound})
        for bound in {_place(bound): bound for bound in container.bound if bound.protocol == "tcp"}.values():
            yield _reached(part, bound, here)
        yield from _silent(part, container, taken, here)


def _planned(subject: Subject, part: Part) -> set[Place]:
    return {
        _where(address_of(binding, subject.values), binding.port, binding.inside or _own(part), binding.protocol)
        for binding in bindings_of(part)
    }


def _own(part: Part) -> int:
    if isinstance(part, Proxy):
        return 0
    return part.port if isinstance(part, Store) else part.port.value if part.port else 0


def _place(bound: Bound) -> Place:
    return _where(bound.address, bound.port, bound.container, bound.protocol)


def _where(address: str, port: int, inside: int, protocol: str) -> Place:
    return ("" if address in EVERYWHERE else address, port, inside, protocol)


def _published(part: Part, planned: set[Place], bound: set[Place]) -> Evidence:
    claim = f"is published on {_shown(planned)} and nowhere else" if planned else "is not published"
    wrong = [f"not on {_shown(planned - bound)}"] if planned - bound else []
    wrong += [f"also on {_shown(bound - planned)}"] if bound - planned else []
    return judged(f"{ID}.published", part.name, claim, "; ".join(wrong) or "Docker binds these ports", holds=not wrong)


def _shown(places: set[Place]) -> str:
    named = (
        f"{address or 'every address'}:{port}{'' if protocol == 'tcp' else f'/{protocol}'}"
        for address, port, _, protocol in sorted(places)
    )
    return ", ".join(named)


def _reached(part: Part, bound: Bound, here: Sequence[str]) -> Evidence:
    """Prove that a published port answers where it is bound and on no other address of this machine."""
    if bound.address in EVERYWHERE:
        claim = f"port {bound.port} answers on every address of this machine"
        tried = (HERE, *(here[:1] if here[0] != HERE else ()))  # Docker's own networks are no way in
        answers = _answering(tried, bound.port)
        silent = [address for address in tried if address not in answers]
        measured = f"silent on {', '.join(silent)}" if silent else f"answers on {', '.join(tried)}"
        return judged(f"{ID}.reached", part.name, claim, measured, holds=not silent)
    claim = f"port {bound.port} answers on {bound.address} only"
    if not connects(bound.address, bound.port):
        return judged(f"{ID}.reached", part.name, claim, f"{bound.address}:{bound.port} refuses", holds=False)
    others = [address for address in here if address != bound.address]
    if answers := _answering(others, bound.port):
        reason = f"another program listens on {', '.join(answers)} port {bound.port}: Docker binds {bound.address} only"
        return skipped(f"{ID}.reached", part.name, claim, reason)
    refused = f"refused on {', '.join(others)}" if others else "there is no other address here"
    return judged(f"{ID}.reached", part.name, claim, f"answers there, {refused}", holds=True)


def _silent(part: Part, container: Container, taken: set[int], here: Sequence[str]) -> Iterator[Evidence]:
    published = {bound.container for bound in container.bound}
    for port in sorted({*_ports(part), *container.exposed} - published - taken):
        claim = f"port {port} cannot be reached from outside its networks"
        reached = _answering(here, port)
        if not reached:
            yield judged(f"{ID}.silent", part.name, claim, f"refused on {', '.join(here)}", holds=True)
        elif not container.host_network:
            reason = f"another program of this machine listens on {reached[0]}:{port}; the engine does not publish it"
            yield skipped(f"{ID}.silent", part.name, claim, reason)
        else:
            yield judged(f"{ID}.silent", part.name, claim, f"{', '.join(reached)} answers on {port}", holds=False)


def _ports(part: Part) -> tuple[int, ...]:
    if isinstance(part, Store):
        return (part.port, *part.ports)
    return (ADMINISTRATION,) if isinstance(part, Proxy) else (part.port.value,) if part.port else ()


def _answering(places: Sequence[str], port: int) -> list[str]:
    """Return the addresses that answer; one that drops what it is sent takes a second, so all are asked at once."""
    with ThreadPoolExecutor(max(1, len(places))) as pool:
        found = pool.map(lambda address: connects(address, port), places)
    return [address for address, answers in zip(places, found, strict=True) if answers]
