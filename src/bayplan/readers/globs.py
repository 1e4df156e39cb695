"""The patterns that say which folders are packages: `apps/*`, `packages/**`, `!**/test/**`, `{apps,libs}/*`."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from bayplan.readers.folders import parent

MOST_ALTERNATIVES = 200
MOST_STARS = 12


def package_folders(patterns: Sequence[str], files: Iterable[str]) -> tuple[str, ...]:
    """Return the folders with a package.json that the patterns name, in order; the root is not among them."""
    wanted = [compiled(pattern) for pattern in patterns if not pattern.startswith("!")]
    refused = [compiled(pattern[1:]) for pattern in patterns if pattern.startswith("!")]
    found = []
    for file in files:
        if file.endswith("/package.json"):
            folder = parent(file)
            if matches(wanted, folder) and not matches(refused, folder):
                found.append(folder)
    return tuple(found)


def matches(expressions: Iterable["re.Pattern[str]"], path: str) -> bool:
    return any(expression.fullmatch(path) for expression in expressions)


@cache
def compiled(pattern: str) -> "re.Pattern[str]":
    """Return a pattern as a regular expression of a path without a slash at its end."""
    try:
        if pattern.count("*") <= MOST_STARS:
            return re.compile("|".join(_translated(each) for each in _expanded(pattern.strip())))
    except re.error:  # `[z-a]`
        pass
    return re.compile(re.escape(pattern))


def _expanded(pattern: str) -> list[str]:
    """Return the patterns that `{a,b}` stands for."""
    waiting: list[str] = [pattern]
    done: list[str] = []
    while waiting and len(waiting) + len(done) < MOST_ALTERNATIVES:
        each = waiting.pop()
        match = re.search(r"\{([^{}]*,[^{}]*)\}", each)
        if match:
            waiting += [each[: match.start()] + choice + each[match.end() :] for choice in match[1].split(",")]
        else:
            done.append(each)
    return done


def _translated(pattern: str) -> str:
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    if not parts:
        return r"\."
    text = ""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            if not text or text.endswith("(?:[^/]+/)*"):
                text = text or ("" if last else "(?:[^/]+/)*")
                text += ".*" if last else ""
            else:
                text += "(?:/.*)?" if last else "(?:[^/]+/)*"
            continue
        text += _segment(part) + ("" if last else "/")
    return text.replace("/(?:/.*)?", "(?:/.*)?")


def _segment(part: str) -> str:
    text = ""
    for piece in re.findall(r"\*+|\?|\[[^\]/]+\]|.", part, flags=re.DOTALL):
        if piece[0] == "*":
            text += "[^/]*"
        elif piece == "?":
            text += "[^/]"
        elif len(piece) > 1:
            inside = re.escape(piece[1:-1].lstrip("!^")).replace(r"\-", "-")
            no_difference = inside.replace("--", r"-\-")  # which Python warns that it will read one day
            text += "[" + ("^" if piece[1] in "!^" else "") + no_difference + "]"
        else:
            text += re.escape(piece)
    return text
