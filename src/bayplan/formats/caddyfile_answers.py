"""The directives of a Caddyfile that answer a request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bayplan.formats.caddyfile_addresses import upstream
from bayplan.formats.caddyfile_lexer import Word
from bayplan.formats.caddyfile_matchers import directive
from bayplan.formats.caddyfile_parser import Statement
from bayplan.model.proxy import ProxyMatcher, ProxyRoute, ProxyUpstream
from bayplan.source import Located

REDIRECTS = {"permanent": 301, "temporary": 302, "html": 200}
FIRST_REFUSAL = 400
STATUS_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Scope:
    """What holds where a directive stands."""

    order: Mapping[str, int]
    named_routes: Mapping[str, Sequence[Statement]]
    matchers: tuple[ProxyMatcher, ...] = ()
    unless: tuple[ProxyMatcher, ...] = ()
    named: Mapping[str, ProxyMatcher] = field(default_factory=dict)
    roots: tuple[tuple[ProxyMatcher | None, Located[str]], ...] = ()
    """The folders of files; the first whose matcher takes a request counts, innermost blocks first."""
    fallback: tuple[Located[str], ...] = ()
    stripped: str = ""
    rewritten: Located[str] | None = None
    shadowed: Located[str] | None = None
    depth: int = 0

    def within(self, matcher: ProxyMatcher | None) -> "Scope":
        """Return what holds for the requests that a matcher takes."""
        if not matcher:
            return self
        last = self.fallback[-1] if self.fallback else None
        leads_away = last is not None and matcher.paths and matcher.takes(last.value.partition("?")[0]) is False
        shadowed = last if leads_away and last and "{" not in last.value else self.shadowed
        return replace(self, matchers=(*self.matchers, matcher), shadowed=shadowed)


def answer(
    line: Statement, arguments: tuple[Word, ...], scope: Scope, matcher: ProxyMatcher | None
) -> Iterator[ProxyRoute]:
    """Yield what a directive answers; nothing for one that only changes requests or answers."""
    inner = scope.within(matcher)
    route = ProxyRoute(
        "other",
        directive(line),
        inner.matchers,
        inner.unless,
        stripped=inner.stripped,
        rewritten=inner.rewritten,
        shadowed=inner.shadowed,
    )
    match line.name:
        case "reverse_proxy":
            yield replace(route, kind="proxy", upstreams=tuple(_upstreams(line, arguments, _transport(line))))
        case "forward_auth":
            yield replace(route, kind="authorize", upstreams=tuple(_upstreams(line, arguments, _transport(line))))
        case "php_fastcgi":
            upstreams = tuple(_upstreams(line, arguments, "fastcgi"))
            yield from _with_roots(replace(route, kind="php", upstreams=upstreams), line, inner, matcher)
        case "php_server" | "php":
            yield from _with_roots(replace(route, kind="php"), line, inner, matcher)
        case "file_server":
            files = replace(route, kind="files", fallback=scope.fallback)
            yield from _with_roots(files, line, inner, matcher)
        case "redir":
            yield _redirect(route, arguments)
        case "respond" | "error":
            yield _response(route, line, arguments, usual=200 if line.name == "respond" else 500)
        case "abort":
            yield replace(route, kind="refuse")
        case "metrics" | "acme_server":
            yield route


def _transport(line: Statement) -> str:
    """Return what is spoken to upstreams that do not say it themselves."""
    for each in line.block or ():
        words = [word.text for word in each.words]
        if words[0] == "transport" and words[1:2] == ["fastcgi"]:
            return "fastcgi"
        if words[0] == "transport" and any(one.name.startswith("tls") for one in each.block or ()):
            return "https"
    return "http"


def _upstreams(line: Statement, arguments: tuple[Word, ...], scheme: str) -> Iterator[ProxyUpstream]:
    for word in arguments:
        yield upstream(word, scheme)
    for each in line.block or ():
        if each.name == "to":
            for word in each.arguments:
                yield upstream(word, scheme)
        elif each.name == "dynamic" and [word.text for word in each.arguments[:1]] == ["a"]:
            yield from _looked_up(each, scheme)


def _looked_up(line: Statement, scheme: str) -> Iterator[ProxyUpstream]:
    """Yield the service that `dynamic a <name> <port>` looks up again and again."""
    settings = {each.name: each.arguments[0] for each in line.block or () if each.arguments}
    in_line = dict(zip(("name", "port"), line.arguments[1:3], strict=False))
    name, port = (settings.get(key) or in_line.get(key) for key in ("name", "port"))
    if name:
        text = f"{name.text}:{port.text}" if port else name.text
        yield upstream(replace(name, text=text, written=text), scheme)


def _with_roots(route: ProxyRoute, line: Statement, scope: Scope, matcher: ProxyMatcher | None) -> Iterator[ProxyRoute]:
    """Yield a route for each folder that may be the one whose files are served."""
    for each in line.block or ():
        if each.name == "root" and each.arguments:
            yield replace(route, root=Located(each.arguments[-1].text, each.arguments[-1].at))
            return
    for condition, root in scope.roots:
        if condition is None or condition == matcher or condition in scope.matchers:
            yield replace(route, root=root)
            return
        yield replace(route, root=root, matchers=(*route.matchers, condition))
    yield route


def _redirect(route: ProxyRoute, arguments: Sequence[Word]) -> ProxyRoute:
    code = arguments[1].text if len(arguments) > 1 else "temporary"
    target = Located(arguments[0].text, arguments[0].at) if arguments else None
    return replace(route, kind="redirect", target=target, status=REDIRECTS.get(code) or _status(code))


def _response(route: ProxyRoute, line: Statement, arguments: Sequence[Word], usual: int) -> ProxyRoute:
    """Read `respond` and `error`: one argument is a status when it has three digits, else the text."""
    texts = list(arguments)
    status: int | None = usual
    if texts and (len(texts) > 1 or _status(texts[-1].text)):
        status = _status(texts.pop().text)
    texts.extend(word for each in line.block or () if each.name in {"body", "message"} for word in each.arguments)
    return replace(
        route,
        kind="refuse" if status and status >= FIRST_REFUSAL else "respond",
        status=status,
        target=Located(texts[0].text, texts[0].at) if texts else None,
    )


def _status(text: str) -> int | None:
    return int(text) if len(text) == STATUS_DIGITS and text.isascii() and text.isdigit() else None
