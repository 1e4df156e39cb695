"""Where in an image an installed package lies."""

import posixpath

from bayplan.model.workspace import Package, Workspace

MODULES = "node_modules"


def module_folder(workspace: Workspace, package: Package, name: str) -> str:
    """Return the folder, relative to a package's own, that holds what it depends on and the commands of that.

    npm puts one copy at the root unless versions differ, which its lockfile tells; pnpm gives each package its own.
    """
    manager = workspace.manager
    is_direct = any(each.name == name for each in package.dependencies)
    if manager.name == "npm" and manager.lockfile is not None:
        keys = [key for kind in manager.lockfile.importers.get(package.folder, {}).values() for key in kind]
        found = next((key for key in keys if key.endswith(f"{MODULES}/{name}")), f"{MODULES}/{name}")
        return posixpath.relpath(found.removesuffix(f"/{name}"), package.folder)
    is_own = is_direct and manager.name == "pnpm" and manager.linker == "isolated"
    return MODULES if is_own else posixpath.relpath(MODULES, package.folder)
