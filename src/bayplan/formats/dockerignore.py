"""Ignore files of builders, both ways, and what they leave out of a build context."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bayplan.formats.rendering import Page, comment_lines
from bayplan.model.deployment import IgnoreFile
from bayplan.model.rendered import Rendered
from bayplan.source import At, Located, Why

SPECIAL = re.compile(r"[*?\[\]\\]")


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
            expression = _compiled(text.removeprefix("!"))
            if expression and any(expression.match(each) for each in ancestry):
                ignored = not keeps
    return ignored


def literal(path: str) -> str:
    """Return the pattern that matches exactly this path."""
    escaped = re.sub(r"([*?\[\]\\])", r"\\\1", path)
    return "\\" + escaped if escaped.startswith(("#", "!")) else escaped


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return the expression of a pattern; None for one that matches nothing."""
    cleaned = posixpath.normpath(pattern.strip()).lstrip("/") if pattern.strip() else ""
    if not cleaned or cleaned.startswith("../"):
        return None
    if cleaned.startswith("**") and not SPECIAL.search(cleaned[2:]):
        rest = cleaned[2:]
        start = "(?:.*/)?" if rest.startswith("/") else ".*"
        return re.compile(f"{start}{re.escape(rest.removeprefix('/'))}\\Z", re.DOTALL)
    expression = _expression(cleaned)
    if expression is None:
        return None
    try:
        return re.compile(expression + r"\Z", re.DOTALL)
    except re.error:  # a class whose range runs backwards matches nothing
        return None


def _expression(pattern: str) -> str | None:
    made = ""
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*" and pattern.startswith("*", position):
            position = min(position + 1 + pattern.startswith("/", position + 1), len(pattern))
            made += ".*" if position == len(pattern) else "(?:.*/)?"
        elif character == "*":
            made += "[^/]*"
        elif character == "?":
            made += "[^/]"
        elif character == "[":
            end = _class_end(pattern, position)
            if end < 0:
                return None
            made += _class(pattern[position:end])
            position = end + 1
        else:
            if character == "\\" and position < len(pattern):
                character = pattern[position]
                position += 1
            made += re.escape(character)
    return made


def _class_end(pattern: str, position: int) -> int:
    while position < len(pattern) and pattern[position] != "]":
        position += 2 if pattern[position] == "\\" else 1
    return position if position < len(pattern) else -1


def _class(inside: str) -> str:
    negated = inside.startswith("^")
    members = re.findall(r"\\.|.", inside.removeprefix("^"), re.DOTALL)
    if not members:
        return r"(?!)"
    escaped = (each if each == "-" else re.escape(each.removeprefix("\\") or each) for each in members)
    return f"[{'^' * negated}{''.join(escaped)}]"


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
