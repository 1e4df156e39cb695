"""Where things stand in a `fly.toml`."""

from collections.abc import Mapping
from typing import TypeAlias

from bayplan.formats.document import Document, Key

Route: TypeAlias = tuple[Key, ...]


def each_of(document: Document, *route: Key) -> list[Route]:
    """Return the routes of a list's items; a table alone is a list of one, as flyctl takes it."""
    if isinstance(document.get(*route), Mapping):
        return [route]
    return [(*route, index) for index in range(len(document.items(*route)))]
