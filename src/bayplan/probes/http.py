"""Services from outside: what is published answers as it should."""

from collections.abc import Iterator

from bayplan.model.evidence import Evidence
from bayplan.model.running import Bound, Container
from bayplan.model.stack import Service
from bayplan.probes.machine import EVERYWHERE, HERE
from bayplan.probes.subject import Subject, ends, judged
from bayplan.probes.web import Server, get

ID = "http"
PAGES = ("next", "vite", "remix", "astro", "nuxt", "sveltekit")


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that each published service answers its health path, and with a page where it has pages."""
    found = subject.containers()
    for service in subject.stack.services:
        container = found.get(service.name)
        if container is not None and not ends(service):
            for bound in _first_of_each(container):
                yield from _answers(subject, service, bound)


def _first_of_each(container: Container) -> tuple[Bound, ...]:
    """Return one binding per port of the container; IPv6 has its own beside IPv4's."""
    return tuple({bound.container: bound for bound in reversed(container.bound) if bound.protocol == "tcp"}.values())


def _answers(subject: Subject, service: Service, bound: Bound) -> Iterator[Evidence]:
    server = Server(HERE if bound.address in EVERYWHERE else bound.address, bound.port)
    located = subject.workspace.package_at(service.package)
    package = located[1] if located else None
    framework = package.code.framework.value if package and package.code.framework else ""
    path = service.health.path if service.health else None
    if path:
        yield _answer(service, server, path, f"{path} answers 200", kinds=(), below=201)
    if framework in PAGES:
        kinds = ("text/html", "application/json")
        config = package.code.next if package else None
        start = config.base_path.value if config and config.base_path else "/"
        yield _answer(service, server, start, f"{start} answers with a page", kinds=kinds, below=400)
    elif not path:
        yield _answer(service, server, "/", "answers HTTP", kinds=(), below=500)


def _answer(service: Service, server: Server, path: str, claim: str, *, kinds: tuple[str, ...], below: int) -> Evidence:
    reply = get(server, path)
    if reply.problem:
        return judged(ID, service.name, claim, reply.problem, holds=False)
    fits = not kinds or reply.kind in kinds or reply.is_redirect  # a redirect has no page
    measured = f"http://{server.address}:{server.port}{path} answers {reply.described}"
    holds = 200 <= reply.status < below and fits  # noqa: PLR2004 - HTTP's success
    return judged(ID, service.name, claim, measured, holds=holds, seconds=reply.seconds)
