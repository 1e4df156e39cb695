"""YAML as plain values with places, by the 1.2 core schema: `on`, `yes` and `22:22` are texts, as in Node.js and Go.

Composed from the parser's events and not by the library's own composer, which overflows the stack on deep nesting.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bayplan.errors import BrokenFileError
from bayplan.formats.document import Document, Grown, Key, Node, unmerged
from bayplan.source import At

if TYPE_CHECKING:
    from yaml.events import Event, ScalarEvent

DEEPEST = 200
MOST_FROM_ALIASES = 200_000
PLAIN_TAG = "tag:yaml.org,2002:"

INTEGER = re.compile(r"[-+]?[0-9]{1,300}|0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
CONSTANTS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def load(text: str, file: str) -> Document:
    """Return the only document of a text (an empty one has None as its data), or raise `BrokenFileError`."""
    documents = load_all(text, file)
    if len(documents) > 1:
        second = documents[1].at()
        raise BrokenFileError(
            f"{file} holds {len(documents)} YAML documents", at=second, remedy="keep one, or split the file at `---`"
        )
    return documents[0] if documents else Document(file, text, None, lambda: Grown(Node(0, 0)))


def load_all(text: str, file: str) -> list[Document]:
    """Return every document of a text, or raise `BrokenFileError` with the place of what is wrong."""
    import yaml

    try:
        return list(_Composer(text, file).documents())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = At(file, mark.line + 1, mark.column + 1) if mark else At(file)
        said = error.problem or error.context or "it cannot be parsed"
        raise unmerged(text, file) or BrokenFileError(
            f"{file} is not valid YAML: {said}", at=at, remedy="correct the syntax there"
        ) from error
    except yaml.YAMLError as error:
        said = str(getattr(error, "reason", None) or error).splitlines()[0]
        raise BrokenFileError(
            f"{file} is not valid YAML: {said}", at=_reader_place(text, file, error), remedy="remove that character"
        ) from error
    except UnicodeEncodeError as error:
        raise BrokenFileError(
            f"{file} is not UTF-8 text", at=At(file, text.count("\n", 0, error.start) + 1), remedy="save it as UTF-8"
        ) from error


def _reader_place(text: str, file: str, error: Exception) -> At:
    position = getattr(error, "position", None)
    if not isinstance(position, int) or position < 0:
        return At(file)
    before = text.encode()[:position].decode(errors="ignore")
    return At(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


def plain_value(text: str) -> object:
    """Return what an unquoted scalar means."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] not in "-+.0123456789":
        return text
    if INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    return float(text) if FLOAT.fullmatch(text) else text


def _start(event: "Event") -> int:
    return event.start_mark.index if event.start_mark else 0


def _end(event: "Event") -> int:
    return event.end_mark.index if event.end_mark else 0


