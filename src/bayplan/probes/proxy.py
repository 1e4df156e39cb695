"""The proxy from outside, by host name: certificates, answers, redirects, and what it refuses."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayplan.model.evidence import Evidence
from bayplan.model.front import Proxy, Site, TlsKind
from bayplan.model.values import address_of, filled
from bayplan.probes import answers
from bayplan.probes.machine import EVERYWHERE, HERE
from bayplan.probes.subject import Subject, judged, skipped
from bayplan.probes.trust import Authority, authorities, careless, days_left
from bayplan.probes.web import Server, get

ID = "proxy"
HTTP, HTTPS = 80, 443
REFUSALS = range(400, 500)
GOOD = range(200, 300)
STRANGER = "nobody-has-this-name.invalid"
SOON = 21
"""Days before its end in which a certificate that somebody brings should be replaced."""


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that every host name is answered as planned, and no other one."""
    proxy = subject.stack.proxy
    if proxy is None:
        return
    container = subject.containers().get(proxy.name)
    plain = _server(subject, proxy, HTTP)
    secure = None if proxy.tls.kind is TlsKind.OFF else _server(subject, proxy, HTTPS)
    if container is None or container.state != "running":
        yield skipped(ID, proxy.name, "answers its host names", "it does not run")
        return
    if plain is None and secure is None:
        yield skipped(ID, proxy.name, "answers its host names", "it is published on no port of this machine")
        return
    trusted = authorities(subject, proxy, container) if secure else ()
    for site in proxy.sites:
        for host in site.hosts:
            name = filled(host, subject.values)
            if plain and secure:
                yield _encrypts(proxy, _concrete(name), plain)
            server = plain
            if secure:
                evidence, server = _certificate(proxy, name, secure, trusted)
                yield evidence
            if server:
                yield from _site(subject, proxy, site, _concrete(name), server)
    if secure:
        secure = replace(secure, tls=careless())
    yield from _stranger(proxy, [each for each in (plain, secure) if each])


def _server(subject: Subject, proxy: Proxy, inside: int) -> Server | None:
    for binding in proxy.bindings:
        if (binding.inside or binding.port) == inside and binding.protocol == "tcp":
            address = address_of(binding, subject.values)
            return Server(HERE if address in EVERYWHERE else address, binding.port)
    return None


def _concrete(host: str) -> str:
    """Return a name that a wildcard covers."""
    return host.replace("*", "any", 1)


def _site(subject: Subject, proxy: Proxy, site: Site, host: str, server: Server) -> Iterator[Evidence]:
    yield from _refusals(proxy, site, host, server)
    yield from _moves(subject, proxy, site, host, server)
    if all(source for source, _ in site.redirects):  # or everything has moved, and nothing is answered
        yield from answers.judge(subject, proxy, site, host, server)


def _encrypts(proxy: Proxy, host: str, plain: Server) -> Evidence:
    claim = f"http://{host} leads to https"
    reply = get(plain, "/some/path?q=1", host)
    there = f"https://{host}/some/path?q=1"
    holds = reply.is_redirect and reply.header("location").replace(":443/", "/") == there
    return judged(f"{ID}.encrypts", proxy.name, claim, reply.described, holds=holds, seconds=reply.seconds)


def _certificate(
    proxy: Proxy, host: str, secure: Server, trusted: Sequence[Authority]
) -> tuple[Evidence, Server | None]:
    """Judge the certificate for a name, and return where to ask further: nowhere when there is no handshake."""
    claim, id_ = f"the certificate for {host} is valid", f"{ID}.certificate"
    problem = "no authority is known that could have signed it"
    asks_public = proxy.tls.kind is TlsKind.AUTOMATIC
    for authority in trusted:
        days, problem = days_left(secure, _concrete(host), authority)
        if problem:
            continue
        server = replace(secure, tls=authority.context)
        if asks_public and not authority.is_public:
            reason = f"no public authority could be asked from here; {authority.name} signed it"
            return skipped(id_, proxy.name, claim, reason), server
        renew = ": it is time for a new one" if days < SOON and proxy.tls.kind is TlsKind.FILES else ""
        measured = f"signed by {authority.name}, valid for another {days} days{renew}"
        return judged(id_, proxy.name, claim, measured, holds=True), server
    if asks_public:
        return skipped(id_, proxy.name, claim, f"no public authority could be asked from here: {problem}"), None
    return judged(id_, proxy.name, claim, problem, holds=False), None


def _refusals(proxy: Proxy, site: Site, host: str, server: Server) -> Iterator[Evidence]:
    for path in site.refused:
        plain = path.rstrip("*").rstrip("/")
        exact = [plain or "/"] if not path.endswith("*") else []
        replies = {each: get(server, each, host) for each in (*exact, f"{plain}/", f"{plain}/below")}
        wrong = [f"{each} answers {reply.described}" for each, reply in replies.items() if reply.status not in REFUSALS]
        right = ", ".join(f"{each} {reply.status}" for each, reply in replies.items())
        claim = f"{host} refuses {path} and what is below"
        yield judged(f"{ID}.refuses", proxy.name, claim, ", ".join(wrong) or right, holds=not wrong)


def _moves(subject: Subject, proxy: Proxy, site: Site, host: str, server: Server) -> Iterator[Evidence]:
    for source, to in site.redirects:
        path = source.replace("*", "x") or "/some/path?q=1"
        there = filled(to, subject.values)
        wanted = there if source else f"{there.rstrip('/')}{path}"
        reply = get(server, path, host)
        said = reply.header("location")
        known, placeholder, _ = wanted.partition("{")
        holds = reply.is_redirect and (said.startswith(known) if placeholder else said == wanted)
        claim = f"{host}{path} leads to {wanted}"
        yield judged(f"{ID}.moves", proxy.name, claim, reply.described, holds=holds, seconds=reply.seconds)


def _stranger(proxy: Proxy, servers: Sequence[Server]) -> Iterator[Evidence]:
    """Prove that who asks for another name, and takes any certificate, is shown no app."""
    if any(host in ("", "*") or host.startswith(":") for site in proxy.sites for host in site.hosts):
        return
    told: list[str] = []
    wrong: list[str] = []
    for server in servers:
        reply = get(server, "/", STRANGER)
        shown = reply.status in GOOD and bool(reply.body)
        words = f"port {server.port}: {'no answer' if reply.problem else reply.described}"
        (wrong if shown else told).append(words)
    claim = "answers no other host name with an app"
    yield judged(f"{ID}.stranger", proxy.name, claim, ", ".join(wrong or told), holds=not wrong)
