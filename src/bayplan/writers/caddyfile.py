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
    inside = [*_certificate(proxy.tls), *_headers(site)]
    inside += [_redirect(source, to) for source, to in site.redirects]
    if site.refused:
        paths = [each for path in site.refused for each in _and_below(path)]
        inside.append(line("@refused", "path", *paths))
    alone = len(site.answers) == 1 and not site.answers[0].path and not site.answers[0].files
    if site.refused:
        refusal = line("respond", "403")
        inside.append(line("respond", "@refused", "403") if alone else block("handle", "@refused", lines=(refusal,)))
    for number, answer in enumerate(site.answers):
        if alone:
            inside.append(_proxied(stack, answer))
        else:
            inside += _handled(stack, answer, f"{answer.service}{number or ''}")
    return block(*hosts, lines=inside, why=site.why)


def _headers(site: Site) -> Iterator[Line]:
    """Set headers once an answer is there, so that they replace what the app says itself."""
    if site.headers:
        yield block("header", lines=(*(line(name, value) for name, value in site.headers), line("defer")))


def _certificate(tls: Tls) -> Iterator[Line]:
    if tls.kind is TlsKind.FILES:
        names = (posixpath.basename(path) for path in (tls.certificate, tls.key))
        yield line("tls", *(f"{CERTIFICATES}/{name}" for name in names), why=tls.why)


def _redirect(source: str, to: str) -> Line:
    where = _text(to) if source else f"{_text(to).rstrip('/')}{{uri}}"
    return line("redir", *((source,) if source else ()), where, "permanent")


def _and_below(path: str) -> tuple[str, ...]:
    """Return a path and what is below it: `/metrics` without `/metrics/` would be half of it, and so would `/api/*`."""
    plain = path.removesuffix("/*").rstrip("/")
    return (path,) if plain.endswith("*") or not plain else (plain, f"{plain}/*")


def _proxied(stack: Stack, answer: Answer) -> Line:
    service = stack.service(answer.service)
    checked = service.health.path if service and service.health else None
    inside = [line("health_uri", checked), line("health_interval", "2s")] if checked else []
    inside.append(line("lb_try_duration", PATIENCE))
    return block("reverse_proxy", f"{answer.service}:{answer.port}", lines=inside, why=answer.why)


def _handled(stack: Stack, answer: Answer, name: str) -> Iterator[Line]:
    if answer.files:
        yield from _served(answer)
        return
    if answer.path:
        yield line(f"@{name}", "path", *_and_below(answer.path), why=answer.why)
    matcher = (f"@{name}",) if answer.path else ()
    yield block("handle", *matcher, lines=(_proxied(stack, answer),), why=answer.why)


def _served(answer: Answer) -> Iterator[Line]:
    """Serve the files of an app: pages are asked for anew, what has its content in its name is kept for ever."""
    forever = Why("proxy", "their names change with their content")
    fresh = Why("proxy", "a page names the files of its version; every path of the app is the same page")
    served = (line("root", "*", answer.files), line("encode", "zstd", "gzip"))
    if not answer.path:
        there = line("@there", "file")
        kept = line("header", "@there", "Cache-Control", "public, max-age=31536000, immutable")
        yield block("handle", HASHED, lines=(*served, there, kept, line("file_server")), why=forever)
    pages = (
        *served,
        line("header", "Cache-Control", "no-cache"),
        line("try_files", "{path}", "/index.html"),
        line("file_server"),
    )
    if not answer.path:
        yield block("handle", lines=pages, why=fresh)
        return
    folder, *below = _and_below(answer.path)
    if below:
        yield line("redir", folder, f"{folder}/", "permanent", why=answer.why)
    yield block("handle_path", *(below or [folder]), lines=pages, why=answer.why)


def _text(text: str) -> str:
    """Return a text with what the environment gives as Caddy reads it."""
    return re.sub(r"\$\{(\w+)\}", r"{$\1}", text)
