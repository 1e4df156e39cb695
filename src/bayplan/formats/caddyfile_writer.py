"""Caddyfiles as `caddy fmt` lays them out, made by calls that read like the file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bayplan.errors import UsageError
from bayplan.formats.caddyfile_parser import Statement, statements
from bayplan.formats.rendering import Page, comment_lines
from bayplan.model.rendered import Rendered
from bayplan.source import Why

PLAIN = re.compile(r"(?!<)(?:[\w./:@%+=,~?&*!;|()\[\]^$<>-]|\{[\w$.:/@*,\[\]-]+\})+")
ENDS_IN_BACKSLASH = re.compile(r"\\(?:\"|\Z)")
UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
UNFINISHED = re.compile(r"\{\$[^}]*\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a Caddyfile; `block` is None when it opens none. `apart` leaves an empty line before it."""

    words: tuple[str, ...]
    block: "tuple[Line, ...] | None" = None
    comment: str = ""
    why: Why | None = None
    apart: bool = False


def line(*words: str, comment: str = "", why: Why | None = None, apart: bool = False) -> Line:
    """Make a line: `line("reverse_proxy", "api:3000")`."""
    return Line(words, None, comment, why, apart)


def block(
    *words: str, lines: Iterable[Line] = (), comment: str = "", why: Why | None = None, apart: bool = False
) -> Line:
    """Make a line with a block: a site by its addresses, a directive, or without words the global options."""
    return Line(words, tuple(lines), comment, why, apart)


def document(text: str, path: str) -> tuple[Line, ...]:
    """Return the lines of a Caddyfile as they stand, without comments; the reverse of `render`."""
    return tuple(_without_commas(_line_of(each)) for each in statements(text, path))


def _line_of(statement: Statement) -> Line:
    inside = None if statement.block is None else tuple(map(_line_of, statement.block))
    return Line(tuple(word.text for word in statement.words), inside)


def _without_commas(top: Line) -> Line:
    return replace(top, words=tuple(word.removesuffix(",") for word in top.words))


def render(lines: Iterable[Line]) -> Rendered:
    """Return a Caddyfile, or raise `UsageError` for a word that it cannot hold."""
    page = Page()
    for top in lines:
        page.blank()
        _write(page, top, "")
    return page.rendered()


def _write(page: Page, each: Line, indent: str) -> None:
    first = page.next_line
    page.write(comment_lines(each.comment, indent))
    words = list(map(_word, each.words))
    if not indent and each.block is not None:
        words = [f"{word}," for word in words[:-1]] + words[-1:]
    start = " ".join(words)
    if each.block is None:
        page.write([indent + start])
    else:
        page.write([f"{indent}{start} {{" if start else f"{indent}{{"])
        for index, inner in enumerate(each.block):
            if inner.apart and index:
                page.blank()
            _write(page, inner, indent + "\t")
        page.write([indent + "}"])
    page.explain(first, each.why)


def _word(text: str) -> str:
    if UNSAFE.search(text) or UNFINISHED.search(text) or text in {"{", "}"}:
        raise UsageError(
            f"{text[:40]!r} cannot stand in a Caddyfile: it has a line break, a control character or an open brace",
            remedy="correct the value where it comes from",
        )
    if PLAIN.fullmatch(text):
        return text
    if not ENDS_IN_BACKSLASH.search(text):
        return '"' + text.replace('"', '\\"') + '"'
    if "`" not in text:
        return f"`{text}`"
    raise UsageError(
        f"{text[:40]!r} has a backslash before a quotation mark, and a backquote: a Caddyfile cannot hold both",
        remedy="correct the value where it comes from",
    )
