"""Scalars of a YAML or JSON file as the text they stand for, with their places."""

import posixpath
from collections import deque
from collections.abc import Collection, Mapping

from bayplan.formats.document import Document, Key, route_text
from bayplan.source import Located

MOST = 2000


def scalar(document: Document, *route: Key) -> Located[str] | None:
    """Return a text, number or truth value as it is written; None for anything else."""
    value = document.get(*route)
    if isinstance(value, str):
        return Located(value, document.at(*route))
    if isinstance(value, bool):
        return Located("true" if value else "false", document.at(*route))
    if isinstance(value, int | float):
        start, end = document.span(*route)
        written = document.source[start:end]
        text = str(value) if not written or written.startswith("*") else written
        return Located(text, document.at(*route))
    return None


def scalars(document: Document, *route: Key) -> tuple[Located[str], ...]:
    """Return the scalars of a list; one scalar alone is a list of one."""
    if not isinstance(document.get(*route), list):
        alone = scalar(document, *route)
        return (alone,) if alone else ()
    found = (scalar(document, *route, index) for index in range(len(document.items(*route))))
    return tuple(each for each in found if each)


def named_values(document: Document, *route: Key) -> dict[str, Located[str]]:
    """Return a mapping of names to scalars, or a list of `NAME=value`; a name without a value has an empty text."""
    values: dict[str, Located[str]] = {}
    for name in document.mapping(*route):
        value = scalar(document, *route, name)
        values[name] = value or Located("", document.key_at(*route, name))
    if not values:
        for each in scalars(document, *route):
            name, _, text = each.value.partition("=")
            values[name] = Located(text, each.at)
    return values


def flattened(document: Document, *route: Key, skip: Collection[str] = ()) -> dict[str, Located[str]]:
    """Return every scalar below a mapping by its key route, but those at or below the routes in `skip`."""
    found: dict[str, Located[str]] = {}
    waiting: deque[tuple[Key, ...]] = deque([()])
    while waiting and len(found) < MOST:
        inner = waiting.popleft()
        if (name := route_text(inner)) in skip and inner:
            continue
        value = document.get(*route, *inner)
        if isinstance(value, Mapping):
            waiting += [(*inner, key) for key in value]
        elif isinstance(value, list):
            waiting += [(*inner, index) for index in range(len(value))]
        elif inner and (text := scalar(document, *route, *inner)):
            found[name] = text
    return found


def joined(folder: str, path: str) -> str:
    """Return a path that is written relative to a folder, relative to the root; `.` is the root itself."""
    return posixpath.normpath(posixpath.join(folder, path))
