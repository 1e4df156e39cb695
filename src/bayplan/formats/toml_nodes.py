"""TOML as plain values with places. The places come from a look at each line, for the standard reader keeps none."""

import re
import tomllib
from collections.abc import Mapping

from bayplan.errors import BrokenFileError
from bayplan.formats.document import Document, Grown, Key, Node, unmerged
from bayplan.source import At

DEEPEST = 100

NAME = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
NAMES = re.compile(NAME)
DOTTED = rf"{NAME}(?:[ \t]*\.[ \t]*{NAME})*"
TABLE = re.compile(rf"[ \t]*(\[\[?)[ \t]*({DOTTED})[ \t]*\]")
ENTRY = re.compile(rf"[ \t]*({DOTTED})[ \t]*=[ \t]*([^\n]*)")
TEXT = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'[^']*'""")
PLACE = re.compile(r"at line ([0-9]+), column ([0-9]+)")


def load(text: str, file: str) -> Document:
    """Return a TOML text's document, or raise `BrokenFileError` with the place of what is wrong."""
    try:
        data = tomllib.loads(text)
        if _is_deep(data):
            raise _too_much(file)
    except tomllib.TOMLDecodeError as error:
        place = PLACE.search(str(error))
        at = At(file, int(place.group(1)), int(place.group(2))) if place else At(file, text.count("\n") + 1)
        said = PLACE.sub("", str(error)).removesuffix(" ()").removesuffix("(").strip()
        raise unmerged(text, file) or BrokenFileError(
            f"{file} is not valid TOML: {said}", at=at, remedy="correct the syntax there"
        ) from error
    except (RecursionError, ValueError) as error:
        raise _too_much(file) from error
    return Document(file, text, data, lambda: Grown(_Scan(text, data).root()))


def _too_much(file: str) -> BrokenFileError:
    return BrokenFileError(
        f"{file} is nested too deeply, or holds a number that is too long", at=At(file), remedy="write it more simply"
    )


def _is_deep(data: object) -> bool:
    level = [data]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


class _Scan:
    def __init__(self, text: str, data: Mapping[str, object]) -> None:
        self.text = text
        self.data = data
        self.keys: dict[tuple[Key, ...], tuple[int, int]] = {}
        self.values: dict[tuple[Key, ...], tuple[int, int]] = {}
        self.counts: dict[tuple[Key, ...], int] = {}

    def root(self) -> Node:
        table: tuple[Key, ...] = ()
        offset = 0
        for line in self.text.split("\n"):
            if header := TABLE.match(line):
                table = self._route((), header.group(2), offset + header.start(2), new_item=header.group(1) == "[[")
                self.keys.setdefault(table, (offset + header.start(2), offset + header.end(2)))
            elif entry := ENTRY.match(line):
                route = self._route(table, entry.group(1), offset + entry.start(1), new_item=False)
                self.keys.setdefault(route, (offset + entry.start(1), offset + entry.end(1)))
                text = TEXT.match(line, entry.start(2))
                end = text.end() if text else len(line.partition("#")[0].rstrip())
                self.values.setdefault(route, (offset + entry.start(2), offset + end))
            offset += len(line) + 1
        return self._node((), self.data, (0, len(self.text)))

    def _route(self, table: tuple[Key, ...], dotted: str, offset: int, *, new_item: bool) -> tuple[Key, ...]:
        """Return the route of a dotted name; inside a list of tables it is the one begun last.

        What it goes through has its place there too, when no heading of its own comes before.
        """
        route = table
        names = [(match.group().strip("\"'"), match.span()) for match in NAMES.finditer(dotted)]
        for index, (name, (start, end)) in enumerate(names):
            route = (*route, name)
            is_item = new_item and index == len(names) - 1
            if is_item or index < len(names) - 1:
                self.keys.setdefault(route, (offset + start, offset + end))
            if is_item:
                self.counts[route] = self.counts.get(route, -1) + 1
            if route in self.counts:
                route = (*route, self.counts[route])
        return route

    def _node(self, route: tuple[Key, ...], value: object, around: tuple[int, int]) -> Node:
        start, end = self.values.get(route) or self.keys.get(route) or around
        node = Node(start, end)
        if isinstance(value, Mapping):
            node.children = {name: self._node((*route, name), each, (start, end)) for name, each in value.items()}
            node.keys = {name: Node(*self.keys[(*route, name)]) for name in value if (*route, name) in self.keys}
        elif isinstance(value, list):
            node.children = [self._node((*route, index), each, (start, end)) for index, each in enumerate(value)]
        return node
