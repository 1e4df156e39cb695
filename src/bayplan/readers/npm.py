"""npm's configuration, and package-lock.json of versions 2 and 3 as a graph."""

from collections.abc import Iterator, Mapping

from bayplan.catalog.toolchain import node_major, node_majors
from bayplan.errors import BrokenFileError
from bayplan.formats import json_nodes
from bayplan.formats.document import Document
from bayplan.model.lockfile import LockedPackage, Lockfile
from bayplan.readers.folders import joined
from bayplan.readers.manager import pinned_version, workspace_patterns
from bayplan.readers.npmrc import read_npmrc
from bayplan.readers.setup import ReadLock, Setup, as_text, existing
from bayplan.source import At, Fact, Why
from bayplan.tree import Tree

READER = "npm"
LOCKFILES = ("npm-shrinkwrap.json", "package-lock.json")
PATCHES = "patches"
PATCHING = ("postinstall", "prepare", "install", "preinstall")
MODULES = "node_modules/"
KINDS = {
    "dependencies": "production",
    "peerDependencies": "production",
    "devDependencies": "development",
    "optionalDependencies": "optional",
}


def read_npm(tree: Tree, root: Document | None) -> Setup:
    """Return how this repository uses npm."""
    path = next((path for path in LOCKFILES if tree.exists(path)), None)
    settings = read_npmrc(tree)
    lock = read_npm_lock(tree.text(path), path) if path else None
    patches = tuple(_patches(tree, root))
    locked = lock.lockfile.packages.values() if lock else ()
    return Setup(
        name="npm",
        version=pinned_version("npm", root, lambda _: True),
        patterns=workspace_patterns(root),
        patterns_at=root.at("workspaces") if root else None,
        lock=lock,
        files=existing(tree, "package.json", *LOCKFILES, ".npmrc", *patches),
        patches=patches,
        settings=settings,
        allowed_builds=tuple(sorted({each.name for each in locked if each.has_install_script})),
    )


def _patches(tree: Tree, root: Document | None) -> Iterator[str]:
    """Yield the files that patch-package applies when an install script of the root calls it."""
    scripts = [root.text("scripts", name) or "" for name in PATCHING] if root else []
    words = [script.replace("=", " ").split() for script in scripts if "patch-package" in script]
    for each in words[:1]:
        stated = each[each.index("--patch-dir") + 1 :][:1] if "--patch-dir" in each else []
        folder = joined(".", stated[0]) if stated else PATCHES
        yield from (path for path in tree.below(folder or PATCHES) if path.endswith(".patch"))


def bundled_npm(node: Fact[str]) -> Fact[str]:
    """Return the version of npm that comes with a Node.js major."""
    known = node_major(int(node.value)) or node_majors()[-1]
    return Fact(known.npm, Why(READER, f"it comes with Node.js {node.value}", node.why.at))


def read_npm_lock(text: str, file: str) -> ReadLock:
    """Return what a package-lock.json says, or raise `BrokenFileError`."""
    document = json_nodes.load(text, file)
    if not isinstance(document.data, dict):
        raise BrokenFileError(f"{file} is no JSON object", at=At(file, 1, 1), remedy="run `npm install`")
    entries = {path: entry for path, entry in document.mapping("packages").items() if isinstance(entry, dict)}
    return _Reading(file, as_text(document.get("lockfileVersion")) or "", entries).read()


class _Reading:
    def __init__(self, file: str, version: str, entries: Mapping[str, dict[str, object]]) -> None:
        self.file = file
        self.version = version
        self.entries = entries
        self.versions: dict[tuple[str, str], str] = {}
        self.links: dict[tuple[str, str], str] = {}

    def read(self) -> ReadLock:
        importers = {
            path or ".": self._importer(path, entry) for path, entry in self.entries.items() if not _is_module(path)
        }
        edges: dict[str, tuple[str, ...]] = {}
        packages: dict[str, LockedPackage] = {}
        for path, entry in self.entries.items():
            if _is_module(path) and entry.get("link") is not True:
                needs = ("dependencies", "optionalDependencies", "peerDependencies")
                edges[path] = tuple(key for group in needs for _, key in self._resolved(path, entry, group))
                packages[path] = _locked(path, entry)
        lockfile = Lockfile(self.file, self.version, importers, edges, packages)
        return ReadLock(lockfile, self.versions, self.links)

    def _importer(self, path: str, entry: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
        folder = path or "."
        kinds: dict[str, tuple[str, ...]] = {}
        for group, kind in KINDS.items():
            keys: list[str] = []
            for name, key in self._resolved(path, entry, group):
                target = self._link(key)
                if target is not None:
                    self.links[folder, name] = target
                else:
                    keys.append(key)
                    version = self.entries[key].get("version")
                    self.versions[folder, name] = version if isinstance(version, str) else ""
            if keys:
                kinds[kind] = (*kinds.get(kind, ()), *keys)
        return kinds

    def _link(self, key: str) -> str | None:
        entry = self.entries[key]
        target = entry.get("resolved")
        return joined(".", target) if entry.get("link") is True and isinstance(target, str) else None

    def _resolved(self, path: str, entry: Mapping[str, object], group: str) -> Iterator[tuple[str, str]]:
        """Yield each name with the key it leads to: the nearest `node_modules` upwards that has it."""
        names = entry.get(group)
        for name in names if isinstance(names, dict) else ():
            folder = path
            while True:
                key = f"{folder}/{MODULES}{name}" if folder else MODULES + name
                if key in self.entries:
                    yield name, key
                    break
                if not folder:
                    break
                folder = _above(folder)


def _is_module(path: str) -> bool:
    return path.startswith(MODULES) or f"/{MODULES}" in path


def _above(folder: str) -> str:
    """Return the next folder upwards that can hold `node_modules`."""
    before, separator, _ = folder.rpartition("/" + MODULES)
    if separator:
        return before
    return "" if folder.startswith(MODULES) else folder.rpartition("/")[0]


def _locked(path: str, entry: Mapping[str, object]) -> LockedPackage:
    name, version = entry.get("name"), entry.get("version")
    return LockedPackage(
        name=name if isinstance(name, str) else path.rpartition(MODULES)[2],
        version=version if isinstance(version, str) else "",
        os=_texts(entry.get("os")),
        cpu=_texts(entry.get("cpu")),
        libc=_texts(entry.get("libc")),
        has_install_script=entry.get("hasInstallScript") is True,
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
