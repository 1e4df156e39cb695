"""The Caddyfile: host names to services, and where certificates come from."""

import posixpath
import re
from collections.abc import Iterator

from bayplan.formats import caddyfile
from bayplan.formats.caddyfile import Line, block, line
from bayplan.model.front import Answer, Proxy, Site, Tls, TlsKind
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Why

CERTIFICATES = "/etc/caddy/certs"
PATIENCE = "20s"
"""How long a request waits for a service that is being replaced."""
HASHED = "/assets/*"
"""What Vite builds under names that change with their content."""


def write(stack: Stack) -> dict[str, Rendered]:
    if stack.proxy is None:
        return {}
    proxy = stack.proxy
    options = tuple(_options(proxy.tls))
    lines = [block(lines=options, why=proxy.tls.why)] if options else []
    if proxy.tls.kind is TlsKind.FILES:
        why = Why("proxy", "nobody is answered without encryption")
        lines.append(block("http://", lines=(line("redir", "https://{host}{uri}", "permanent"),), why=why))
    lines += [_site(stack, proxy, site) for site in proxy.sites]
    return {proxy.caddyfile: caddyfile.render(lines)}


def _options(tls: Tls) -> Iterator[Line]:
    if tls.kind is TlsKind.FILES:
        yield line("auto_https", "off")
    if tls.kind is TlsKind.INTERNAL:
        yield line("local_certs")
        yield line("skip_install_trust")
    if tls.email:
        yield line("email", _text(tls.email))
    if tls.dns and tls.token is not None:
        yield line("acme_dns", tls.dns, f"{{env.{tls.token.name}}}")


def _site(stack: Stack, proxy: Proxy, site: Site) -> Line:
    scheme = "http://" if proxy.tls.kind is TlsKind.OFF else ""
    hosts = [scheme + _text(host) for host in site.hosts]
    inside = [*_certificate(proxy.tls), *(line("header", name, value) for name, value in site.headers)]
    inside += [_redirect(source, to) for source, to in site.redirects]
    if site.refused:
        paths = [each for path in site.refused for each in _and_below(path)]
        inside.append(line("@refused", "path", *paths))
    alone = len(site.answers) == 1 and not site.answers[0].path and not site.answers[0].files
    if site.refused:
        refusal = line("respond", "403")
        inside.append(line("respond", "@refused", "403") if alone else block("handle", "@refused", lines=(refusal,)))
    for answer in site.answers:
        if alone:
            inside.append(_proxied(stack, answer))
        else:
            inside += _handled(stack, answer)
    return block(*hosts, lines=inside, why=site.why)


def _certificate(tls: Tls) -> Iterator[Line]:
    if tls.kind is TlsKind.FILES:
        names = (posixpath.basename(path) for path in (tls.certificate, tls.key))
        yield line("tls", *(f"{CERTIFICATES}/{name}" for name in names), why=tls.why)


def _redirect(source: str, to: str) -> Line:
    where = _text(to) if source else f"{_text(to).rstrip('/')}{{uri}}"
    return line("redir", *((source,) if source else ()), where, "permanent")


def _and_below(path: str) -> tuple[str, ...]:
    """Return a path and what is below it: many frameworks answer `/metrics/` as they do `/metrics`."""
    return (path,) if path.endswith("*") else (path.rstrip("/") or "/", f"{path.rstrip('/')}/*")


def _proxied(stack: Stack, answer: Answer) -> Line:
    service = stack.service(answer.service)
    checked = service.health.path if service and service.health else None
    inside = [line("health_uri", checked), line("health_interval", "2s")] if checked else []
    inside.append(line("lb_try_duration", PATIENCE))
    return block("reverse_proxy", f"{answer.service}:{answer.port}", lines=inside, why=answer.why)


def _handled(stack: Stack, answer: Answer) -> Iterator[Line]:
    matcher = (answer.path,) if answer.path else ()
    if not answer.files:
        yield block("handle", *matcher, lines=(_proxied(stack, answer),), why=answer.why)
        return
    forever = Why("proxy", "their names change with their content")
    fresh = Why("proxy", "a page names the files of its version; every path of the app is the same page")
    served = (line("root", "*", answer.files), line("encode", "zstd", "gzip"))
    if not answer.path:
        kept = line("header", "Cache-Control", "public, max-age=31536000, immutable")
        yield block("handle", HASHED, lines=(*served, kept, line("file_server")), why=forever)
    pages = (
        *served,
        line("header", "Cache-Control", "no-cache"),
        line("try_files", "{path}", "/index.html"),
        line("file_server"),
    )
    yield block("handle", *matcher, lines=pages, why=fresh)


def _text(text: str) -> str:
    """Return a text with what the environment gives as Caddy reads it."""
    return re.sub(r"\$\{(\w+)\}", r"{$\1}", text)
