"""pnpm-lock.yaml, lockfile versions 5.4, 6 and 9, as a graph."""

import re
from collections.abc import Iterator, Mapping

from bayplan.errors import BrokenFileError
from bayplan.formats import plain_yaml, yaml_nodes
from bayplan.model.lockfile import LockedPackage, Lockfile
from bayplan.readers.folders import joined
from bayplan.readers.setup import ReadLock
from bayplan.source import At

PEERS = re.compile(r"\(.*\)$", re.DOTALL)
KEY_5 = re.compile(r"/(?P<name>(?:@[^/]+/)?[^/]+)/(?P<version>[^_/]+)")
KEY_6 = re.compile(r"/?(?P<name>(?:@[^/]+/)?[^/@]+)@(?P<version>.+)", re.DOTALL)
SHA256 = re.compile(r"sha256-|[0-9a-f]{64}$")
KINDS = {"dependencies": "production", "devDependencies": "development", "optionalDependencies": "optional"}
OLDEST = 5
NEWEST = 9


def read_pnpm_lock(text: str, file: str) -> ReadLock:
    """Return what a pnpm-lock.yaml says, or raise `BrokenFileError`."""
    parts = _documents(text, file)
    found = [part for part in parts if isinstance(part, dict) and ("importers" in part or "packages" in part)]
    data = found[-1] if found else next((part for part in reversed(parts) if isinstance(part, dict)), None)
    if data is None:
        if any(part is not None for part in parts):
            raise BrokenFileError(f"{file} is no pnpm lockfile", at=At(file, 1, 1), remedy="run `pnpm install`")
        data = {}
    return _Reading(data, file).read(len(parts))


def _documents(text: str, file: str) -> list[object]:
    try:
        return [plain_yaml.parse(part) for part in re.split(r"^---\n", text, flags=re.MULTILINE) if part.strip()]
    except plain_yaml.Surprise:
        return [document.data for document in yaml_nodes.load_all(text, file)]


class _Reading:
    def __init__(self, data: Mapping[str, object], file: str) -> None:
        self.data = data
        self.file = file
        self.version = str(data.get("lockfileVersion", ""))
        number = re.match(r"\d+", self.version)
        self.major = int(number.group()) if number else 0
        if data and not OLDEST <= self.major <= NEWEST:
            raise BrokenFileError(
                f"{file} has lockfile version {self.version or 'none'}, which bayplan does not know",
                at=At(file, 1, 1),
                remedy="run `pnpm install` with pnpm 7 or newer, and commit the lockfile it writes",
            )
        self.versions: dict[tuple[str, str], str] = {}
        self.links: dict[tuple[str, str], str] = {}

    def read(self, documents: int) -> ReadLock:
        importers = _mapping(self.data, "importers") or {".": self.data}
        packages = _mapping(self.data, "packages")
        snapshots = _mapping(self.data, "snapshots") if self.major == NEWEST else packages
        lockfile = Lockfile(
            path=self.file,
            version=self.version,
            importers={folder: self._importer(folder, each) for folder, each in importers.items()},
            edges={key: self._edges(each) for key, each in snapshots.items()},
            packages=self._packages(packages, snapshots),
            settings={key: _as_text(value) for key, value in _mapping(self.data, "settings").items()},
        )
        return ReadLock(lockfile, self.versions, self.links, documents, self._sha256())

    def _sha256(self) -> bool | None:
        patches = _mapping(self.data, "patchedDependencies").values()
        found = [patch.get("hash") if isinstance(patch, dict) else patch for patch in patches]
        found += [self.data.get("pnpmfileChecksum"), self.data.get("packageExtensionsChecksum")]
        checksums = [text for text in map(_text, found) if text]
        return any(SHA256.match(text) for text in checksums) if checksums else None

    def _importer(self, folder: str, importer: object) -> dict[str, tuple[str, ...]]:
        kinds: dict[str, tuple[str, ...]] = {}
        for group, kind in KINDS.items():
            keys: list[str] = []
            for name, entry in _mapping(importer, group).items():
                reference = entry.get("version") if isinstance(entry, dict) else entry
                if isinstance(reference, str | int | float):
                    keys += self._dependency(folder, name, str(reference))
            if keys:
                kinds[kind] = tuple(keys)
        return kinds

    def _dependency(self, folder: str, name: str, reference: str) -> Iterator[str]:
        protocol, _, path = PEERS.sub("", reference).partition(":")
        if protocol in ("link", "file"):
            # `link:` is relative to the package, `file:` (an injected one) to the workspace
            target = joined(folder if protocol == "link" else ".", path)
            if target is not None:
                self.links[folder, name] = target
        key = self._key(name, reference)
        if key is not None:
            self.versions[folder, name] = self._identity(key)[1]
            yield key

    def _edges(self, snapshot: object) -> tuple[str, ...]:
        found: list[str] = []
        for group in ("dependencies", "optionalDependencies"):
            for name, reference in _mapping(snapshot, group).items():
                key = self._key(name, str(reference))
                if key is not None:
                    found.append(key)
        return tuple(found)

    def _key(self, name: str, reference: str) -> str | None:
        """Return the key of the package that a dependency's version refers to; None for a link."""
        if reference.startswith("link:"):
            return None
        bare = PEERS.sub("", reference)
        if self.major == NEWEST:
            before, separator, _ = bare.partition("@")
            is_key = reference.startswith("@") or (separator and ":" not in before)
            return reference if is_key else f"{name}@{reference}"
        if reference.startswith("file:") or "/" in bare:
            return reference
        return f"/{name}/{reference}" if self.major == OLDEST else f"/{name}@{reference}"

    def _identity(self, key: str) -> tuple[str, str]:
        """Return the name and version that a key spells."""
        bare = PEERS.sub("", key)
        match = (KEY_5 if self.major == OLDEST else KEY_6).match(bare)
        return (match["name"], match["version"]) if match else (bare, "")

    def _packages(self, packages: Mapping[str, object], keys: Mapping[str, object]) -> dict[str, LockedPackage]:
        found: dict[str, LockedPackage] = {}
        for key in keys:
            entry = packages.get(key)
            if entry is None:
                entry = packages.get(PEERS.sub("", key))
            if not isinstance(entry, dict):
                continue
            resolution = entry.get("resolution")
            if isinstance(resolution, dict) and ("directory" in resolution or resolution.get("type") == "directory"):
                continue
            name, version = self._identity(key)
            found[key] = LockedPackage(
                name=_text(entry.get("name")) or name,
                version=_text(entry.get("version")) or version,
                os=_texts(entry.get("os")),
                cpu=_texts(entry.get("cpu")),
                libc=_texts(entry.get("libc")),
                has_install_script=entry.get("requiresBuild") is True,
            )
        return found


def _mapping(value: object, key: str) -> Mapping[str, object]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
