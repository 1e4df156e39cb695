"""The stack from outside: published ports answer, and nothing else does."""

import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from time import monotonic

from bayplan.model.evidence import Evidence
from bayplan.model.running import Bound, Container
from bayplan.model.stack import Service, Store
from bayplan.probes.subject import Subject, ends, judged, skipped

ID = "http"
HERE = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to
PAGES = ("next", "vite", "remix", "astro", "nuxt", "sveltekit")
SECONDS = 10
NOWHERE = "192.0.2.1"
"""An address for documentation: asking which way leads there sends nothing."""


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that what is published answers as it should, and that no other port of a container is reachable."""
    found = subject.containers()
    taken = {bound.port for container in found.values() for bound in container.bound}
    for part in subject.parts:
        container = found.get(part.name)
        if container is None or ends(part):
            continue
        for bound in _first_of_each(container):
            if isinstance(part, Service):
                yield from _answers(subject, part, bound)
        yield from _unplanned(part, container)
        yield from _silent(part, container, taken)


def _first_of_each(container: Container) -> tuple[Bound, ...]:
    """Return one binding per port of the container; IPv6 has its own beside IPv4's."""
    return tuple({bound.container: bound for bound in reversed(container.bound)}.values())


def _answers(subject: Subject, service: Service, bound: Bound) -> Iterator[Evidence]:
    address = HERE if bound.address in EVERYWHERE else bound.address
    package = subject.workspace.by_folder(service.package)
    framework = package.code.framework.value if package and package.code.framework else ""
    path = service.health.path if service.health else None
    if path:
        yield _answer(service, address, bound.port, path, f"{path} answers 200", kinds=(), below=201)
    if framework in PAGES:
        kinds = ("text/html", "application/json")
        config = package.code.next if package else None
        start = config.base_path.value if config and config.base_path else "/"
        yield _answer(service, address, bound.port, start, f"{start} answers with a page", kinds=kinds, below=400)
    elif not path:
        yield _answer(service, address, bound.port, "/", "answers HTTP", kinds=(), below=500)
    if bound.address == HERE and (own := own_address()):
        claim = f"port {bound.port} answers on this machine only"
        reached = _connects(own, bound.port)
        yield judged(f"{ID}.local", service.name, claim, f"{own} {_word(reached)}", holds=not reached)


def _answer(
    service: Service, address: str, port: int, path: str, claim: str, *, kinds: tuple[str, ...], below: int
) -> Evidence:
    began = monotonic()
    connection = HTTPConnection(address, port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Accept": "text/html, application/json", "User-Agent": "bayplan"})
        response = connection.getresponse()
        response.read(1 << 16)
    except (OSError, HTTPException) as error:
        reason = f"{address}:{port} does not answer: {error}"
        return judged(ID, service.name, claim, reason, holds=False)
    finally:
        connection.close()
    kind = (response.getheader("Content-Type") or "").split(";")[0]
    fits = not kinds or kind in kinds or 300 <= response.status < 400  # noqa: PLR2004 - a redirect has no page
    measured = f"http://{address}:{port}{path} answers {response.status} {kind}".rstrip()
    seconds = round(monotonic() - began, 3)
    return judged(ID, service.name, claim, measured, holds=200 <= response.status < below and fits, seconds=seconds)  # noqa: PLR2004 - HTTP's success


def _unplanned(part: Service | Store, container: Container) -> Iterator[Evidence]:
    planned = isinstance(part, Service) and part.binding is not None
    if container.bound and not planned:
        ports = ", ".join(f"{bound.address}:{bound.port}" for bound in container.bound)
        yield judged(f"{ID}.silent", part.name, "is not published", f"published on {ports}", holds=False)


def _silent(part: Service | Store, container: Container, taken: set[int]) -> Iterator[Evidence]:
    published = {bound.container for bound in container.bound}
    for port in sorted({*_ports(part), *container.exposed} - published - taken):
        claim = f"port {port} cannot be reached from outside its networks"
        places = [place for place in (HERE, own_address()) if place]
        reached = [place for place in places if _connects(place, port)]
        if not reached:
            measured = f"refused on {' and '.join(places)}"
            yield judged(f"{ID}.silent", part.name, claim, measured, holds=True)
        elif not container.host_network:
            reason = f"another program of this machine listens on {reached[0]}:{port}; the engine does not publish it"
            yield skipped(f"{ID}.silent", part.name, claim, reason)
        else:
            yield judged(f"{ID}.silent", part.name, claim, f"{', '.join(reached)} answers on {port}", holds=False)


def _ports(part: Service | Store) -> tuple[int, ...]:
    if isinstance(part, Store):
        return (part.port,)
    return (part.port.value,) if part.port else ()


def own_address() -> str:
    """Return this machine's address on its way out, or nothing where there is no way out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe_socket:
        try:
            probe_socket.connect((NOWHERE, 9))
            return str(probe_socket.getsockname()[0])
        except OSError:
            return ""


def _connects(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def _word(reached: bool) -> str:  # noqa: FBT001 - it is the word for a yes or no
    return "answers" if reached else "refuses"
