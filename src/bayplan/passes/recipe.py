"""What the stages of one image are made of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from bayplan.model.code import NEXT_FOLDER
from bayplan.model.image import Image, Stage
from bayplan.model.lockfile import LockedPackage
from bayplan.model.parts import Health, Variable
from bayplan.model.workspace import Package, Workspace
from bayplan.passes.apps import App
from bayplan.source import Fact, Why

ROOT = "/app"
MODULES = "node_modules"
BELOW = re.compile(rf"{MODULES}/.+/{MODULES}/")


@dataclass(frozen=True)
class Recipe:
    stack: str
    app: App
    node: Fact[str]
    command: Fact[tuple[str, ...]]
    port: Fact[int] | None
    health: Health | None
    variables: tuple[Variable, ...]

    @property
    def workspace(self) -> Workspace:
        return self.app.workspace

    @property
    def package(self) -> Package:
        return self.app.package

    @property
    def base(self) -> str:
        return f"node:{self.node.value}-alpine"

    @cached_property
    def built(self) -> tuple[Package, ...]:
        """What the build needs, dependencies first, itself last; the root takes part only as an app of its own."""
        return self._without_root(self.workspace.closure(self.package, development=True))

    @cached_property
    def running(self) -> tuple[Package, ...]:
        """What runs, in the same order."""
        return self._without_root(self.workspace.closure(self.package, development=False))

    def _without_root(self, packages: tuple[Package, ...]) -> tuple[Package, ...]:
        return tuple(each for each in packages if each.folder != "." or each is self.package)

    @property
    def runs_what_it_builds(self) -> bool:
        return {each.folder for each in self.built} == {each.folder for each in self.running}

    @property
    def root(self) -> Package | None:
        """The root of the workspace, when it is not the app itself."""
        root = self.workspace.by_folder(".")
        return root if root is not self.package else None

    @cached_property
    def locked(self) -> tuple[LockedPackage, ...]:
        """Every package from the registry that runs."""
        lock = self.workspace.manager.lockfile
        folders = [each.folder for each in self.running]
        return lock.reachable([*folders, "."] if self.root else folders) if lock else ()

    @cached_property
    def nested(self) -> Mapping[str, LockedPackage]:
        """What a lockfile that lays out folders puts below a package, where another version lies above."""
        lock, production = self.workspace.manager.lockfile, frozenset(self.locked)
        members = tuple(f"{each.folder}/{MODULES}/" for each in self.running if each.folder != ".")
        return {
            key: package
            for key, package in (lock.packages if lock else {}).items()
            if package in production and (key.startswith(members) or BELOW.match(key))
        }

    @property
    def module_folders(self) -> tuple[str, ...]:
        """The folders that an install fills, the root's first."""
        own = (f"{each.folder}/{MODULES}" for each in self.running if each.folder != ".")
        return (MODULES, *(each for each in own if any(key.startswith(f"{each}/") for key in self.nested)))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What every install is told in secret."""
        return tuple(each.value for each in self.workspace.manager.variables)

    @property
    def outputs(self) -> tuple[tuple[Package, Fact[str]], ...]:
        """What the builds make and the repository holds that run time needs."""
        found = [(package, output) for package in self.running for output in package.outputs]
        named = Why("bayplan.yaml", "bayplan.yaml says so")
        return (*found, *((self.package, Fact(path, named)) for path in self.app.settings.files))

    @property
    def next_folder(self) -> str:
        """The folder that Next.js builds to, inside the package."""
        return self.package.code.next.built if self.package.code.next else NEXT_FOLDER

    def image(self, *stages: Stage, name: str = "Dockerfile") -> Image:
        """Return an image whose recipe stands in the package's folder, and which is built from the workspace's root."""
        return Image(self.workspace.from_root(self.package.path(name)), self.workspace.root, stages)

    @property
    def folder(self) -> str:
        """The folder of the package inside the image."""
        return inside(self.package.folder)


def inside(folder: str) -> str:
    """Return where a folder of the repository stands in an image."""
    return ROOT if folder == "." else f"{ROOT}/{folder}"
