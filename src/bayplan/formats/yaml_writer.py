"""YAML as a person writes it: two spaces, quotes where they are needed, comments above what they are about."""

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from bayplan.formats.rendering import Page, comment_lines
from bayplan.model.rendered import Rendered
from bayplan.source import Why

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A value with what a file says about it: a comment above it or beside it, a reason, a list in one line."""

    value: "Value"
    comment: str = ""
    why: Why | None = None
    in_line: bool = False
    beside: str = ""


Value: TypeAlias = Scalar | Mapping[str, "Value"] | Sequence["Value"] | Entry

UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""What YAML cannot hold as it is, and what turns the direction of the writing."""
NEEDS_QUOTES = re.compile(r"""[-?:,\[\]{}#&*!|>'"%@`]|[^ ].*(?::\s|\s#|:\Z)|.*[\t\n]|=\Z|\s|.*\s\Z|\Z""", re.DOTALL)
LIKE_A_NUMBER = re.compile(r"[-+]?\.?[0-9][0-9a-fA-FxoXOTtZz_.:,+\- ]*|[-+]?\.(?:inf|nan)|~", re.IGNORECASE)
CONSTANTS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "<<"})


def plain(value: Value) -> object:
    """Return the data of a document, without comments and reasons."""
    if isinstance(value, Entry):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each) for each in value]
    return value


def scalar_text(value: Scalar, *, quoted: bool = False) -> str:
    """Return a scalar that every YAML reader takes for this value, in quotes only where they are needed or wanted."""
    if isinstance(value, str):
        return _quoted(value) if quoted or _needs_quotes(value) else value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, float):
        digits, exponent, power = repr(value).partition("e")
        dotted = digits if "." in digits else f"{digits}.0"
        return f"{dotted}{exponent}{power if power.startswith('-') or not power else '+' + power.lstrip('+')}"
    return str(value)


def _needs_quotes(text: str) -> bool:
    return bool(
        NEEDS_QUOTES.match(text)
        or UNPRINTABLE.search(text)
        or LIKE_A_NUMBER.fullmatch(text)
        or text.lower() in CONSTANTS
        or text.startswith("...")
    )


def _quoted(text: str) -> str:
    return UNPRINTABLE.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a kind of file is laid out, by key: lists whose texts always have quotes, entries with room between.

    A text of several lines stands as it is where it is a script; a bare key has no quotes though YAML 1.1 wants them.
    """

    quoted: Collection[str] = ()
    spaced: Collection[str] = ()
    scripts: Collection[str] = ()
    bare: Collection[str] = ()


def render(document: Value, layout: Layout) -> Rendered:
    """Return a document as YAML. Its top level is a mapping; there, a blank line stands between the entries."""
    page = Page()
    root = document if isinstance(document, Entry) else Entry(document)
    if root.comment:
        page.write(_comment(root.comment, ""), root.why)
        page.blank()
    if not isinstance(root.value, Mapping) or not root.value:
        page.write([_flow(root.value, quoted=False)])
    else:
        _Writer(page, layout).mapping(root.value, "", spaced=True)
    return page.rendered()


def _comment(text: str, indent: str) -> list[str]:
    return list(chain.from_iterable(comment_lines(line, indent) for line in text.splitlines()))


def _flow(value: Value, *, quoted: bool) -> str:
    """Return a value in one line; texts inside brackets have quotes."""
    if isinstance(value, Entry):
        return _flow(value.value, quoted=quoted)
    if isinstance(value, Mapping):
        inside = ", ".join(
            f"{scalar_text(key, quoted=True)}: {_flow(each, quoted=True)}" for key, each in value.items()
        )
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_flow(each, quoted=True) for each in value)}]"
    return scalar_text(value, quoted=quoted)


def _is_block(entry: Entry) -> bool:
    """Say whether a value takes lines of its own."""
    value = entry.value
    return not entry.in_line and isinstance(value, Mapping | Sequence) and not isinstance(value, str) and bool(value)


def _is_script(text: str) -> bool:
    """Say whether a text of several lines can stand as it is, in a block of its own."""
    lines = text.split("\n")
    plain = not any(UNPRINTABLE.search(line) or line != line.rstrip() for line in lines)
    return len(lines) > 1 and plain and bool(lines[-1]) and bool(lines[0]) and not lines[0][0].isspace()


def _block(text: str) -> str:
    return "|" if text.endswith("\n") else "|-"


def _script(text: str, indent: str) -> list[str]:
    return [f"{indent}  {line}".rstrip() for line in text.removesuffix("\n").split("\n")]


class _Writer:
    def __init__(self, page: Page, layout: Layout) -> None:
        self.page = page
        self.layout = layout

    def mapping(self, mapping: Mapping[str, Value], indent: str, *, spaced: bool = False, dashed: bool = False) -> None:
        """Write the entries; `dashed` puts the first one behind the dash of a list's item."""
        for index, (key, value) in enumerate(mapping.items()):
            if spaced and index:
                self.page.blank()
            before = f"{indent[:-2]}- " if dashed and not index else indent
            self._entry(before, key, _entry_of(value), indent)

    def _entry(self, before: str, key: str, entry: Entry, indent: str) -> None:
        first = self.page.next_line
        start = f"{before}{key if key in self.layout.bare else scalar_text(key)}:"
        beside = f" # {entry.beside}" if entry.beside else ""
        self.page.write(_comment(entry.comment, indent if before == indent else indent[:-2]))
        value = entry.value
        if isinstance(value, str) and key in self.layout.scripts and _is_script(value.removesuffix("\n")):
            self.page.write([f"{start} {_block(value)}{beside}", *_script(value, indent)])
        elif not _is_block(entry):
            self.page.write([f"{start if value is None else f'{start} {_flow(value, quoted=False)}'}{beside}"])
        elif isinstance(value, Mapping):
            self.page.write([start + beside])
            self.mapping(value, indent + "  ", spaced=key in self.layout.spaced and not indent)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            self.page.write([start + beside])
            spaced = key in self.layout.spaced and not indent
            self._sequence(value, indent + "  ", quoted=key in self.layout.quoted, spaced=spaced)
        self.page.explain(first, entry.why)

    def _sequence(self, items: Sequence[Value], indent: str, *, quoted: bool, spaced: bool = False) -> None:
        for index, item in enumerate(map(_entry_of, items)):
            if spaced and index:
                self.page.blank()
            first = self.page.next_line
            self.page.write(_comment(item.comment, indent))
            value = item.value
            if _is_block(item) and isinstance(value, Mapping):
                self.mapping(value, indent + "  ", dashed=True)
            elif isinstance(value, str) and _is_script(value):
                self.page.write([f"{indent}- |-", *_script(value, indent)])
            else:
                self.page.write([f"{indent}- {_flow(value, quoted=quoted)}"])
            self.page.explain(first, item.why)


def _entry_of(value: Value) -> Entry:
    return value if isinstance(value, Entry) else Entry(value)
