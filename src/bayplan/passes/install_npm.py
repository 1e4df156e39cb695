"""How npm installs in an image."""

import shlex

from bayplan.errors import UsageError
from bayplan.model.image import Cache
from bayplan.model.lockfile import Manager
from bayplan.model.workspace import Package
from bayplan.passes.install_root import root_with
from bayplan.passes.installer import Installer, Wish
from bayplan.passes.recipe import Recipe
from bayplan.source import At

STORE = Cache("npm", "/root/.npm")
OLDEST = "1"
KNOWS_LIBC = (10, 4)
"""The first version that can be told another C library than its own."""


def _put_in_place(manager: Manager) -> tuple[str, ...]:
    return () if manager.comes_with_node else (f"npm install -g npm@{shlex.quote(manager.version.value)}",)


def _install(recipe: Recipe, wish: Wish) -> tuple[str, ...]:
    _refuse_old(recipe)
    words = ["npm ci", "--omit=dev"] if wish.production else ["npm ci"]
    words += [*_workspaces(recipe, production=wish.production), "--no-audit --no-fund"]
    words += [] if wish.scripts else ["--ignore-scripts"]
    words += ["--os=linux", f"--cpu={wish.cpus[0]}", "--libc=musl"] if wish.cpus else []
    return (f"{_logged_in(recipe)}{' '.join(words)}",)


def _refuse_old(recipe: Recipe) -> None:
    lock = recipe.workspace.manager.lockfile
    if lock is not None and lock.version == OLDEST:
        path = recipe.workspace.from_root(lock.path)
        raise UsageError(
            f"{path} is of version {OLDEST}, which does not say what each package needs",
            at=At(path),
            remedy="run `npm install` with npm 7 or newer, and commit what it writes",
        )


def _workspaces(recipe: Recipe, *, production: bool) -> list[str]:
    """Return the flags that choose the packages to install; npm adds the workspace packages that these need itself."""
    if len(recipe.workspace.packages) == 1:
        return []
    if recipe.package.folder == ".":
        members = [each for each in recipe.built if each.folder != "."]
        chosen = [f"--workspace {shlex.quote(each.folder)}" for each in members] or ["--workspaces=false"]
        return [*chosen, "--include-workspace-root"] if members else chosen
    root = root_with(recipe, production=production)
    return [f"--workspace {shlex.quote(recipe.package.folder)}", *(["--include-workspace-root"] if root else [])]


def _logged_in(recipe: Recipe) -> str:
    """Return what gives one command the variables of .npmrc."""
    return "".join(f'{name}="$(cat /run/secrets/{name})" ' for name in recipe.secrets)


def _run(package: Package, script: str) -> str:
    where = "" if package.folder == "." else f" --workspace {shlex.quote(package.folder)}"
    return f"npm run {shlex.quote(script)}{where}"


def _cpus_at_once(manager: Manager) -> int:
    major, minor, *_ = (*manager.version.value.split("."), "0")
    return 1 if (int(major), int(minor)) >= KNOWS_LIBC else 0


NPM = Installer(STORE, _put_in_place, _install, _run, _cpus_at_once)
