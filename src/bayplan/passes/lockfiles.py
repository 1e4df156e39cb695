"""What keeps a lockfile from being installed: it is not there, it is stale, or it leads out of the repository."""

import posixpath
from collections.abc import Iterator

from bayplan.model.parts import Note
from bayplan.model.workspace import Dependency, DependencyKind, Package, Workspace

INSTALLED = frozenset({DependencyKind.PRODUCTION, DependencyKind.DEVELOPMENT})
LOCAL = frozenset({"file", "link", "portal"})
MOST = 5


def about(workspace: Workspace) -> Iterator[Note]:
    """Yield what a reader should know about the lockfiles of a workspace."""
    manager = workspace.manager
    text = f"is another package manager's; this workspace is installed with {manager.name}, and nothing reads it"
    for path in manager.strange_lockfiles:
        yield Note("lockfile", f"{workspace.from_root(path)} {text}", manager.version.why.at)
    if manager.lockfile is None or not manager.lockfile.version:
        missing = f"there is none, or it is empty: no image can be built before `{manager.name} install` has made it"
        yield Note("lockfile", missing, manager.version.why.at)
        return
    wanted = [(package, each) for package in workspace.packages for each in package.dependencies if _is_installed(each)]
    yield from (note for package, each in wanted for note in _outside(workspace, package, each))
    lost = [each for _, each in wanted if each.version is None and not set(":/") & set(each.spec)]
    if lost:
        names = ", ".join(dict.fromkeys(each.name for each in lost[:MOST]))
        more = f" and {len(lost) - MOST} more" if len(lost) > MOST else ""
        text = f"it does not hold {names}{more}: run `{manager.name} install` and commit it, or every build refuses it"
        yield Note("lockfile", text, lost[0].at)


def _is_installed(dependency: Dependency) -> bool:
    return dependency.kind in INSTALLED and dependency.folder is None


def _outside(workspace: Workspace, package: Package, dependency: Dependency) -> Iterator[Note]:
    scheme, _, path = dependency.spec.partition(":")
    if scheme in LOCAL and posixpath.normpath(workspace.from_root(package.path(path))).startswith("../"):
        text = f"{dependency.name} lies outside of the repository ({path}), where no build of an image can reach it"
        yield Note("lockfile", text, dependency.at)
