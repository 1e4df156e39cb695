"""yarn.lock, classic and berry, as a graph. It names no workspace packages' dependencies: their manifests do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bayplan.formats import yaml_nodes
from bayplan.model.lockfile import LockedPackage, Lockfile
from bayplan.model.workspace import Dependency, DependencyKind, Package
from bayplan.readers.setup import ReadLock

CLASSIC = "1"
IS_BERRY = re.compile(r"^__metadata:", re.MULTILINE)
DESCRIPTOR = re.compile(r"(@?[^@]+)@(.*)", re.DOTALL)
CONDITION = re.compile(r"(os|cpu|libc)=([A-Za-z0-9_-]+)")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s",]+)')
KINDS = {
    DependencyKind.PRODUCTION: "production",
    DependencyKind.PEER: "production",
    DependencyKind.DEVELOPMENT: "development",
    DependencyKind.OPTIONAL: "optional",
}


@dataclass(slots=True)
class _Entry:
    descriptors: tuple[str, ...]
    version: str = ""
    resolution: str = ""
    conditions: str = ""
    needs: dict[str, str] = field(default_factory=dict)


def read_yarn_lock(text: str, file: str) -> tuple[Lockfile, Mapping[str, str]]:
    """Return the graph without importers, and which of its keys each `name@range` leads to."""
    berry = IS_BERRY.search(text) is not None
    version, entries = _berry(text, file) if berry else (CLASSIC, list(_classic(text)))
    keys = {_plain(descriptor): entry.descriptors[0] for entry in entries for descriptor in entry.descriptors}
    edges: dict[str, tuple[str, ...]] = {}
    packages: dict[str, LockedPackage] = {}
    for entry in entries:
        targets = (keys.get(_plain(f"{name}@{wanted}")) for name, wanted in entry.needs.items())
        edges[entry.descriptors[0]] = tuple(target for target in targets if target is not None)
        if "@workspace:" not in entry.resolution and "@workspace:" not in entry.descriptors[0]:
            packages[entry.descriptors[0]] = _locked(entry)
    return Lockfile(file, version, edges=edges, packages=packages), keys


def with_importers(lock: ReadLock, packages: Sequence[Package]) -> ReadLock:
    """Return the lockfile with what the packages' manifests ask for as its importers."""
    importers: dict[str, dict[str, tuple[str, ...]]] = {}
    versions: dict[tuple[str, str], str] = {}
    for package in packages:
        kinds: dict[str, tuple[str, ...]] = {}
        for dependency in package.dependencies:
            key = _key_of(dependency, lock.keys)
            if key is not None and key in lock.lockfile.packages:
                kind = KINDS[dependency.kind]
                kinds[kind] = (*kinds.get(kind, ()), key)
                versions[package.folder, dependency.name] = lock.lockfile.packages[key].version
        importers[package.folder] = kinds
    return replace(lock, lockfile=replace(lock.lockfile, importers=importers), versions=versions)


def _key_of(dependency: Dependency, keys: Mapping[str, str]) -> str | None:
    return keys.get(_plain(f"{dependency.name}@{dependency.spec}"))


def _plain(descriptor: str) -> str:
    """Return a descriptor without the protocol that berry adds and classic does not have."""
    return descriptor.replace("@npm:", "@", 1)


def _locked(entry: _Entry) -> LockedPackage:
    match = DESCRIPTOR.match(entry.resolution or entry.descriptors[0])
    limits: dict[str, list[str]] = {"os": [], "cpu": [], "libc": []}
    for kind, value in CONDITION.findall(entry.conditions):
        limits[kind].append(value)
    name = match[1] if match else entry.descriptors[0]
    alias = re.match(r"npm:(@?[^@]+)@", match[2]) if match else None
    return LockedPackage(
        alias[1] if alias else name,
        entry.version,
        tuple(limits["os"]),
        tuple(limits["cpu"]),
        tuple(limits["libc"]),
    )


def _berry(text: str, file: str) -> tuple[str, list[_Entry]]:
    document = yaml_nodes.load(text, file)
    entries = []
    for key in document.mapping():
        if key == "__metadata" or not document.mapping(key):
            continue
        needs = {
            **document.mapping(key, "dependencies"),
            **document.mapping(key, "optionalDependencies"),
        }
        entries.append(
            _Entry(
                tuple(part.strip() for part in key.split(", ") if part.strip()) or (key,),
                str(document.get(key, "version", default="")),
                document.text(key, "resolution") or "",
                document.text(key, "conditions") or "",
                {name: str(wanted) for name, wanted in needs.items()},
            )
        )
    return str(document.get("__metadata", "version", default="")), entries


def _classic(text: str) -> Iterator[_Entry]:
    """Yield the entries of the classic format, which looks like YAML and is none."""
    entry: _Entry | None = None
    in_needs = False
    for line in text.splitlines():
        body = line.strip()
        if not body or body.startswith("#"):
            continue
        words = [quoted or bare for quoted, bare in QUOTED.findall(body.removesuffix(":"))]
        indent = len(line) - len(line.lstrip(" "))
        if indent == 0:
            if entry is not None:
                yield entry
            entry = _Entry(tuple(words)) if body.endswith(":") and words else None
            in_needs = False
        elif entry is not None and body.endswith(":") and len(words) == 1:
            in_needs = words[0] in ("dependencies", "optionalDependencies")
        elif entry is not None and len(words) > 1:
            if indent > len("  ") and in_needs:
                entry.needs[words[0]] = words[1]
            elif words[0] == "version":
                entry.version = words[1]
    if entry is not None:
        yield entry
