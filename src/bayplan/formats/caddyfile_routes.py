"""What answers the requests to a site of a Caddyfile, in the order in which Caddy asks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bayplan.formats.caddyfile_answers import Scope, answer
from bayplan.formats.caddyfile_lexer import Word
from bayplan.formats.caddyfile_matchers import directive, located, matcher_of, named_matchers
from bayplan.formats.caddyfile_names import ANSWERS, ORDER
from bayplan.formats.caddyfile_parser import Statement
from bayplan.model.proxy import ProxyDirective, ProxyMatcher, ProxyRoute
from bayplan.source import Located

BLOCKS = frozenset({"handle", "handle_path", "route", "handle_errors"})
DECIDES = ANSWERS | {"root", "try_files", "rewrite", "uri", "invoke", "tls"}
DEEPEST = 70
SAME_PLACE = {"handle_path": "handle", "basicauth": "basic_auth", "skip_log": "log_skip"}


@dataclass(frozen=True, slots=True)
class _Line:
    """A directive with the matcher that it has of its own."""

    statement: Statement
    matcher: ProxyMatcher | None
    arguments: tuple[Word, ...]

    @property
    def name(self) -> str:
        return self.statement.name

    def below(self, stripped: str) -> "_Line":
        """Return the directive with its paths as the client sends them, before something was taken off."""
        if not stripped or not self.matcher:
            return self
        paths, not_paths = (
            tuple(Located(stripped + one.value, one.at) if one.value.startswith("/") else one for one in several)
            for several in (self.matcher.paths, self.matcher.not_paths)
        )
        return replace(self, matcher=replace(self.matcher, paths=paths, not_paths=not_paths))


def order_of(options: Iterable[ProxyDirective]) -> Mapping[str, int]:
    """Return the place of each directive, as the option `order` changes it."""
    names = [SAME_PLACE.get(name, name) for name in ORDER]
    for option in options:
        words = [argument.value for argument in option.arguments]
        if option.name != "order" or len(words) < 2:  # noqa: PLR2004 - a directive and its new place
            continue
        words = [SAME_PLACE.get(word, word) for word in words]
        names = [name for name in names if name != words[0]]
        where = {"first": 0, "last": len(names)}.get(words[1])
        if where is None and len(words) > 2 and words[2] in names:  # noqa: PLR2004 - and what it stands next to
            where = names.index(words[2]) + (words[1] == "after")
        names.insert(len(names) if where is None else where, words[0])
    return {name: index for index, name in enumerate(names)}


def routes(lines: Sequence[Statement], scope: Scope, *, as_written: bool = False) -> tuple[ProxyRoute, ...]:
    """Return what answers, in order; inside of `route`, that is the order of the file."""
    named = named_matchers(lines, scope.named)
    scope = replace(scope, named=named)
    found = [_Line(each, *matcher_of(each, named)) for each in lines if not each.name.startswith("@")]
    return tuple(_answers(found if as_written else _sorted(found, scope.order), scope))


def _sorted(lines: Iterable[_Line], order: Mapping[str, int]) -> list[_Line]:
    """Sort as Caddy does: by directive, then by path. This is an insertion, for the comparison is not transitive."""
    done: list[tuple[int, str, _Line]] = []
    for line in lines:
        place = order.get(SAME_PLACE.get(line.name, line.name), len(order))
        one = (place, _only_path(line.matcher), line)
        index = len(done)
        while index and _comes_before(one, done[index - 1]):
            index -= 1
        done.insert(index, one)
    return [line for _, _, line in done]


def _comes_before(one: tuple[int, str, _Line], other: tuple[int, str, _Line]) -> bool:
    if one[0] != other[0]:
        return one[0] < other[0]
    if one[1] and other[1]:
        if one[1].removesuffix("*") == other[1].removesuffix("*"):
            return len(one[1]) < len(other[1])
        return len(one[1]) > len(other[1])
    return one[2].matcher is not None and other[2].matcher is None


def _only_path(matcher: ProxyMatcher | None) -> str:
    return matcher.paths[0].value if matcher and len(matcher.paths) == 1 else ""


def _answers(lines: Iterable[_Line], scope: Scope) -> Iterator[ProxyRoute]:
    taken: tuple[ProxyMatcher, ...] = ()  # by earlier blocks, of which one at most is entered
    closed = False
    roots: tuple[tuple[ProxyMatcher | None, Located[str]], ...] = ()
    for each in lines:
        line = each.below(scope.stripped)
        here = replace(scope, roots=roots + scope.roots)
        match line.name:
            case "root" if line.arguments:
                roots = (*roots, (line.matcher, Located(line.arguments[-1].text, line.arguments[-1].at)))
            case "try_files" | "rewrite" | "uri":
                scope = _rewritten(scope, line)
            case "handle" | "handle_path":
                if closed:
                    continue
                inside = _block(line, replace(here, unless=here.unless + taken))
                yield from inside
                if line.matcher is None:
                    closed = True
                elif not _surely_ends(inside, (*here.matchers, line.matcher)):
                    taken = (*taken, line.matcher)
            case "route" | "invoke":
                yield from _block(line, here)
            case _:
                yield from answer(line.statement, line.arguments, here, line.matcher)


def _block(line: _Line, scope: Scope) -> tuple[ProxyRoute, ...]:
    inner = replace(scope.within(line.matcher), depth=scope.depth + 1)
    lines: Sequence[Statement] = line.statement.block or ()
    if line.name == "handle_path" and line.matcher and line.matcher.paths:
        inner = replace(inner, stripped=line.matcher.paths[0].value.rstrip("*").rstrip("/"))
    elif line.name == "invoke":
        lines = scope.named_routes.get(line.arguments[0].text, ()) if line.arguments else ()
    if scope.depth > DEEPEST:  # routes that invoke each other
        return ()
    return routes(lines, inner, as_written=line.name in {"route", "invoke"})


def _rewritten(scope: Scope, line: _Line) -> Scope:
    """Remember what becomes of the paths of all requests that go on."""
    words = [word.text for word in line.arguments]
    if line.name == "try_files":
        return replace(scope, fallback=located(line.arguments))
    if line.matcher:
        return scope
    if line.name == "uri" and words[:1] == ["strip_prefix"] and len(words) > 1:
        return replace(scope, stripped=scope.stripped + words[1].rstrip("/"))
    return replace(scope, rewritten=Located(" ".join(words), line.statement.at))


def _surely_ends(inside: Sequence[ProxyRoute], matchers: tuple[ProxyMatcher, ...]) -> bool:
    return any(each.matchers == matchers and each.kind != "authorize" for each in inside)


def other_directives(lines: Iterable[Statement]) -> Iterator[ProxyDirective]:
    """Yield what is neither a route nor decides about one, wherever it stands."""
    for line in lines:
        if line.name in BLOCKS:
            yield from other_directives(line.block or ())
        elif line.name not in DECIDES and not line.name.startswith("@"):
            yield directive(line)
