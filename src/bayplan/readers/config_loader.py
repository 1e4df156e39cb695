"""Plain values → the types of `model/config.py`, collecting every mistake on the way."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bayplan.formats.document import Document
from bayplan.model.config import Config
from bayplan.readers.config_types import (
    Key,
    accepts,
    item_of,
    keys,
    mapping_of,
    near,
    plain,
    section_of,
    shown,
    words,
)
from bayplan.source import At

Route: TypeAlias = tuple[str | int, ...]
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What no program takes in a value; a tab and a line break may stand in one."""


@dataclass(slots=True)
class Loader:
    """Loads one file; `problems` and `places` fill while it does."""

    document: Document
    problems: list[tuple[At, str]] = field(default_factory=list)
    places: dict[str, At] = field(default_factory=dict)

    def load(self) -> Config:
        """Return what could be understood; it counts only when there are no problems."""
        self.problems += [(at, f"{at.key} is stated twice") for at in self.document.repeated()]
        data = self.document.data
        if data is not None and not isinstance(data, dict):
            self._wrong((), f"expected keys with values, found {shown(data)}")
            return Config()
        if "version" not in (data or {}):
            self._wrong((), "version is missing: begin the file with `version: 1`")
        settings = self._settings(Config, data or {}, ())
        return Config(**settings, places=self.places)

    def _wrong(self, route: Route, what: str, *, at_key: bool = False) -> None:
        at = self.document.key_at(*route) if at_key else self.document.at(*route)
        self.problems.append((at, f"{at.key}: {what}" if at.key else what))

    def _settings(self, section: type, data: dict[str, object], route: Route) -> dict[str, Any]:
        known = {key.name: key for key in keys(section)}
        settings: dict[str, Any] = {}
        for name, value in data.items():
            here = (*route, name)
            self._remember(here)
            if name not in known:
                self._wrong(here, _unknown(name, known, route), at_key=True)
            elif value is not None or known[name].required or known[name].speaks_alone:
                settings[name] = self._value(known[name].type, value, here)
        return {name: value for name, value in settings.items() if value is not None}

    def _remember(self, route: Route) -> None:
        self.places[".".join(str(each) for each in route)] = self.document.key_at(*route)

    def _value(self, kind: Any, value: object, route: Route) -> Any:
        """Return the value as the type has it, None where it is wrong."""
        section, mapping, item = section_of(kind), mapping_of(kind), item_of(kind)
        if section is not None and (value is None or isinstance(value, dict)):
            return section(**self._settings(section, value or {}, route))
        if mapping is not None and isinstance(value, dict):
            return {
                name: loaded
                for name, each in value.items()
                if (loaded := self._entry(mapping, name, each, (*route, name))) is not None
            }
        if item is not None and isinstance(value, list):
            loaded = [self._value(item, each, (*route, index)) for index, each in enumerate(value)]
            return tuple(each for each in loaded if each is not None)
        if isinstance(value, str) and UNPRINTABLE.search(value):
            self._wrong(route, "a control character cannot stand here")
            return None
        if section is None and mapping is None and item is None and accepts(kind, value):
            return plain(kind, value)
        self._wrong(route, f"expected {words(kind)}, found {shown(value)}{_did_you_mean(kind, value)}")
        return None

    def _entry(self, mapping: tuple[Any, Any], name: str, value: object, route: Route) -> Any:
        name_type, value_type = mapping
        self._remember(route)
        if not accepts(name_type, name) or UNPRINTABLE.search(name):
            self._wrong(route, f"a name is made of {words(name_type)}", at_key=True)
        return self._value(value_type, value, route)


def _did_you_mean(kind: Any, value: object) -> str:
    item = item_of(kind)
    if item is not None and isinstance(value, str) and accepts(item, value):
        return f"; did you mean `[{value}]`?"
    if item is not None or mapping_of(kind) or section_of(kind):
        return ""
    if kind is str and value is None:
        return '; write "" for an empty text'
    meant = near(kind, value)
    return f"; did you mean {meant}?" if meant is not None else ""


def _unknown(name: str, known: dict[str, Key], route: Route) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), known, n=1)
    if close:
        return f"there is no key `{name}`; did you mean `{close[0]}`?"
    elsewhere = _home_of(name, route)
    return f"there is no key `{name}`" + (f"; it belongs {elsewhere}" if elsewhere else f"; there are {_list(known)}")


def _home_of(name: str, route: Route) -> str:
    """Say where a key belongs that stands at the wrong level."""
    sections = ((("services", "NAME"), "ServiceConfig"), (("stores", "NAME"), "StoreConfig"), ((), "Config"))
    for home, section in sections:
        here = len(route) == len(home) and route[:1] == home[:1]
        if not here and name in _names_of(section):
            return f"under `{'.'.join(home)}`" if home else "at the top of the file"
    return ""


def _names_of(section: str) -> set[str]:
    from bayplan.model import config

    return {key.name for key in keys(getattr(config, section))}


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
