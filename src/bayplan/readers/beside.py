"""What a repository holds beside its workspace: packages and workspaces with a lockfile of their own."""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from bayplan.errors import BrokenFileError
from bayplan.model.lockfile import Lockfile
from bayplan.model.workspace import Package, Workspace
from bayplan.readers.manager import LOCKFILES
from bayplan.readers.reaching import reaching
from bayplan.source import At, Fact
from bayplan.tree import Tree

T = TypeVar("T")

NEVER_DEPLOYED = frozenset(
    {
        "test",
        "tests",
        "__tests__",
        "e2e",
        "fixtures",
        "__fixtures__",
        "example",
        "examples",
        "sample",
        "samples",
        "template",
        "templates",
        "benchmark",
        "benchmarks",
        "vendor",
        "third_party",
    }
)


def read_beside(
    tree: Tree,
    packages: tuple[Package, ...],
    read: Callable[[Tree, Fact[str] | None], Workspace],
    node: Fact[str] | None,
) -> tuple[Workspace, ...]:
    """Return each with its paths relative to its own folder, and its places named from the root."""
    found: list[Workspace] = []
    known = {package.folder for package in packages}
    for folder in with_lockfiles(tree):
        if folder not in known:
            each = _read(tree, folder, read, node)
            known |= {each.from_root(package.folder) for package in each.packages}
            found.append(each)
    return tuple(found)


def with_lockfiles(tree: Tree) -> Iterator[str]:
    """Yield the folders below the root with a manifest and a lockfile, outer ones first."""
    manifests = (path for path in tree.files if path.endswith("/package.json"))
    folders = sorted((posixpath.dirname(path) for path in manifests), key=lambda each: (each.count("/"), each))
    for folder in folders:
        parts = folder.lower().split("/")
        is_meant = NEVER_DEPLOYED.isdisjoint(parts) and not any(part.startswith(".") for part in parts)
        if is_meant and any(tree.lists(f"{folder}/{name}") for name in LOCKFILES):
            yield folder


def _read(
    tree: Tree, folder: str, read: Callable[[Tree, Fact[str] | None], Workspace], node: Fact[str] | None
) -> Workspace:
    seen = node and _placed(node, "/".join(".." for _ in folder.split("/")))
    try:
        inner = read(tree.within(folder), seen)
    except BrokenFileError as error:
        at = _placed(error.at or At("package.json"), folder)
        raise BrokenFileError(f"{folder}: {error.message}", remedy=error.remedy, at=at) from error
    inner = replace(inner, reaches=reaching(tree.within(folder), inner.packages))
    return replace(_placed(inner, folder), root=folder)


def _placed(value: T, folder: str) -> T:
    """Return a value whose places name their files as seen from another folder, to which `folder` is the way."""
    return cast("T", _with_places(value, folder))


def _with_places(value: object, folder: str) -> object:
    if isinstance(value, At):
        return replace(value, file=posixpath.normpath(f"{folder}/{value.file}"))
    if isinstance(value, tuple):
        return tuple(_with_places(each, folder) for each in value) if value else value
    if isinstance(value, Mapping):
        return {key: _with_places(each, folder) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type | Lockfile):
        changed = {
            field.name: _with_places(getattr(value, field.name), folder) for field in fields(value) if field.init
        }
        return replace(value, **changed)
    return value
