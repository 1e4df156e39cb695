"""What an expression of TypeScript comes to without running it: plain values, and the place of each."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from bayplan.formats.document import Node

if TYPE_CHECKING:
    import tree_sitter

LARGEST = 5_000
"""How many values one may hold: a list of lists of lists grows without end."""
DEEPEST = 50
"""How deep they may be nested."""
LONGEST = 20_000
"""How long a text may be."""


class Unknown:
    """What only a run would tell."""

    __slots__ = ()


class Items(NamedTuple):
    """A list; `whole` says whether there can be no others in it."""

    values: "tuple[Value, ...]" = ()
    whole: bool = True
    extent: tuple[int, int] = (1, 1)
    """How many values it holds, and how deep they are nested."""


class Table(NamedTuple):
    """An object literal, each of its values with the place of its key."""

    entries: "Mapping[str, tuple[Value, tuple[int, int]]]" = MappingProxyType({})
    whole: bool = True
    extent: tuple[int, int] = (1, 1)

    def get(self, key: str) -> "Value | None":
        found = self.entries.get(key)
        return found[0] if found else None


class Function(NamedTuple):
    """A function of the file, or one that is given to it."""

    node: "tree_sitter.Node | None" = None
    scope: "Scope | None" = None
    call: "Callable[[tuple[Value, ...], tuple[int, int]], Data] | None" = None


class Object(NamedTuple):
    """A thing with members that are worked out when they are asked for; it is no value that a file can hold."""

    member: "Callable[[str], Data]"
    what: object = None


Data: TypeAlias = str | int | float | bool | Unknown | Items | Table | Function | Object | None
UNKNOWN = Unknown()


class Value(NamedTuple):
    """Data, and where it begins and ends in the text."""

    data: Data
    start: int
    end: int

    @property
    def text(self) -> str | None:
        return self.data if isinstance(self.data, str) else None

    @property
    def table(self) -> Table:
        """Return the table that this is, or one of which nothing is known."""
        return self.data if isinstance(self.data, Table) else Table(whole=False)


class Scope:
    """The names that are in force at some place."""

    __slots__ = ("names", "outer")

    def __init__(self, outer: "Scope | None" = None, names: dict[str, Data] | None = None) -> None:
        self.outer = outer
        self.names = names or {}

    def find(self, name: str) -> Data:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return UNKNOWN


def text(data: str) -> Data:
    """Return a text, or that it is unknown because it is longer than any hand would write it."""
    return data if len(data) <= LONGEST else UNKNOWN


def items(values: Sequence[Value], *, whole: bool = True) -> Data:
    """Return a list, or that it is unknown because it is larger than any hand would write it."""
    extent = _extent(values)
    return Items(tuple(values), whole, extent) if extent else UNKNOWN


def table(entries: Mapping[str, tuple[Value, tuple[int, int]]], *, whole: bool = True) -> Data:
    """Return a table, or that it is unknown because it is larger than any hand would write it."""
    extent = _extent([value for value, _ in entries.values()])
    return Table(dict(entries), whole, extent) if extent else UNKNOWN


def _extent(values: Sequence[Value]) -> tuple[int, int] | None:
    inner = [each.data.extent if isinstance(each.data, Items | Table) else (1, 0) for each in values]
    count, depth = 1 + sum(size for size, _ in inner), 1 + max((deep for _, deep in inner), default=0)
    return (count, depth) if count <= LARGEST and depth <= DEEPEST else None


def planted(value: Value, position: Callable[[int], int]) -> tuple[object, Node]:
    """Return a value as plain data with its places, of whose bytes `position` tells the characters.

    What is unknown is nothing, which fits everywhere; so is a list of which not all is known.
    """
    data, node = value.data, Node(position(value.start), position(value.end))
    if isinstance(data, Table):
        inner = {key: planted(each, position) for key, (each, _) in data.entries.items()}
        node.children = {key: child for key, (_, child) in inner.items()}
        node.keys = {key: Node(position(start), position(end)) for key, (_, (start, end)) in data.entries.items()}
        return {key: plain for key, (plain, _) in inner.items()}, node
    if isinstance(data, Items) and data.whole:
        values = [planted(each, position) for each in data.values]
        node.children = [child for _, child in values]
        return [plain for plain, _ in values], node
    return (None if isinstance(data, Unknown | Function | Object | Items) else data), node


def positions(data: bytes) -> Callable[[int], int]:
    """Return what tells the character that begins at a byte of a text."""
    if data.isascii():
        return lambda byte: byte
    starts = [index for index, each in enumerate(data.decode()) for _ in range(len(each.encode()))]
    return lambda byte: starts[byte] if byte < len(starts) else starts[-1] + 1
