"""What a host name of a proxy answers: its services, the files of its apps, and with which headers."""

import re
from collections.abc import Iterator

from bayplan.model.evidence import Evidence
from bayplan.model.front import Answer, Proxy, Site
from bayplan.probes.http import PAGES
from bayplan.probes.subject import Subject, judged
from bayplan.probes.web import Reply, Server, get

ID = "proxy"
ASSET = re.compile(rb"""(?:src|href)=["']?(/[^"'\s>]+\.(js|mjs|css))["'\s>]""")
KINDS = {b"js": "javascript", b"mjs": "javascript", b"css": "css"}
DEEP = "no/such/page"
GONE = "/assets/of-an-earlier-version.js"
OK, REFUSED, NOT_FOUND, BROKEN = 200, 400, 404, 500


def judge(subject: Subject, proxy: Proxy, site: Site, host: str, server: Server) -> Iterator[Evidence]:
    """Judge every answer of a host name, and the headers that all of them must have."""
    replies = []
    for answer in site.answers:
        if answer.files:
            reply = get(server, _start(answer), host)
            yield from _files(proxy, answer, host, server, reply)
        else:
            path, below = _path(subject, site, answer)
            reply = get(server, path, host)
            claim = f"{host}{path} is answered by {answer.service}"
            holds = OK <= reply.status < below
            yield judged(f"{ID}.answers", proxy.name, claim, reply.described, holds=holds, seconds=reply.seconds)
        replies.append(reply)
    if replies:
        yield from _headers(proxy, site, host, replies[-1])


def _start(answer: Answer) -> str:
    return answer.path.rstrip("*") or "/"


def _path(subject: Subject, site: Site, answer: Answer) -> tuple[str, int]:
    """Return a path that a service must answer, and below which status: its health path, if it is let through."""
    service = subject.stack.service(answer.service)
    health = service.health.path if service and service.health else None
    if health and _leads(site, answer, health):
        return health, REFUSED
    located = subject.workspace.package_at(service.package) if service else None
    framework = located[1].code.framework if located else None
    has_pages = framework is not None and framework.value in PAGES
    return _start(answer), REFUSED if has_pages else BROKEN


def _leads(site: Site, answer: Answer, path: str) -> bool:
    """Say whether a path reaches this answer, and neither another one nor a refusal."""
    if any(_covers(refused, path) or path.startswith(f"{refused.rstrip('/')}/") for refused in site.refused):
        return False
    taken = any(each.path and each is not answer and _covers(each.path, path) for each in site.answers)
    return _covers(answer.path, path) and not taken


def _covers(pattern: str, path: str) -> bool:
    return not pattern or path == pattern or (pattern.endswith("*") and path.startswith(pattern[:-1]))


def _files(proxy: Proxy, answer: Answer, host: str, server: Server, page: Reply) -> Iterator[Evidence]:
    start, app = _start(answer), answer.service
    is_page = page.status == OK and page.kind == "text/html"
    claim = f"{host}{start} is the page of {app}"
    yield judged(f"{ID}.answers", proxy.name, claim, page.described, holds=is_page, seconds=page.seconds)
    deep = get(server, f"{start.rstrip('/')}/{DEEP}", host)
    claim = f"{host} answers every path of {app} with its page"
    holds = is_page and deep.status == OK and deep.body == page.body
    yield judged(f"{ID}.history", proxy.name, claim, f"/{DEEP} answers {deep.described}", holds=holds)
    for path, ending in dict.fromkeys(ASSET.findall(page.body)):
        name = path.decode(errors="replace")
        asset = get(server, name, host)
        kept = asset.header("cache-control") or "nothing said of keeping it"
        claim = f"{host}{name} is served as what it is"
        holds = asset.status == OK and KINDS[ending] in asset.kind
        yield judged(f"{ID}.assets", proxy.name, claim, f"{asset.described}, {kept}", holds=holds)
    if not answer.path:
        gone = get(server, GONE, host)
        claim = f"{host} does not answer with the page for a file that is gone"
        yield judged(f"{ID}.assets", proxy.name, claim, gone.described, holds=gone.status == NOT_FOUND)


def _headers(proxy: Proxy, site: Site, host: str, reply: Reply) -> Iterator[Evidence]:
    for name, value in site.headers:
        plain = name.lstrip("-+?>")
        said = reply.header(plain)
        if name.startswith("-"):
            claim, holds = f"{host} does not send {plain}", not said
        else:
            claim = f"{host} sends {plain}: {value}"
            holds = bool(said) and ("{" in value or name[:1] in "+?" or said == value)
        yield judged(f"{ID}.headers", proxy.name, claim, f"{plain}: {said}" if said else "not sent", holds=holds)
