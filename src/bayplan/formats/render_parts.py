"""Where the parts of a blueprint stand, and what kind of service an entry is."""

from collections.abc import Iterator
from typing import TypeAlias

from bayplan.formats.document import Document, Key

Route: TypeAlias = tuple[Key, ...]

KINDS = {"web": "web", "pserv": "private", "worker": "worker", "cron": "cron", "keyvalue": "store", "redis": "store"}
KEY_VALUE = ("keyvalue", "redis")


def holders(document: Document) -> tuple[Route, ...]:
    """Return the routes of whatever holds services: the root, `ungrouped`, the environments of projects."""
    found: list[Route] = [(), ("ungrouped",)]
    for project in range(len(document.items("projects"))):
        environments = document.items("projects", project, "environments")
        found += [("projects", project, "environments", index) for index in range(len(environments))]
    return tuple(found)


def resources(document: Document, what: str) -> Iterator[Route]:
    """Yield the routes of all `services`, `databases` or `envVarGroups`."""
    for holder in holders(document):
        yield from resources_of(document, holder, what)


def resources_of(document: Document, holder: Route, what: str) -> Iterator[Route]:
    for index, each in enumerate(document.items(*holder, what)):
        if isinstance(each, dict):
            yield (*holder, what, index)


def runtime_of(document: Document, route: Route) -> str:
    """Return the runtime of a service, in its old form too; nothing where none is said."""
    return document.text(*route, "runtime") or document.text(*route, "env") or ""


def kind_of(document: Document, route: Route) -> str:
    if runtime_of(document, route) == "static":
        return "static"
    return KINDS.get(document.text(*route, "type") or "", "")
