"""What the repository contains, as facts."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from bayplan.model.code import Code, EnvUse
from bayplan.model.lockfile import Manager
from bayplan.source import At, Fact, Located


class DependencyKind(StrEnum):
    PRODUCTION = "production"
    DEVELOPMENT = "development"
    OPTIONAL = "optional"
    PEER = "peer"


@dataclass(frozen=True, slots=True)
class Dependency:
    """A line of a manifest.

    `folder` is set when a package of this workspace satisfies it, `version` when the lockfile pins it.
    """

    name: str
    spec: str
    kind: DependencyKind
    at: At
    version: str | None = None
    folder: str | None = None


@dataclass(frozen=True, slots=True)
class TsConfig:
    """A tsconfig with its `extends` chain already applied. Paths are relative to the repository's root."""

    path: str
    chain: tuple[str, ...]
    """Every file that takes part, the config itself first."""
    out_dir: str | None = None
    root_dir: str | None = None
    composite: bool = False
    incremental: bool = False
    build_info: str | None = None
    """Where an incremental or composite build leaves its .tsbuildinfo."""
    no_emit: bool = False
    source_map: bool = False
    module: str | None = None
    references: tuple[str, ...] = ()
    at: At | None = None


@dataclass(frozen=True, slots=True)
class Migration:
    """The command, typed in its package's folder, that brings the tables of a database up to date."""

    command: Fact[tuple[str, ...]]
    is_said: bool = True
    """Whether a script runs it; otherwise the tool and its migrations were found, and this is how it is run."""
    files: tuple[str, ...] = ()
    """The files of the repository that it names or looks for, relative to the package."""
    env: tuple[EnvUse, ...] = ()
    """The variables that it can read."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package of the workspace. `folder` is relative to the root, `.` for the root itself."""

    name: str
    folder: str
    at: At
    version: str = ""
    private: bool = False
    module: str = "commonjs"
    """`commonjs` or `module`, as package.json's `type` says."""
    scripts: Mapping[str, Located[str]] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    entries: tuple[Located[str], ...] = ()
    """Every file that main, module, exports, types and bin name, relative to the package."""
    published_files: tuple[str, ...] = ()
    """package.json's `files`."""
    node_range: Located[str] | None = None
    tsconfigs: tuple[TsConfig, ...] = ()
    """Those in its folder; the one its build uses comes first."""
    start: Fact[tuple[str, ...]] | None = None
    """The command that starts it in production, resolved through its scripts to an argv that runs in its folder."""
    start_variables: Mapping[str, str] = field(default_factory=dict)
    """The variables that its start script sets (`PORT=3001 next start`), apart from NODE_ENV."""
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What its scripts run in its folder at last, apart from what they are wrapped in (`dotenv --`, `pnpm run x`)."""
    build: Fact[tuple[str, ...]] | None = None
    """The names of the scripts that build it, in order (turbo's in-package `dependsOn` before `build`)."""
    outputs: tuple[Fact[str], ...] = ()
    """Folders or files, relative to the package, that its build makes and that run time needs."""
    code: Code = field(default_factory=Code)
    migration: Migration | None = None
    migrates_itself: At | None = None
    """Where it brings its tables up to date as it starts."""

    def path(self, inside: str) -> str:
        """Return a path inside the package, relative to the root."""
        return inside if self.folder == "." else f"{self.folder}/{inside}"

    def depends_on(self, *names: str) -> Dependency | None:
        """Return the first dependency of any of these names that is there at run time."""
        for dependency in self.dependencies:
            if dependency.name in names and dependency.kind is not DependencyKind.DEVELOPMENT:
                return dependency
        return None


@dataclass(frozen=True, slots=True)
class Task:
    """A turbo task: what it waits for (`^build`, `generate`) and what it leaves behind."""

    name: str
    depends_on: tuple[str, ...]
    outputs: tuple[str, ...]
    env: tuple[str, ...]
    at: At


@dataclass(frozen=True)
class Workspace:
    """A repository: its packages by folder, and who depends on whom."""

    name: str
    manager: Manager
    packages: tuple[Package, ...]
    node: Fact[str] | None = None
    """The Node.js major the repository asks for."""
    tasks: Mapping[str, Task] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    """The root .gitignore's patterns."""
    root: str = "."
    """Its folder in the repository; all that it names lies below, apart from places."""
    reaches: tuple[Located[str], ...] = ()
    """The paths in its manifests and TypeScript configs that lead out of that folder."""
    folders: tuple[str, ...] = ()
    """The folders at its root that hold files."""
    markdown: tuple[str, ...] = ()
    """The folders inside packages with Markdown that code may read."""
    others: tuple["Workspace", ...] = ()
    """What the repository holds outside of it with lockfiles of their own."""

    @property
    def every(self) -> tuple["Workspace", ...]:
        """This workspace and those beside it."""
        return (self, *self.others)

    def from_root(self, path: str) -> str:
        """Return a path of this workspace relative to the repository."""
        return path if self.root == "." else posixpath.normpath(f"{self.root}/{path}")

    def package_at(self, folder: str) -> "tuple[Workspace, Package] | None":
        """Return the package in a folder of the repository, and the workspace it belongs to."""
        for each in self.every:
            package = each.by_folder("." if folder == each.root else folder.removeprefix(f"{each.root}/"))
            if package is not None and each.from_root(package.folder) == posixpath.normpath(folder):
                return each, package
        return None

    def holding(self, path: str) -> "Workspace":
        """Return the workspace that a path of the repository belongs to, the deepest of them."""
        inner = [each for each in self.others if path == each.root or path.startswith(f"{each.root}/")]
        return max(inner, key=lambda each: len(each.root), default=self)

    @cached_property
    def _folders(self) -> dict[str, Package]:
        return {package.folder: package for package in reversed(self.packages)}

    @cached_property
    def _names(self) -> dict[str, Package]:
        return {package.name: package for package in reversed(self.packages)}

    @cached_property
    def _closures(self) -> dict[tuple[str, bool], tuple[Package, ...]]:
        return {}

    def by_folder(self, folder: str) -> Package | None:
        return self._folders.get(folder)

    def by_name(self, name: str) -> Package | None:
        return self._names.get(name)

    def closure(self, package: Package, *, development: bool) -> tuple[Package, ...]:
        """Return the workspace packages that this one needs, dependencies before dependents, itself last.

        With `development`, what its build needs: development dependencies of every member count too.
        """
        key = package.folder, development
        if key not in self._closures:
            self._closures[key] = tuple(self._needed(package, development=development))
        return self._closures[key]

    def _needed(self, package: Package, *, development: bool) -> Iterator[Package]:
        met = {package.folder}
        path = [(package, self._direct(package, development=development))]
        while path:
            each, needs = path[-1]
            following = next((one for one in needs if one.folder not in met), None)
            if following is None:
                path.pop()
                yield each
            else:
                met.add(following.folder)
                path.append((following, self._direct(following, development=development)))

    def _direct(self, package: Package, *, development: bool) -> Iterator[Package]:
        """Yield the workspace packages that a manifest names, by the name it gives them."""
        linked = [each for each in package.dependencies if each.folder in self._folders]
        for dependency in sorted(linked, key=lambda one: one.name):
            if dependency.folder and (development or dependency.kind is not DependencyKind.DEVELOPMENT):
                yield self._folders[dependency.folder]
