"""Bun's configuration, as far as an install in an image depends on it."""

from bayplan.catalog.toolchain import manager_versions
from bayplan.formats.document import Document
from bayplan.model.lockfile import Lockfile
from bayplan.readers.bun_lock import read_bun_lock
from bayplan.readers.manager import pinned_version, workspace_patterns
from bayplan.readers.npmrc import read_npmrc
from bayplan.readers.setup import ReadLock, Setup, existing
from bayplan.source import At, Fact, Why
from bayplan.tree import Tree

READER = "bun"
LOCKFILES = ("bun.lock", "bun.lockb")


def read_bun(tree: Tree, root: Document | None) -> Setup:
    """Return how this repository uses Bun."""
    path = next((path for path in LOCKFILES if tree.exists(path)), None)
    newest = manager_versions("bun")[-1].version
    default = Fact(
        newest, Why(READER, f"nothing names a version of Bun; {newest} is known to work", At("package.json"))
    )
    catalogs: dict[str, dict[str, str]] = {}
    if root is not None:
        for route in (("catalog",), ("workspaces", "catalog")):
            catalogs["default"] = {**catalogs.get("default", {}), **_texts(root, *route)}
        for route in (("catalogs",), ("workspaces", "catalogs")):
            for name in root.mapping(*route):
                catalogs[name] = _texts(root, *route, name)
    return Setup(
        name="bun",
        version=pinned_version("bun", root, lambda _: True) or default,
        patterns=workspace_patterns(root),
        patterns_at=root.at("workspaces") if root else None,
        lock=_lock(tree, path) if path else None,
        files=existing(tree, "package.json", *LOCKFILES, "bunfig.toml", ".npmrc"),
        settings=read_npmrc(tree),
        allowed_builds=root.texts("trustedDependencies") if root else (),
        catalogs=catalogs,
    )


def _lock(tree: Tree, path: str) -> ReadLock:
    if path.endswith("b"):  # the binary form says nothing that can be read
        return ReadLock(Lockfile(path, ""))
    return read_bun_lock(tree.text(path), path)


def _texts(document: Document, *route: str) -> dict[str, str]:
    return {key: value for key, value in document.mapping(*route).items() if isinstance(value, str)}
