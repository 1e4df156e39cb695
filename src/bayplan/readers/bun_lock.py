"""bun.lock as a graph."""

from collections.abc import Iterator

from bayplan.formats import json_nodes
from bayplan.formats.document import Document
from bayplan.model.lockfile import LockedPackage, Lockfile
from bayplan.readers.folders import joined
from bayplan.readers.setup import ReadLock

KINDS = {
    "dependencies": "production",
    "peerDependencies": "production",
    "devDependencies": "development",
    "optionalDependencies": "optional",
}
WORKSPACE = "workspace:"


def read_bun_lock(text: str, file: str) -> ReadLock:
    """Return what a bun.lock says, or raise `BrokenFileError`."""
    document = json_nodes.load(text, file, comments=True)
    packages = {key: locked for key in document.mapping("packages") if (locked := _locked(document, key))}
    edges = {key: tuple(_needs(document, key)) for key in document.mapping("packages")}
    versions: dict[tuple[str, str], str] = {}
    links: dict[tuple[str, str], str] = {}
    importers: dict[str, dict[str, tuple[str, ...]]] = {}
    for path in document.mapping("workspaces"):
        folder = path or "."
        kinds: dict[str, tuple[str, ...]] = {}
        for group, kind in KINDS.items():
            for name in document.mapping("workspaces", path, group):
                key = _nearest(document, document.text("workspaces", path, "name") or "", name)
                target = _workspace_folder(document, key) if key else None
                if target is not None:
                    links[folder, name] = target
                elif key in packages:
                    kinds[kind] = (*kinds.get(kind, ()), key)
                    versions[folder, name] = packages[key].version
        importers[folder] = kinds
    version = str(document.get("lockfileVersion", default=""))
    return ReadLock(Lockfile(file, version, importers, edges, packages), versions, links)


def _workspace_folder(document: Document, key: str) -> str | None:
    identity = document.text("packages", key, 0) or ""
    before, separator, path = identity.partition(f"@{WORKSPACE}")
    return joined(".", path) if before and separator else None


def _locked(document: Document, key: str) -> LockedPackage | None:
    """Return a package of the registry; None for one of the workspace, and for what cannot be understood."""
    name, _, version = (document.text("packages", key, 0) or "").rpartition("@")
    if not name or _workspace_folder(document, key) is not None:
        return None
    about = next((place for place, item in enumerate(document.items("packages", key)) if isinstance(item, dict)), 0)
    os, cpu, libc = (document.texts("packages", key, about, limit) for limit in ("os", "cpu", "libc"))
    return LockedPackage(name, version, os, cpu, libc)


def _needs(document: Document, key: str) -> Iterator[str]:
    for item in document.items("packages", key):
        for group in ("dependencies", "optionalDependencies", "peerDependencies"):
            names = item.get(group) if isinstance(item, dict) else None
            for name in names if isinstance(names, dict) else ():
                found = _nearest(document, key, name)
                if found is not None:
                    yield found


def _nearest(document: Document, around: str, name: str) -> str | None:
    """Return the key that a package finds a dependency under: nested below itself, then further up."""
    packages = document.mapping("packages")
    while around:
        if f"{around}/{name}" in packages:
            return f"{around}/{name}"
        around = around.rpartition("/")[0]
    return name if name in packages else None
