"""Which requests a directive of a Caddyfile takes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bayplan.errors import BrokenFileError
from bayplan.formats.caddyfile_lexer import Word
from bayplan.formats.caddyfile_names import DIRECTIVES, WITHOUT_MATCHER
from bayplan.formats.caddyfile_parser import Statement
from bayplan.model.proxy import ProxyDirective, ProxyMatcher
from bayplan.source import Located


def located(words: Iterable[Word]) -> tuple[Located[str], ...]:
    return tuple(Located(word.text, word.at) for word in words)


def directive(statement: Statement) -> ProxyDirective:
    return ProxyDirective(
        statement.name, located(statement.arguments), statement.at, tuple(map(directive, statement.block or ()))
    )


@dataclass(slots=True)
class _Conditions:
    paths: list[Located[str]] = field(default_factory=list)
    not_paths: list[Located[str]] = field(default_factory=list)
    hosts: list[Located[str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def add(self, line: Statement) -> None:
        match line.name:
            case "path":
                self.paths.extend(located(line.arguments))
            case "host":
                self.hosts.extend(located(line.arguments))
            case "not":
                self._add_not(line)
            case _:
                self.others.append(_text(line))

    def _add_not(self, line: Statement) -> None:
        inside = line.block or ((replace(line, words=line.words[1:]),) if line.arguments else ())
        if len({each.name for each in inside}) == 1 and inside[0].name == "path":
            self.not_paths.extend(each for one in inside for each in located(one.arguments))
        else:  # what holds is that not all of these do
            self.others.append("not " + ", ".join(map(_text, inside)))


def _text(line: Statement) -> str:
    inside = "; ".join(map(_text, line.block)) if line.block else ""
    return " ".join([*(word.text for word in line.words), *([f"{{ {inside} }}"] if inside else [])])


def named_matchers(lines: Iterable[Statement], outer: Mapping[str, ProxyMatcher]) -> Mapping[str, ProxyMatcher]:
    """Return the matchers that stand for a name such as `@api`, those of the enclosing blocks included."""
    own: dict[str, ProxyMatcher] = {}
    for line in lines:
        if not line.name.startswith("@"):
            continue
        if line.name in own:
            raise BrokenFileError(
                f"{line.at.file} defines the matcher {line.name} twice",
                at=line.at,
                remedy=f"put its lines into one block: {line.name} {{ ... }}",
            )
        own[line.name] = _matcher(line)
    return {**outer, **own} if own else outer


def _matcher(line: Statement) -> ProxyMatcher:
    conditions = _Conditions()
    if line.arguments:
        one = replace(line, words=line.words[1:])
        if one.words[0].quoted:
            conditions.others.append(f"expression {one.name}")
        else:
            conditions.add(one)
    else:
        for each in line.block or ():
            conditions.add(each)
    return ProxyMatcher(
        line.at,
        tuple(conditions.paths),
        tuple(conditions.not_paths),
        tuple(conditions.hosts),
        tuple(conditions.others),
    )


def matcher_of(line: Statement, named: Mapping[str, ProxyMatcher]) -> tuple[ProxyMatcher | None, tuple[Word, ...]]:
    """Return a directive's matcher, None when it takes every request, and the arguments that follow it."""
    if not line.arguments or (line.name in WITHOUT_MATCHER and line.name != "handle_path"):
        return None, line.arguments
    first, rest = line.arguments[0], line.arguments[1:]
    if first.text == "*":
        return None, rest
    if first.text.startswith("@"):
        if first.text not in named and line.name not in DIRECTIVES:
            return None, line.arguments
        if first.text not in named:
            raise BrokenFileError(
                f"{line.at.file} never defines the matcher {first.text[:60]}",
                at=first.at,
                remedy=f"add it to this block: {first.text[:60]} path /...",
            )
        return named[first.text], rest
    if first.text.startswith("/") and not _is_only_argument(line):
        return ProxyMatcher(first.at, paths=(Located(first.text, first.at),)), rest
    return None, line.arguments


def _is_only_argument(line: Statement) -> bool:
    """Say whether a path is what the directive needs: newer versions of Caddy take `root /srv` for `root * /srv`."""
    return len(line.arguments) == 1 and line.name in {"root", "rewrite", "redir"}