class _Composer:
    def __init__(self, text: str, file: str) -> None:
        import yaml

        self.text = text
        self.file = file
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events: Iterator[Event] = yaml.parse(text, Loader=loader)
        self._start_document()

    def _start_document(self) -> None:
        self.anchors: dict[str, tuple[object, Node] | None] = {}
        self.repeated: list[tuple[tuple[Key, ...], Node]] = []
        self.from_aliases = 0

    def documents(self) -> Iterator[Document]:
        from yaml.events import DocumentStartEvent

        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                self._start_document()
                data, root = self._value(next(self.events), ())
                grown = Grown(root, tuple(self.repeated))
                yield Document(self.file, self.text, data, lambda grown=grown: grown)  # type: ignore[misc]

    def _broken(self, what: str, event: "Event", remedy: str) -> BrokenFileError:
        start = _start(event)
        line = self.text.count("\n", 0, start) + 1
        column = start - self.text.rfind("\n", 0, start)
        return BrokenFileError(f"{self.file} {what}", at=At(self.file, line, column), remedy=remedy)

    def _value(self, event: "Event", route: tuple[Key, ...]) -> tuple[object, Node]:
        from yaml.events import AliasEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

        if isinstance(event, AliasEvent):
            return self._alias(event)
        if len(route) > DEEPEST:
            raise self._broken("is nested too deeply", event, f"nest no deeper than {DEEPEST} levels")
        anchor: str | None = event.anchor  # type: ignore[attr-defined]
        if anchor is not None:
            self.anchors[anchor] = None
        made: tuple[object, Node]
        if isinstance(event, ScalarEvent):
            made = _scalar(event), self._node(event)
        elif isinstance(event, SequenceStartEvent):
            made = self._sequence(event, route)
        elif isinstance(event, MappingStartEvent):
            made = self._mapping(event, route)
        if anchor is not None:
            self.anchors[anchor] = made
        return made

    def _node(self, event: "Event") -> Node:
        tag = getattr(event, "tag", None) or ""
        shown = "" if tag.startswith(PLAIN_TAG) or tag == "!" else tag
        return Node(_start(event), _end(event), shown)

    def _alias(self, event: "Event") -> tuple[object, Node]:
        name: str = event.anchor  # type: ignore[attr-defined]
        if name not in self.anchors:
            raise self._broken(f"uses *{name}, which no &{name} defines", event, "define it before it is used")
        known = self.anchors[name]
        if known is None:
            raise self._broken(f"uses *{name} inside &{name} itself", event, "write the value out")
        data, node = known
        self.from_aliases += node.size
        if self.from_aliases > MOST_FROM_ALIASES:
            raise self._broken("expands its aliases to an enormous value", event, "write the values out")
        return data, replace(node, start=_start(event), end=_end(event))

    def _sequence(self, start: "Event", route: tuple[Key, ...]) -> tuple[object, Node]:
        from yaml.events import SequenceEndEvent

        data: list[object] = []
        node = self._node(start)
        children: list[Node] = []
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                node.end = max(_end(event), node.end)
                break
            value, child = self._value(event, (*route, len(data)))
            data.append(value)
            children.append(child)
            node.size += child.size
        node.children = children
        return data, node

    def _mapping(self, start: "Event", route: tuple[Key, ...]) -> tuple[object, Node]:
        from yaml.events import MappingEndEvent

        data: dict[str, object] = {}
        node = self._node(start)
        children: dict[str, Node] = {}
        merged: list[tuple[object, Node]] = []
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                node.end = max(_end(event), node.end)
                break
            key, merges = self._key(event)
            key_node = self._node(event)
            value, child = self._value(next(self.events), (*route, key))
            node.size += child.size
            if merges:
                merged.append((value, child))
                continue
            if key in data:
                self.repeated.append(((*route, key), key_node))
            data[key] = value
            children[key] = child
            node.keys[key] = key_node
        node.children = children
        for value, child in merged:
            _merge(data, node, children, value, child)
        return data, node

    def _key(self, event: "Event") -> tuple[str, bool]:
        from yaml.events import AliasEvent, ScalarEvent

        if isinstance(event, AliasEvent):
            value = self._alias(event)[0]
            if not isinstance(value, dict | list):
                return str(value), False
        elif isinstance(event, ScalarEvent):
            if event.anchor is not None:
                self.anchors[event.anchor] = event.value, self._node(event)
            return event.value, event.value == "<<" and event.implicit[0]
        raise self._broken("has a list or a mapping as a key", event, "use a text as the key")


def _scalar(event: "ScalarEvent") -> object:
    tag = event.tag
    if (event.implicit[0] and tag is None) or tag in (f"{PLAIN_TAG}int", f"{PLAIN_TAG}float", f"{PLAIN_TAG}bool"):
        return plain_value(event.value)
    return None if tag == f"{PLAIN_TAG}null" else event.value


def _merge(data: dict[str, object], node: Node, children: dict[str, Node], value: object, child: Node) -> None:
    """Add what `<<` brings; what the mapping states itself, or an earlier merge brought, stays."""
    if isinstance(value, list) and isinstance(child.children, list):
        for each, its_node in zip(value, child.children, strict=True):
            if isinstance(each, dict):
                _merge(data, node, children, each, its_node)
    elif isinstance(value, dict) and isinstance(child.children, dict):
        for key, each in value.items():
            if key not in data:
                data[key] = each
                children[key] = child.children[key]
                node.keys[key] = child.keys[key]
