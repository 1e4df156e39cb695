"""A parsed YAML or JSON file: plain values, and the place of each."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from bayplan.errors import BrokenFileError
from bayplan.source import At, Located

MERGE_MARK = re.compile(r"^<{7} ", re.MULTILINE)
Key: TypeAlias = str | int
"""A mapping's key, or the index of a list's item."""


@dataclass(slots=True)
class Node:
    """The extent of a value in its text, and those of what it holds. Offsets count characters."""

    start: int
    end: int
    tag: str = ""
    """A YAML tag such as `!reset`, where the file writes one."""
    children: "dict[str, Node] | list[Node]" = field(default_factory=list)
    keys: "dict[str, Node]" = field(default_factory=dict)
    size: int = 1


@dataclass(frozen=True, slots=True)
class Grown:
    """What a closer look at a text finds: its tree, and the keys that one mapping states twice."""

    root: Node
    repeated: tuple[tuple[tuple[Key, ...], Node], ...] = ()


def route_text(route: tuple[Key, ...]) -> str:
    """Return a route as it is shown: `services.api.ports[0]`."""
    text = ""
    for key in route:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def unmerged(text: str, file: str) -> BrokenFileError | None:
    """Return what to say about a text that git left with both sides of a merge, None where it did not."""
    mark = MERGE_MARK.search(text)
    if mark is None:
        return None
    return BrokenFileError(
        f"{file} holds both sides of a merge that nobody finished",
        at=At(file, text.count("\n", 0, mark.start()) + 1, 1, 7),
        remedy="keep one side and remove the marks; a lockfile is made right by the package manager's own install",
    )


def _holds(value: object, key: Key) -> bool:
    if isinstance(value, dict):
        return key in value
    return isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value)


class Document:
    """Plain values under `data`; mappings have text keys only. Places are worked out when they are asked for."""

    def __init__(self, file: str, text: str, data: object, grow: Callable[[], Grown]) -> None:
        self.file = file
        self.source = text
        self.data = data
        self._grow = grow

    @cached_property
    def _grown(self) -> Grown:
        return self._grow()

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        position = self.source.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.source.find("\n", position + 1)
        return starts

    def get(self, *route: Key, default: object = None) -> object:
        """Return the value at a route, or the default when nothing is there."""
        value = self.data
        for key in route:
            if not _holds(value, key):
                return default
            value = value[key]  # type: ignore[index]
        return value

    def text(self, *route: Key) -> str | None:
        """Return the text at a route; None when it is not text."""
        value = self.get(*route)
        return value if isinstance(value, str) else None

    def texts(self, *route: Key) -> tuple[str, ...]:
        """Return the texts of the list at a route; what is not text is left out; a lone text is a list of one."""
        value = self.get(*route)
        if isinstance(value, str):
            return (value,)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

    def mapping(self, *route: Key) -> Mapping[str, object]:
        """Return the mapping at a route, or an empty one."""
        value = self.get(*route)
        return value if isinstance(value, dict) else {}

    def items(self, *route: Key) -> list[object]:
        """Return the list at a route, or an empty one."""
        value = self.get(*route)
        return value if isinstance(value, list) else []

    def located(self, *route: Key) -> Located[str] | None:
        """Return the text at a route with its place."""
        value = self.text(*route)
        return None if value is None else Located(value, self.at(*route))

    def at(self, *route: Key) -> At:
        """Return the place of the value at a route, or of the nearest thing around it that exists."""
        return self._place(self._deepest(route), route)

    def key_at(self, *route: Key) -> At:
        """Return the place of the key at a route; a list's item, which has none, gives its own place."""
        around = self._deepest(route[:-1])
        key = around.keys.get(route[-1]) if route and isinstance(route[-1], str) else None
        return self._place(key or self._deepest(route), route)

    def place(self, start: int, end: int) -> At:
        """Return the place of some part of the text."""
        return self._place(Node(start, end), ())

    def span(self, *route: Key) -> tuple[int, int]:
        """Return where in the text the value at a route begins and ends."""
        node = self._deepest(route)
        return node.start, node.end

    def tag(self, *route: Key) -> str:
        """Return the YAML tag written before the value at a route (`!reset`)."""
        return self._deepest(route).tag

    def repeated(self) -> Iterator[At]:
        """Yield the place of each key that its mapping has stated before."""
        for route, key in self._grown.repeated:
            yield self._place(key, route)

    def _deepest(self, route: tuple[Key, ...]) -> Node:
        node = self._grown.root
        for key in route:
            if not _holds(node.children, key):
                break
            node = node.children[key]  # type: ignore[index]
        return node

    def _place(self, node: Node, route: tuple[Key, ...]) -> At:
        start = min(node.start, len(self.source))
        line = bisect_right(self._line_starts, start)
        line_start = self._line_starts[line - 1]
        line_end = self.source.find("\n", start)
        end = min(node.end, line_end if line_end >= 0 else len(self.source))
        return At(self.file, line, start - line_start + 1, max(end - start, 0), route_text(route))
