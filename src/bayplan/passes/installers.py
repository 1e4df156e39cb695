"""The package managers that images are written for."""

from bayplan.errors import UsageError
from bayplan.model.lockfile import Manager
from bayplan.passes.apps import IMAGES_FOR
from bayplan.passes.install_npm import NPM
from bayplan.passes.install_pnpm import PNPM
from bayplan.passes.installer import Installer

LOCKFILES = ("pnpm-lock.yaml", "package-lock.json")
INSTALLERS = dict(zip(IMAGES_FOR, (PNPM, NPM), strict=True))


def installer(manager: Manager) -> Installer:
    """Return how a package manager is used in an image, or raise `UsageError`."""
    if manager.name not in INSTALLERS:
        other = next((path for path in manager.strange_lockfiles if path in LOCKFILES), None)
        stale = f"if {other}, which is there too, is the one you use, delete the other lockfile; or " if other else ""
        raise UsageError(
            f"this workspace is installed with {manager.name}, and images are written for pnpm and npm only",
            at=manager.version.why.at,
            remedy=f"{stale}keep its Dockerfiles by hand and let `bayplan check` read them",
        )
    return INSTALLERS[manager.name]
