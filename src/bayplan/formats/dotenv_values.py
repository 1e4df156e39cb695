"""What compose makes of the values in an env file: what it replaces, what it cuts off, what it refuses."""

import re
from collections.abc import Mapping
from enum import StrEnum

from bayplan.formats.dotenv import ESCAPES
from bayplan.model.deployment import EnvFile, EnvLine

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
REFERENCE = re.compile(
    rf"(?P<twice>\$\$)|\$(?:(?P<bare>{NAME})|\{{(?P<name>{NAME})(?:(?P<kind>:?[-+?])(?P<rest>[^}}]*))?\}}|(?P<open>\{{))"
)
ESCAPED = re.compile(r"\\(?P<escaped>[nrt\"\\$])")
CUT = re.compile(r" #[^\s#]")
"""A `#` that begins no comment as people write them."""
CLOSED = {
    '"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL),
    "'": re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL),
}


class Trouble(StrEnum):
    """Why a value is another than the one that is written."""

    UNCLOSED = "its quotes are not closed"
    EXPANDED = "compose takes the `$` in it for a variable"
    CUT = "compose cuts it off at ` #`"
    QUOTED = "compose ends it at the second quote"
    HASH = "compose takes a `#` at its beginning for a part of it, and most others for a comment"


def values(file: EnvFile, outside: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a file sets, by name, with what compose replaces in them replaced."""
    found: dict[str, str] = {}
    for line in file.lines:
        if not line.documented_only:
            found[line.name] = _replaced(line, {**found, **outside})
    return found


def _replaced(line: EnvLine, known: Mapping[str, str]) -> str:
    quote = line.raw[:1]
    if "$" not in line.raw or quote == "'":
        return line.value
    if quote == '"' and (closed := CLOSED[quote].match(line.raw)):
        inside = closed.group()[1:-1]
        pattern = re.compile(f"{ESCAPED.pattern}|{REFERENCE.pattern}")
    else:
        inside, pattern = line.value, REFERENCE

    def replacement(match: re.Match[str]) -> str:
        if match.groupdict().get("escaped"):
            return ESCAPES[match["escaped"]]
        if match["twice"]:
            return "$"
        given = known.get(match["bare"] or match["name"] or "", "")
        kind, rest = match["kind"] or "", match["rest"] or ""
        return (rest if given else "") if kind.endswith("+") else given or (rest if kind.endswith("-") else "")

    return pattern.sub(replacement, inside)


def trouble(line: EnvLine, names: frozenset[str]) -> Trouble | None:
    """Say why compose would not read what a line says; a reference to one of these names is meant."""
    quote = line.raw[:1]
    if quote in CLOSED:
        closed = CLOSED[quote].match(line.raw)
        if closed is None:
            return Trouble.UNCLOSED
        after = line.raw[closed.end() :].strip()
        if after and not after.startswith("#"):
            return Trouble.QUOTED
    elif quote == "#":
        return Trouble.HASH
    elif CUT.search(line.raw):
        return Trouble.CUT
    if quote != "'" and any(_is_unmeant(match, names) for match in REFERENCE.finditer(line.raw)):
        escaped = quote == '"' and not re.search(r"(?<!\\)\$", line.raw)
        return None if escaped else Trouble.EXPANDED
    return None


def _is_unmeant(match: re.Match[str], names: frozenset[str]) -> bool:
    if match["twice"] or (match["kind"] or "").endswith(("-", "+")):
        return False
    return (match["bare"] or match["name"]) not in names
