"""The addresses of sites and upstreams in a Caddyfile."""

import re

from bayplan.errors import BrokenFileError
from bayplan.formats.caddyfile_lexer import Word
from bayplan.model.proxy import ProxyAddress, ProxyUpstream
from bayplan.source import At

ADDRESS = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?(\[[^\]]*\]|(?:\{[^}]*\}|[^:/{])*)(?::([^/]*))?(/.*)?")
VARIABLE = re.compile(r"\{\$[^}]*\}")
"""What may stand for a whole address, with its port."""
LAST_PORT = 65535
USUAL_PORT = {"https": 443, "http": 80, "h2c": 80}


def port_number(text: str | None) -> int | None:
    digits = text if text and text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PORT)) else ""
    return int(digits) if digits and int(digits) <= LAST_PORT else None


def site_address(word: Word, ports: tuple[int, int], *, with_tls: bool, automatic: bool) -> ProxyAddress:
    """Return where a site listens; `ports` are those for HTTP and HTTPS, `automatic` unless `auto_https` is off."""
    text = word.text.removesuffix(",")
    match = ADDRESS.fullmatch(text)
    scheme = (match.group(1) or "").lower() if match else ""
    if not match or scheme not in {"", "http", "https"}:
        raise _not_an_address(text, word.at)
    host = match.group(2).strip("[]").lower() if match.group(2).startswith("[") else match.group(2)
    host = host if "{" in host else host.lower()
    given = match.group(3)
    port = port_number(given)
    if given is not None and port is None and "{" not in given:
        raise _not_an_address(text, word.at)
    if not scheme:
        scheme = _scheme(host, port if given is not None else ports[1], ports, with_tls=with_tls, automatic=automatic)
    if given is None and (match.group(1) or not VARIABLE.fullmatch(host)):
        port = ports[scheme == "https"]
    return ProxyAddress((word.written or text).removesuffix(","), scheme, host, port, match.group(4) or "", word.at)


def _scheme(host: str, port: int | None, ports: tuple[int, int], *, with_tls: bool, automatic: bool) -> str:
    if port == ports[0]:
        return "http"
    return "https" if port == ports[1] or with_tls or (host and automatic) else "http"


def _not_an_address(text: str, at: At) -> BrokenFileError:
    return BrokenFileError(
        f"{at.file} has a site whose address {text[:60]!r} cannot be read",
        at=at,
        remedy="write a host name, :port, or http:// or https:// with them",
    )


def upstream(word: Word, scheme: str) -> ProxyUpstream:
    """Return a service that a proxy names; a port alone is one of the proxy's own host."""
    text, written = word.text, word.written or word.text
    if text.startswith(("unix/", "unix+h2c/")):
        return ProxyUpstream(written, "unix", "/" + text.partition("/")[2].lstrip("/"), None, word.at)
    match = ADDRESS.fullmatch(text)
    if not match or (match.group(4) or "/") != "/":
        raise BrokenFileError(
            f"{word.at.file} has an upstream {text[:60]!r} that Caddy cannot read",
            at=word.at,
            remedy="write host:port; to change the path, use `rewrite` or `handle_path`",
        )
    own = (match.group(1) or "").lower()
    scheme = own if own and own != "http" else scheme
    host = match.group(2).strip("[]") or ("" if match.group(3) is None else "localhost")
    port = port_number(match.group(3))
    if match.group(3) is None and "{" not in text:
        port = USUAL_PORT.get(own or "http", 80)
    return ProxyUpstream(written, scheme, host, port, word.at)
