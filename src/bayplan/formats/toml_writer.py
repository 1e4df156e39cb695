"""TOML as a person writes it: a heading for each table, room between them, comments above what they are about."""

import json
import math
import re
from collections.abc import Mapping, Sequence

from bayplan.formats.rendering import Page, comment_lines
from bayplan.formats.yaml_writer import UNPRINTABLE, Entry, Value
from bayplan.model.rendered import Rendered

BARE = re.compile(r"[A-Za-z0-9_-]+")
WIDTH = 100
"""How long a list may be that stands in one line."""


def render(document: Value) -> Rendered:
    """Return a document as TOML. Its top level is a mapping, and so is what stands under a heading."""
    page = Page()
    root = document if isinstance(document, Entry) else Entry(document)
    for line in root.comment.splitlines():
        page.write(comment_lines(line), root.why)
    page.blank()
    if isinstance(root.value, Mapping):
        _Writer(page).table((), root.value)
    return page.rendered()


class _Writer:
    def __init__(self, page: Page) -> None:
        self.page = page

    def table(self, route: tuple[str, ...], table: Mapping[str, Value]) -> None:
        """Write the entries of a table: what stands in a line first, as TOML wants it, and then what has a heading."""
        entries = [(key, _entry_of(value)) for key, value in table.items()]
        for key, entry in entries:
            if not _has_heading(entry):
                self._line(key, entry)
        for key, entry in entries:
            if _has_heading(entry):
                self._headed((*route, key), entry)

    def _line(self, key: str, entry: Entry) -> None:
        if entry.value is None:
            return
        first = self.page.next_line
        self.page.write(comment_lines(entry.comment))
        self.page.write(f"{_key(key)} = {_text_of(entry.value)}".split("\n"))
        self.page.explain(first, entry.why)

    def _headed(self, route: tuple[str, ...], entry: Entry) -> None:
        name = ".".join(map(_key, route))
        if isinstance(entry.value, Mapping):
            self._under(f"[{name}]", route, entry)
        elif isinstance(entry.value, Sequence):
            for item in map(_entry_of, entry.value):
                self._under(
                    f"[[{name}]]", route, Entry(item.value, item.comment or entry.comment, item.why or entry.why)
                )

    def _under(self, heading: str, route: tuple[str, ...], entry: Entry) -> None:
        table = entry.value if isinstance(entry.value, Mapping) else {}
        self.page.blank()
        first = self.page.next_line
        self.page.write(comment_lines(entry.comment))
        if heading.startswith("[[") or not table or not all(_has_heading(_entry_of(each)) for each in table.values()):
            self.page.write([heading])
        self.table(route, table)
        self.page.explain(first, entry.why)


def _entry_of(value: Value) -> Entry:
    return value if isinstance(value, Entry) else Entry(value)


def _has_heading(entry: Entry) -> bool:
    """Say whether a value stands under a heading of its own: a table, or a list of tables."""
    value = entry.value
    if isinstance(value, Mapping):
        return not entry.in_line
    if isinstance(value, Sequence) and not isinstance(value, str):
        return bool(value) and all(isinstance(_entry_of(each).value, Mapping) for each in value)
    return False


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _escaped(name)


def _text_of(value: Value) -> str:
    """Return a value as it stands behind its key."""
    if isinstance(value, Entry):
        return _text_of(value.value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(value) if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_text_of(each)}" for key, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, Sequence):
        return _list([_text_of(each) for each in value])
    return str(value)


def _list(items: Sequence[str]) -> str:
    in_line = f"[{', '.join(items)}]"
    if len(in_line) <= WIDTH and "\n" not in in_line:
        return in_line
    return "\n".join(["[", *(f"  {item}," for item in items), "]"])


def quoted(text: str) -> str:
    """Return a text in the quotes that need the fewest escapes; one of several lines keeps them."""
    is_plain = not UNPRINTABLE.search(text) and "\t" not in text and "\r" not in text
    if is_plain and "\n" in text and not re.search(r'\\|"""|"\Z', text):
        return f'"""\n{text}"""'
    if is_plain and "\n" not in text and re.search(r'["\\]', text) and "'" not in text:
        return f"'{text}'"
    return _escaped(text)


def _escaped(text: str) -> str:
    return re.sub(r"[\x7f-\x9f]", _escape, UNPRINTABLE.sub(_escape, json.dumps(text, ensure_ascii=False)))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
