"""Filters of paths, as platforms and workflows write them: which changes start a deployment."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bayplan.source import Located

UNKNOWN = frozenset("[]{}()?+$")
LONGEST = 300
TOKENS = re.compile(r"\*\*/|\*\*|\*|.", re.DOTALL)
FOLDERS, ANYTHING, STAR = "**/", "**", "*"


@dataclass(frozen=True, slots=True)
class Filter:
    """Patterns in their order: a later one overrules, and `!` takes out.

    With `nested`, a pattern that names a folder means everything in it. With `anywhere`, one without a slash is a name
    that may stand in any folder, as for git.
    """

    patterns: tuple[Located[str], ...]
    ignored: tuple[Located[str], ...] = ()
    nested: bool = True
    anywhere: bool = False

    @property
    def is_known(self) -> bool:
        """Whether every pattern is one that is understood here."""
        texts = [each.value for each in (*self.patterns, *self.ignored)]
        return not any(UNKNOWN & set(text) or len(text) > LONGEST for text in texts)

    def lets_any(self, paths: Sequence[str]) -> bool:
        """Say whether a change of any of these files gets through."""
        taken, out = self._read(self.patterns), self._read(self.ignored)
        return any(_decides(taken, path, usual=not self.patterns) and not _decides(out, path) for path in paths)

    def _read(self, patterns: tuple[Located[str], ...]) -> list[tuple[bool, tuple[str, ...]]]:
        return [(not each.value.startswith("!"), self._meanings(each.value.strip())) for each in patterns]

    def _meanings(self, written: str) -> tuple[str, ...]:
        """Return the patterns of whole paths that a pattern stands for."""
        pattern = written.lstrip("!").removeprefix("./").lstrip("/")
        if not self.nested:
            return (pattern,)
        pattern = pattern.rstrip("/")
        if self.anywhere and "/" not in written.lstrip("!").rstrip("/"):
            pattern = FOLDERS + pattern
        last = posixpath.basename(pattern)
        is_of_files = STAR in last and "." in last
        return (pattern,) if is_of_files else (pattern, f"{pattern}/**")


def _decides(patterns: list[tuple[bool, tuple[str, ...]]], path: str, *, usual: bool = False) -> bool:
    found = [takes for takes, meanings in patterns if any(fits(each, path) for each in meanings)]
    return found[-1] if found else usual


def fits(pattern: str, path: str) -> bool:
    """Say whether a path fits a pattern, in a time that grows with their lengths alone."""
    first, last, tokens = _split(pattern)
    if not path.startswith(first) or not path.endswith(last):
        return False
    states = _entered({(0, False)}, tokens)
    for character in path:
        states = _entered({each for state in states for each in _after(state, character, tokens)}, tokens)
    return (len(tokens), False) in states


@lru_cache(512)
def _split(pattern: str) -> tuple[str, str, tuple[str, ...]]:
    """Return the plain text that a pattern begins with and ends with, and its parts."""
    return pattern.partition(STAR)[0], pattern.rpartition(STAR)[2].lstrip("/"), tuple(TOKENS.findall(pattern))


def _entered(states: set[tuple[int, bool]], tokens: tuple[str, ...]) -> set[tuple[int, bool]]:
    """Add the states that are reached without another character; the second part is inside of `**/`."""
    waiting, found = list(states), set(states)
    while waiting:
        index, inside = waiting.pop()
        if inside or index == len(tokens) or tokens[index] not in (FOLDERS, ANYTHING, STAR):
            continue
        more = {(index + 1, False)} | ({(index, True)} if tokens[index] == FOLDERS else set())
        waiting += more - found
        found |= more
    return found


def _after(state: tuple[int, bool], character: str, tokens: tuple[str, ...]) -> set[tuple[int, bool]]:
    index, inside = state
    if inside:
        return {state, (index + 1, False)} if character == "/" else {state}
    token = tokens[index] if index < len(tokens) else ""
    if token == ANYTHING or (token == STAR and character != "/"):
        return {state}
    return {(index + 1, False)} if token == character else set()
