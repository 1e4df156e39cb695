"""Small questions to the nodes of an expression, and to what they come to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bayplan.formats import typescript
from bayplan.formats.typescript import written
from bayplan.formats.typescript_values import UNKNOWN, Data, Items, Object, Table, Value, table

if TYPE_CHECKING:
    from tree_sitter import Node


def fragment(node: "Node") -> str:
    return typescript.unescaped(written(node)) if node.type == "escape_sequence" else written(node)


def number(digits: str) -> Data:
    plain = digits.replace("_", "")
    try:
        return int(plain) if plain.isdecimal() and len(plain) < 20 else float(plain)  # noqa: PLR2004
    except ValueError:
        return UNKNOWN


def parameters(function: "Node") -> "Iterator[Node]":
    single, holder = function.child_by_field_name("parameter"), function.child_by_field_name("parameters")
    if single is not None:
        yield single
    for each in holder.named_children if holder is not None else ():
        pattern = each.child_by_field_name("pattern")
        if pattern is not None:
            yield pattern


def member(data: Data, name: str) -> Data:
    if isinstance(data, Object):
        return data.member(name)
    if isinstance(data, Table):
        found = data.get(name)
        return found.data if found else UNKNOWN
    return UNKNOWN


def from_pairs(data: Data) -> Data:
    if not isinstance(data, Items):
        return UNKNOWN
    entries: dict[str, tuple[Value, tuple[int, int]]] = {}
    for pair in data.values:
        if not isinstance(pair.data, Items) or len(pair.data.values) != 2:  # noqa: PLR2004 - a key and a value
            return UNKNOWN
        key, value = pair.data.values
        if key.text is None:
            return UNKNOWN
        entries[key.text] = value, (pair.start, pair.end)
    return table(entries, whole=data.whole)
