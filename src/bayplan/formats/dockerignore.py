"""Ignore files of builders, both ways, and what they leave out of a build context."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from bayplan.formats.rendering import Page, comment_lines
from bayplan.model.deployment import IgnoreFile
from bayplan.model.rendered import Rendered
from bayplan.source import At, Located, Why

Token: TypeAlias = tuple[str, str]

ONE, STAR, ANYTHING, FOLDERS = "one character", "*", "**", "**/"
SPECIAL = re.compile(r"[*?\[\]\\]")
CLASS_MEMBER = re.compile(r"\\.|.", re.DOTALL)
MOST_FOR_AN_EXPRESSION = 3


def parse(text: str, path: str) -> IgnoreFile:
    """Return the patterns of an ignore file in order. No line of it can be wrong."""
    patterns: list[Located[str]] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        pattern = line.strip()
        if pattern and not line.startswith("#"):
            column = len(line) - len(line.lstrip()) + 1
            patterns.append(Located(pattern, At(path, number, column, len(pattern))))
    return IgnoreFile(path, tuple(patterns))


def matches(patterns: Iterable[str], path: str) -> bool:
    """Say whether these patterns leave a path out of the build context; the last one that matches it decides."""
    parts = path.strip("/").split("/")
    ancestry = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    ignored = False
    for text in patterns:
        keeps = text.startswith("!")
        if keeps == ignored:
            is_match = _compiled(text.removeprefix("!"))
            if is_match and any(is_match(each) for each in ancestry):
                ignored = not keeps
    return ignored


def literal(path: str) -> str:
    """Return the pattern that matches exactly this path."""
    escaped = re.sub(r"([*?\[\]\\])", r"\\\1", path)
    return "\\" + escaped if escaped.startswith(("#", "!")) else escaped


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Callable[[str], object] | None:
    """Return what tells whether a path matches; None for a pattern that matches nothing."""
    cleaned = posixpath.normpath(pattern.strip()).lstrip("/") if pattern.strip() else ""
    if not cleaned or cleaned.startswith("../"):
        return None
    try:
        tokens = list(_tokens(cleaned))
        expression = re.compile("".join(token for _, token in tokens), re.DOTALL)
    except (ValueError, re.error):  # a class that never ends, or whose range runs backwards
        return None
    if sum(kind != ONE for kind, _ in tokens) > MOST_FOR_AN_EXPRESSION:
        return lambda path: _matches_slowly(tokens, path)
    return expression.fullmatch


def _tokens(pattern: str) -> Iterator[Token]:
    """Yield what a pattern is made of, each with its regular expression."""
    if pattern.startswith("**") and not SPECIAL.search(pattern, 2) and not pattern.startswith("**/"):
        yield ANYTHING, ".*"  # only at the very beginning may `**` end within a name
        pattern = pattern[2:]
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*" and pattern.startswith("*", position):
            position = min(position + 1 + pattern.startswith("/", position + 1), len(pattern))
            yield (ANYTHING, ".*") if position == len(pattern) else (FOLDERS, "(?:.*/)?")
        elif character == "*":
            yield STAR, "[^/]*"
        elif character == "?":
            yield ONE, "[^/]"
        elif character == "[":
            end = _class_end(pattern, position)
            yield ONE, _class(pattern[position:end])
            position = end + 1
        else:
            if character == "\\" and position < len(pattern):
                character = pattern[position]
                position += 1
            yield ONE, re.escape(character)


def _class_end(pattern: str, position: int) -> int:
    while pattern[position : position + 1] != "]":
        if position >= len(pattern):
            raise ValueError(pattern)
        position += 2 if pattern[position] == "\\" else 1
    return position


def _class(inside: str) -> str:
    members = [each.removeprefix("\\") or each for each in CLASS_MEMBER.findall(inside.removeprefix("^"))]
    made = ""
    while members:
        if len(members) > 2 and members[1] == "-":  # noqa: PLR2004 - from, dash, to
            made += f"{re.escape(members[0])}-{re.escape(members[2])}"
            members = members[3:]
        else:
            made += re.escape(members.pop(0))
    return f"[{'^' * inside.startswith('^')}{made}]" if made else "(?!)"


def _matches_slowly(tokens: Sequence[Token], path: str) -> bool:
    """Match all ways at once: many wildcards would keep an expression busy for ever. `~index` is inside of FOLDERS."""
    states = _with_skipped(tokens, {0})
    for character in path:
        following: set[int] = set()
        for state in states:
            index = max(state, ~state)
            kind, expression = tokens[index] if index < len(tokens) else (ONE, "(?!)")
            if kind == ONE and re.fullmatch(expression, character, re.DOTALL):
                following.add(index + 1)
            elif kind == ANYTHING or (kind == STAR and character != "/"):
                following.add(index)
            elif kind == FOLDERS:
                following |= {~index, index + 1} if character == "/" else {~index}
        states = _with_skipped(tokens, following)
    return len(tokens) in states


def _with_skipped(tokens: Sequence[Token], states: set[int]) -> set[int]:
    """Add the states that are reached because a wildcard may stand for nothing."""
    reached = set(states)
    waiting = [state for state in states if state >= 0]
    while waiting:
        state = waiting.pop()
        if state < len(tokens) and tokens[state][0] != ONE and state + 1 not in reached:
            reached.add(state + 1)
            waiting.append(state + 1)
    return reached


@dataclass(frozen=True, slots=True)
class Group:
    """Patterns that are there for one reason, below a comment."""

    comment: str
    patterns: tuple[str, ...]
    why: Why | None = None


def render(groups: Sequence[Group]) -> Rendered:
    """Return an ignore file, a blank line between its groups."""
    page = Page()
    for group in groups:
        page.blank()
        page.write([*comment_lines(group.comment), *group.patterns], group.why)
    return page.rendered()
