"""What a platform takes in its file, as its data table says, and what a file has that it does not take."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from math import inf
from typing import Any, NamedTuple, TypeAlias

from bayplan.formats.document import Document, Key, route_text
from bayplan.model.deployment import Fault, Irregular

Table: TypeAlias = Mapping[str, Any]
Route: TypeAlias = tuple[Key, ...]

MOST = 5000
"""How many values of one file are looked at."""
MOST_FOUND = 100
"""How much of one file is told: who made the same slip everywhere sees it before."""
MOST_WORDS = 12
"""How many there may be to choose from before a message names the nearest only."""
DURATION = r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+|\d+"
LIKE_A_VALUE = r"true|false|-?\d{1,20}(?:\.\d{1,20})?"
WORDS = {
    "text": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "duration": "a duration such as `10s`",
    "port": "a port",
    "expression": "an expression such as `${{ inputs.name }}`",
}
HIGHEST_PORT = 65535
LIST, MAP = "[]", "{}"


class Kind(NamedTuple):
    """One form that a value may have: `text`, `'word'`, `@shape`; a list `[]` or a map `{}` of other forms."""

    name: str
    inner: "tuple[Kind, ...]" = ()

    @property
    def shape(self) -> str:
        return self.name[1:] if self.name.startswith("@") else ""


@cache
def kinds(text: str) -> tuple[Kind, ...]:
    """Return the forms that a text of the table allows."""
    return tuple(_kind(each.strip()) for each in _alternatives(text))


def _alternatives(text: str) -> Iterator[str]:
    depth = start = 0
    for index, mark in enumerate(text):
        depth += (mark == "{") - (mark == "}")
        if mark == "|" and not depth:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def _kind(form: str) -> Kind:
    if form.endswith("[]"):
        return Kind(LIST, kinds(form[:-2]))
    if form.startswith("{"):
        return Kind(MAP, kinds(form[1:-1]))
    return Kind(form)


def irregularities(document: Document, table: Table, shape: str = "file") -> tuple[Irregular, ...]:
    """Return what a file has that its platform does not take, in the order of its keys."""
    return first(_Checking(document, table).found(shape))


def first(found: Iterable[Irregular]) -> tuple[Irregular, ...]:
    """Return as much of what was found as is told of one file."""
    return tuple(islice(found, MOST_FOUND))


class _Checking:
    def __init__(self, document: Document, table: Table) -> None:
        self.document = document
        self.table = table
        self.title: str = table["title"]
        self.rows: dict[tuple[str, str], list[tuple[Fault, Table]]] = {}
        for fault in (Fault.OLD, Fault.IGNORED, Fault.REFUSED):
            for row in table.get(fault.value, ()):
                for key in row.get("keys") or (row["key"],):
                    self.rows.setdefault((row["shape"], key), []).append((fault, row))

    def found(self, shape: str) -> Iterator[Irregular]:
        waiting: deque[tuple[str, Route]] = deque([(shape, ())])
        seen = 0
        while waiting and seen < MOST:
            name, route = waiting.popleft()
            data = self.document.get(*route)
            if not isinstance(data, Mapping):
                continue
            yield from self._missing(name, data, route)
            for key, value in data.items():
                seen += 1
                here = (*route, key)
                allowed = self._allowed(name, key)
                old = list(self._said(name, key, value, data, here))
                yield from old
                if allowed is None:
                    yield from () if old else (self._unknown(name, key, here),)
                elif isinstance(value, str) and len(value) > self._longest(name, key):
                    yield self._long(len(value), self._longest(name, key), here)
                elif value is not None and not any(each.fault is Fault.OLD for each in old):
                    any_case = isinstance(value, str) and key in self.table["shape"][name].get("any_case", ())
                    meant = str(value).lower() if any_case else value
                    yield from self._judged(kinds(allowed), meant, here, waiting)

    def _allowed(self, shape: str, key: str) -> str | None:
        keys = self.table["shape"][shape]["keys"]
        found = keys.get(key, keys.get("*"))
        return found if found is None else str(found)

    def _longest(self, shape: str, key: str) -> float:
        return float(self.table["shape"][shape].get("longest", {}).get(key, inf))

    def _judged(
        self, allowed: tuple[Kind, ...], value: object, route: Route, waiting: deque[tuple[str, Route]]
    ) -> Iterator[Irregular]:
        """Judge a value by the forms it may have; what is a table of a shape is looked at later."""
        inner = tuple(each for kind in allowed if kind.name == _holder(value) for each in kind.inner)
        if isinstance(value, list) and inner:
            for index, each in enumerate(value):
                if each is not None:
                    yield from self._judged(inner, each, (*route, index), waiting)
        elif isinstance(value, Mapping) and (shapes := [each.shape for each in allowed if each.shape]):
            waiting.append((self._fitting(shapes, value), route))
        elif isinstance(value, Mapping) and inner:
            for key, each in value.items():
                if each is not None:
                    yield from self._judged(inner, each, (*route, key), waiting)
        elif not any(_fits(each, value) for each in allowed):
            yield self._wrong(allowed, value, route)

    def _fitting(self, shapes: list[str], value: Mapping[str, object]) -> str:
        """Return the shape that a table has the most keys of."""
        known = self.table["shape"]
        return max(shapes, key=lambda name: len(known[name]["keys"].keys() & value.keys()))

    def _missing(self, shape: str, data: Mapping[str, object], route: Route) -> Iterator[Irregular]:
        for key in self.table["shape"][shape].get("needs", ()):
            if not any(each in data for each in key.split(" | ")):
                what = f"`{route_text(route)}`" if route else self.document.file
                missing = " or ".join(f"`{each}`" for each in key.split(" | "))
                yield Irregular(
                    Fault.WRONG,
                    f"{what} has no {missing}, which {self.title} needs there",
                    self.document.key_at(*route),
                    f"{self.title} refuses the file",
                    f"add {missing}",
                )

    def _said(
        self, shape: str, key: str, value: object, beside: Mapping[str, object], route: Route
    ) -> Iterator[Irregular]:
        """Yield what the table says of a key in just this place: that it is old, ignored or refused."""
        for fault, row in self.rows.get((shape, key), ()):
            if _applies(row, value, beside):
                message = _message(fault, self.title, route, row, beside)
                yield Irregular(fault, message, self.document.key_at(*route), row["because"], _help(fault, row))

    def _unknown(self, shape: str, key: str, route: Route) -> Irregular:
        from difflib import get_close_matches

        keys = [each for each in self.table["shape"][shape]["keys"] if each != "*"]
        near = get_close_matches(key, keys, 1, 0.7) or get_close_matches(key.lower(), [k.lower() for k in keys], 1, 0.7)
        meant = next((each for each in keys if near and each.lower() == near[0].lower()), None)
        where = f" in `{route_text(route[:-1])}`" if route[:-1] else ""
        return Irregular(
            Fault.UNKNOWN,
            f"`{key}`{where} is no key that {self.title} knows" + (f"; did you mean `{meant}`?" if meant else ""),
            self.document.key_at(*route),
            self.table.get("unknown", "it is passed over: what it should say is not said"),
            f"write `{meant}`" if meant else f"remove it; there are {', '.join(f'`{each}`' for each in sorted(keys))}",
        )

    def _long(self, length: int, longest: float, route: Route) -> Irregular:
        return Irregular(
            Fault.WRONG,
            f"`{route_text(route)}` has {length} characters, and {self.title} takes {longest:g}",
            self.document.at(*route),
            f"{self.title} refuses it, or nothing reaches it under its name",
            "shorten it; the names that bayplan writes begin with `name` of bayplan.yaml",
        )

    def _wrong(self, allowed: tuple[Kind, ...], value: object, route: Route) -> Irregular:
        wanted = _wanted([_words(each) for each in allowed], value)
        return Irregular(
            Fault.WRONG,
            f"`{route_text(route)}` is {_shown(value)}, and {self.title} takes {wanted}",
            self.document.at(*route),
            f"{self.title} refuses the file, or takes it for something else",
            f"give it {wanted}",
        )


def _wanted(words: list[str], value: object) -> str:
    """Return what there is to choose from; of very much only what comes near."""
    every = list(dict.fromkeys(words))
    if len(every) <= MOST_WORDS:
        return " or ".join(every)
    from difflib import get_close_matches

    near = get_close_matches(f"`{value}`", every, 3, 0.7)
    return " or ".join(near) or f"one of {len(every)} others such as {every[0]}"


def _holder(value: object) -> str:
    return LIST if isinstance(value, list) else MAP if isinstance(value, Mapping) else ""


def _fits(kind: Kind, value: object) -> bool:
    if kind.inner or kind.shape:
        return False
    return value == kind.name[1:-1] if kind.name.startswith("'") else FITS[kind.name](value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_date(value: object) -> bool:
    """Say whether this is a date or time, which a reader of YAML or TOML makes of a text that looks like one."""
    return hasattr(value, "isoformat")


FITS: Mapping[str, Callable[[object], bool]] = {
    "any": lambda _: True,
    "text": lambda value: isinstance(value, str) or _is_date(value),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and isinstance(value, int),
    "number": _is_number,
    "port": lambda value: isinstance(value, int) and _is_number(value) and 0 < value <= HIGHEST_PORT,
    "duration": lambda value: (
        _is_number(value) or (isinstance(value, str) and re.fullmatch(DURATION, value) is not None)
    ),
    "expression": lambda value: isinstance(value, str) and "${{" in value,
}


def _words(kind: Kind) -> str:
    if kind.name == LIST:
        return f"a list of {' or '.join(_words(each) for each in kind.inner)}"
    if kind.name == MAP or kind.shape:
        return "a table" if kind.shape else "a table of names and values"
    return f"`{kind.name[1:-1]}`" if kind.name.startswith("'") else WORDS.get(kind.name, kind.name)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    if isinstance(value, str) and re.fullmatch(LIKE_A_VALUE, value):
        return f'the text `"{text}"`'
    return f"`{text}`" if len(text) <= 40 else "a long text"  # noqa: PLR2004 - what fits into a line


def _applies(row: Table, value: object, beside: Mapping[str, object]) -> bool:
    if "values" in row and not _is_among(value, row["values"]):
        return False
    if _is_among(value, row.get("but", ())):
        return False
    return all(beside.get(key) in allowed for key, allowed in row.get("when", {}).items())


def _is_among(value: object, values: Iterable[object]) -> bool:
    return any(value is each or (type(value) is type(each) and value == each) for each in values)


def _message(fault: Fault, title: str, route: Route, row: Table, beside: Mapping[str, object]) -> str:
    key = f"`{route_text(route)}`"
    if fault is Fault.OLD:
        return f"{key} is an old form that {title} {row.get('taken', 'still takes')}"
    here = " and ".join(f"{each} {beside.get(each)}" for each in row.get("when", {}))
    done = "is ignored" if fault is Fault.IGNORED else "is refused"
    return f"{key} {done} by {title}" + (f" with {here}" if here else "")


def _help(fault: Fault, row: Table) -> str:
    return f"write {row['now']}" if fault is Fault.OLD else str(row.get("instead", "remove it"))
