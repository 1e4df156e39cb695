"""package.json as a Package, before anything else of the repository is known."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.errors import BrokenFileError
from bayplan.formats import json_nodes
from bayplan.formats.document import Document, Key
from bayplan.model.workspace import Dependency, DependencyKind, Package
from bayplan.readers.folders import parent
from bayplan.source import Located
from bayplan.tree import Tree

GROUPS = (
    ("optionalDependencies", DependencyKind.OPTIONAL),
    ("dependencies", DependencyKind.PRODUCTION),
    ("devDependencies", DependencyKind.DEVELOPMENT),
    ("peerDependencies", DependencyKind.PEER),
)
ENTRY_FIELDS = ("main", "module", "types", "typings", "browser")
DEEPEST_EXPORTS = 12


@dataclass(frozen=True, slots=True)
class Manifest:
    """A package.json: what the model keeps of it, and the document for what only one reader needs."""

    document: Document
    package: Package


def read_manifest(tree: Tree, path: str) -> Manifest:
    """Return what a package.json says, or raise `BrokenFileError`."""
    document = json_nodes.load(tree.text(path), path)
    if not isinstance(document.data, dict):
        raise BrokenFileError(
            f"{path} is no JSON object", at=document.at(), remedy='write an object with a "name" there'
        )
    folder = parent(path)
    name = document.text("name") or (tree.root.name if folder == "." else posixpath.basename(folder))
    if not name.isprintable():
        raise BrokenFileError(
            f"{path}: the name {name!r} holds what cannot be seen, and no command could name this package",
            at=document.at("name"),
            remedy='write a "name" of letters, digits, `-`, `_` and `.` there',
        )
    package = Package(
        name=name,
        folder=folder,
        at=document.at("name"),
        version=document.text("version") or "",
        private=document.get("private") is True,
        module="module" if document.get("type") == "module" else "commonjs",
        scripts=dict(_located(document, "scripts")),
        dependencies=tuple(_dependencies(document)),
        entries=tuple(_entries(document)),
        published_files=document.texts("files"),
        node_range=document.located("engines", "node"),
    )
    return Manifest(document, package)


def _located(document: Document, *route: Key) -> Iterator[tuple[str, Located[str]]]:
    for key, value in document.mapping(*route).items():
        if isinstance(value, str):
            yield key, Located(value, document.at(*route, key))


def _dependencies(document: Document) -> Iterator[Dependency]:
    """Yield each line that counts: an optional one hides a production one of its name, and that a development one."""
    seen: set[str] = set()
    for group, kind in GROUPS:
        for name, spec in _located(document, group):
            if kind is DependencyKind.PEER or name not in seen:
                seen.add(name)
                yield Dependency(name, spec.value, kind, spec.at)


def _entries(document: Document) -> Iterator[Located[str]]:
    seen: set[str] = set()
    routes: list[tuple[Key, ...]] = [(field,) for field in ENTRY_FIELDS]
    routes += _text_routes(document, ("exports",))
    routes += _text_routes(document, ("bin",))
    for route in routes:
        text = document.text(*route)
        if text is None:
            continue
        path = posixpath.normpath(text) if text else "."
        if path not in seen and path != "." and not path.startswith(("../", "/")) and path != "..":
            seen.add(path)
            yield Located(path, document.at(*route))


def _text_routes(document: Document, route: tuple[Key, ...]) -> Iterator[tuple[Key, ...]]:
    value = document.get(*route)
    if isinstance(value, str):
        yield route
    elif len(route) < DEEPEST_EXPORTS:
        keys: list[Key] = (
            list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
        )
        for key in keys:
            yield from _text_routes(document, (*route, key))
