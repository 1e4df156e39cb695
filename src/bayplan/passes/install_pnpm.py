"""How pnpm installs in an image."""

import shlex

from bayplan.model.image import Cache
from bayplan.model.lockfile import Manager
from bayplan.model.workspace import Package
from bayplan.passes.install_root import root_with
from bayplan.passes.installer import Installer, Wish
from bayplan.passes.recipe import Recipe

STORE = Cache("pnpm", "/pnpm/store")
KNOWS_PLATFORM_FLAGS = 10
ANY_NUMBER = 99


def _put_in_place(manager: Manager) -> tuple[str, ...]:
    return (f"npm install -g pnpm@{shlex.quote(manager.version.value)}",)


def _install(recipe: Recipe, wish: Wish) -> tuple[str, ...]:
    manager = recipe.workspace.manager
    words = ["pnpm install --frozen-lockfile"]
    words += ["--prod"] if wish.production else []
    words += [*_filters(recipe, production=wish.production), f"--store-dir {STORE.target}"]
    words += [] if wish.scripts else ["--ignore-scripts"]
    before: tuple[str, ...] = ()
    if wish.cpus and int(manager.version.value.partition(".")[0]) < KNOWS_PLATFORM_FLAGS:
        values = ("os[]=linux", *(f"cpu[]={cpu}" for cpu in wish.cpus), "libc[]=musl")
        told = " ".join(f'"pnpm.supportedArchitectures.{value}"' for value in values)
        before = (f"npm pkg set {told}",)
    elif wish.cpus:
        words += ["--os=linux", *(f"--cpu={cpu}" for cpu in wish.cpus), "--libc=musl"]
    return (*before, f"{_logged_in(recipe)}{' '.join(words)}")


def _filters(recipe: Recipe, *, production: bool) -> list[str]:
    """Return the flags that choose the packages to install: the app, what it needs, and the root where it is used."""
    if len(recipe.workspace.packages) == 1:
        return []
    name = shlex.quote(f"{recipe.package.name}...")
    chosen = f"--filter {name}" if not production or recipe.runs_what_it_builds else f"--filter-prod {name}"
    root = root_with(recipe, production=production)
    return [chosen, f"--filter {shlex.quote(root.name)}"] if root else [chosen]


def _logged_in(recipe: Recipe) -> str:
    """Return what gives one command the variables of .npmrc.

    New releases of pnpm (10.34, 11) put values in place of them only where the user calls the file their own.
    """
    told = " ".join(f'{name}="$(cat /run/secrets/{name})"' for name in recipe.secrets)
    return f"NPM_CONFIG_USERCONFIG=.npmrc {told} " if told else ""


def _run(package: Package, script: str) -> str:
    where = "" if package.folder == "." else f"-C {shlex.quote(package.folder)} "
    return f"pnpm {where}run {shlex.quote(script)}"


PNPM = Installer(STORE, _put_in_place, _install, _run, lambda _: ANY_NUMBER)
