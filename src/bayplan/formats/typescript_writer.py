"""Expressions of TypeScript as a person writes them: two spaces, double quotes, a comma behind every line."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bayplan.formats.rendering import Page, comment_lines
from bayplan.source import Why

WIDTH = 100
"""How long a line may be that holds a list or a table."""
NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
RESERVED = """
arguments await break case catch class const continue debugger default delete do else enum eval export extends false
finally for function if implements import in instanceof interface let new null package private protected public return
static super switch this throw true try typeof undefined var void while with yield
"""


@dataclass(frozen=True, slots=True)
class Code:
    """An expression as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function."""

    function: str
    arguments: "tuple[Value, ...]" = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A value with what a file says about it: a comment above it, and the reason of its lines."""

    value: "Value"
    comment: str = ""
    why: Why | None = None


Value: TypeAlias = str | int | bool | Code | Call | Entry | Mapping[str, "Value"] | Sequence["Value"]


def literal(text: str) -> str:
    """Return a text in quotes; what cannot be seen, or turns the direction of the writing, is named by its number."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else _escape(each) for each in quoted)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def name_of(text: str, taken: Mapping[str, object] | frozenset[str], kind: str) -> str:
    """Return a name for what is called this in words; where it is taken already, its kind stands behind it."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word] or [kind]
    plain = words[0][:1].lower() + words[0][1:] + "".join(word[:1].upper() + word[1:] for word in words[1:])
    found = plain if not plain[0].isdigit() else f"{kind}{plain}"
    if found in taken or found in RESERVED.split():
        found += kind[:1].upper() + kind[1:]
    number = 2
    while found in taken or found in RESERVED.split():
        found, number = f"{found.rstrip('0123456789')}{number}", number + 1
    return found


def comment(text: str, indent: str = "") -> list[str]:
    """Return a text as lines of comment."""
    return [f"{indent}//{line.removeprefix(indent)[1:]}" for line in comment_lines(text, indent)]


def called(value: Value) -> Iterator[str]:
    """Yield the functions that a value calls."""
    if isinstance(value, Entry):
        yield from called(value.value)
    elif isinstance(value, Call):
        yield value.function
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from called(each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from called(each)


def write(page: Page, value: Value, before: str, after: str, indent: str = "") -> None:
    """Write a value between these texts: in one line where it fits and holds nothing to be explained."""
    entry = value if isinstance(value, Entry) else Entry(value)
    first = page.next_line
    if entry.comment:
        page.write(comment(entry.comment, indent))
    short = _in_line(entry.value)
    if short is not None and len(f"{indent}{before}{short}{after}") <= WIDTH:
        page.write([f"{indent}{before}{short}{after}"])
    elif isinstance(entry.value, Mapping):
        page.write([f"{indent}{before}{{"])
        for key, each in entry.value.items():
            write(page, each, f"{_key(key)}: ", ",", f"{indent}  ")
        page.write([f"{indent}}}{after}"])
    elif isinstance(entry.value, Sequence) and not isinstance(entry.value, str):
        page.write([f"{indent}{before}["])
        for each in entry.value:
            write(page, each, "", ",", f"{indent}  ")
        page.write([f"{indent}]{after}"])
    else:
        page.write([f"{indent}{before}{short}{after}"])
    page.explain(first, entry.why)


def _key(name: str) -> str:
    return name if NAME.fullmatch(name) else literal(name)


def _in_line(value: Value) -> str | None:
    """Return a value in one line; None where something in it has a comment or a reason of its own."""
    if isinstance(value, Entry):
        return None
    if isinstance(value, Code):
        return value.text
    if isinstance(value, Call):
        arguments = [_in_line(each) for each in value.arguments]
        return f"{value.function}({', '.join(each for each in arguments if each is not None)})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        inner = {key: _in_line(each) for key, each in value.items()}
        texts = [f"{_key(key)}: {text}" for key, text in inner.items() if text is not None]
        return None if len(texts) < len(inner) else f"{{ {', '.join(texts)} }}" if texts else "{}"
    items = [_in_line(each) for each in value]
    whole = [text for text in items if text is not None]
    return f"[{', '.join(whole)}]" if len(whole) == len(items) else None
