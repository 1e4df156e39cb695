"""What the types of `model/config.py` accept, in one place for the loader, the schema and the reference."""

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from bayplan.model.config import Between, Form

SPELLED = {"yes": True, "on": True, "no": False, "off": False, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a section: its name, the type of its value, and its default (`MISSING` when it must be given)."""

    name: str
    type: Any
    field: Field[Any]

    @property
    def required(self) -> bool:
        return self.name == "version"

    @property
    def speaks_alone(self) -> bool:
        """Whether it says something without a value."""
        return bool(self.field.metadata.get("alone"))

    @property
    def default(self) -> Any:
        return self.field.default if self.field.default is not MISSING else None


@cache
def keys(section: type) -> tuple[Key, ...]:
    """Return the keys of a section in the order in which the model states them."""
    hints = get_type_hints(section, include_extras=True)
    return tuple(
        Key(each.name, without_none(hints[each.name]), each)
        for each in fields(section)
        if not each.metadata.get("internal")
    )


def without_none(kind: Any) -> Any:
    """Return a type without its None, which in the file is a key left empty."""
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    rest = [each for each in get_args(kind) if each is not types.NoneType]
    return rest[0] if len(rest) == 1 else Union[tuple(rest)]  # noqa: UP007 - built at run time


def alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def section_of(kind: Any) -> type | None:
    return kind if isinstance(kind, type) and is_dataclass(kind) else None


def mapping_of(kind: Any) -> tuple[Any, Any] | None:
    """Return the types of the keys and values of a mapping type."""
    if get_origin(kind) is not Mapping:
        return None
    key, value = get_args(kind)
    return key, value


def item_of(kind: Any) -> Any:
    """Return the type of the items of a list type, None for another type."""
    return get_args(kind)[0] if get_origin(kind) is tuple else None


def words(kind: Any) -> str:
    """Say what is accepted, for people."""
    said = [_words(each) for each in alternatives(kind)]
    return ", or ".join(said)


def _words(kind: Any) -> str:
    if get_origin(kind) is Annotated:
        base, limit = get_args(kind)
        if isinstance(limit, Form):
            return limit.words
        number = "a whole number" if base is int else "a number"
        return f"{number} from {limit.least:g} to {limit.most:g}"
    if get_origin(kind) is Literal:
        *most, last = [f"`{str(each).lower()}`" for each in get_args(kind)]
        return f"{', '.join(most)} or {last}" if most else last
    if item_of(kind) is not None:
        return "a list"
    if mapping_of(kind) or section_of(kind):
        return "keys with values"
    return {str: "text", bool: "`true` or `false`", int: "a whole number", float: "a number"}[kind]


def accepts(kind: Any, value: object) -> bool:
    """Say whether a scalar type accepts a value."""
    return any(_accepts(each, value) for each in alternatives(kind))


def _accepts(kind: Any, value: object) -> bool:
    if get_origin(kind) is Annotated:
        base, limit = get_args(kind)
        return _accepts(base, value) and _within(limit, value)
    if get_origin(kind) is Literal:
        return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in get_args(kind))
    if kind is int:
        return _is_number(value) and float(value).is_integer()  # type: ignore[arg-type]
    return _is_number(value) if kind is float else isinstance(value, kind)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300  # noqa: PLR2004 - finite


def _within(limit: Form | Between, value: Any) -> bool:
    if isinstance(limit, Form):
        return re.fullmatch(limit.pattern, value) is not None
    return bool(limit.least <= value <= limit.most)


def plain(kind: Any, value: Any) -> Any:
    """Return an accepted scalar as its type has it: `4000.0` is a whole number too."""
    return int(value) if isinstance(value, float) and not accepts_fractions(kind) else value


def accepts_fractions(kind: Any) -> bool:
    return float in (kind, *get_args(kind))


def near(kind: Any, value: object) -> str | None:
    """Return how the user could have meant it: the first variation that is accepted, as YAML writes it."""
    for variation in _variations(kind, value):
        if accepts(kind, variation):
            return shown(variation)
    return None


def _variations(kind: Any, value: object) -> Iterator[object]:
    from difflib import get_close_matches

    if isinstance(value, bool):
        yield str(value).lower()
        return
    if isinstance(value, int | float):
        yield str(value)
        yield from (f"{value}{unit}" for unit in ("MB", "s"))
        return
    if not isinstance(value, str):
        return
    text = value.strip()
    if text.lower() in SPELLED:
        yield SPELLED[text.lower()]
    if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", text):
        yield float(text) if "." in text else int(text)
    unit = re.fullmatch(r"([0-9.]+)\s*([A-Za-z]+)", text)
    if unit:
        number, name = unit.groups()
        yield from (f"{number}{name[0].upper()}B", f"{number}{name[0].lower()}")
    yield from (
        text,
        text.replace("localhost", "127.0.0.1"),
        text.lower(),
        text.removeprefix("./").strip("/"),
        f"/{text.removeprefix('./')}",
        text.split(":")[0],
    )
    choices = [each for one in alternatives(kind) if get_origin(one) is Literal for each in get_args(one)]
    yield from get_close_matches(text, [each for each in choices if isinstance(each, str)], n=1)


def shown(value: object) -> str:
    """Show a value as YAML would write it, briefly."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        text = value if len(value) <= 60 else value[:57] + "..."  # noqa: PLR2004 - a width for people
        return '"' + text.replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "keys with values"
    return "a list" if isinstance(value, list) else str(value)[:60]
