"""What a package manager has locked, and what an install needs of its configuration."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bayplan.source import Fact, Located


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A package from the registry as the lockfile pins it."""

    name: str
    version: str
    os: tuple[str, ...] = ()
    cpu: tuple[str, ...] = ()
    libc: tuple[str, ...] = ()
    has_install_script: bool = False
    """Where the lockfile says so (pnpm up to lockfile 6 `requiresBuild`, npm `hasInstallScript`)."""


@dataclass(frozen=True, slots=True)
class Lockfile:
    """A lockfile as a graph: `importers` by package folder, `edges` between keys, `packages` by key."""

    path: str
    version: str
    importers: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """folder -> {"production": keys, "development": keys, "optional": keys}, workspace links left out."""
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    packages: Mapping[str, LockedPackage] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    """The lockfile's own settings, as text: autoInstallPeers, injectWorkspacePackages, ..."""

    def reachable(self, folders: Iterable[str], *, development: bool = False) -> tuple[LockedPackage, ...]:
        """Return every registry package that these workspace packages install, by name and version."""
        kinds = ("production", "optional", *(("development",) if development else ()))
        waiting = [key for folder in folders for kind in kinds for key in self.importers.get(folder, {}).get(kind, ())]
        seen: set[str] = set()
        while waiting:
            key = waiting.pop()
            if key not in seen:
                seen.add(key)
                waiting.extend(self.edges.get(key, ()))
        found = {self.packages[key] for key in seen if key in self.packages}
        return tuple(sorted(found, key=lambda package: (package.name, package.version)))


@dataclass(frozen=True, slots=True)
class Manager:
    """The package manager, and what of its configuration an install in an image depends on."""

    name: str
    version: Fact[str]
    """Exact, `10.34.8`."""
    comes_with_node: bool = False
    """Whether it is the one that every installation of this Node.js major has."""
    lockfile: Lockfile | None = None
    files: tuple[str, ...] = ()
    """What an install needs beside the manifests, in the order to copy: root manifest, lockfile, workspace file,
    .npmrc, .pnpmfile.cjs, patches."""
    linker: str = "isolated"
    allowed_builds: tuple[str, ...] = ()
    """Dependencies whose install scripts the workspace allows (`onlyBuiltDependencies`, `allowBuilds`)."""
    injects: bool = False
    patches: tuple[str, ...] = ()
    """The files with which patch-package changes what was installed."""
    settings: Mapping[str, str] = field(default_factory=dict)
    strange_lockfiles: tuple[str, ...] = ()
    """Lockfiles of other managers, which this one never reads."""
    variables: tuple[Located[str], ...] = ()
    """The variables that .npmrc refers to, by name: no private registry can be installed from without them."""
    credentials: tuple[Located[str], ...] = ()
    """The names of .npmrc's settings that hold a token or a password itself."""
