"""The stages that install: the package manager, the manifests, the production tree."""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayplan.model.image import Argument, Copy, Run, Stage, Step, Workdir
from bayplan.model.workspace import Package
from bayplan.passes import lifecycle, users
from bayplan.passes.installer import Wish
from bayplan.passes.installers import installer
from bayplan.passes.native import natives
from bayplan.passes.patches import patching
from bayplan.passes.recipe import ROOT, Recipe
from bayplan.passes.trim import trimming
from bayplan.source import Why

TARGET = Argument("TARGETARCH", Why("image_install", "the platform the image is for"))
CPU = 'cpu=$([ "$TARGETARCH" = amd64 ] && echo x64 || echo "$TARGETARCH")'
LAYOUT = Workdir(ROOT, Why("image_install", "every stage has the repository's layout below one folder"))


def base_stage(recipe: Recipe) -> Stage:
    steps: tuple[Step, ...] = (*_compilers(recipe), *_manager(recipe), *users.made(recipe), LAYOUT)
    because = "what builds runs on the builder's own platform"
    because = because if recipe.workspace.manager.comes_with_node else f"the exact package manager; {because}"
    return Stage("base", recipe.base, steps, Why("image_install", because, recipe.node.why.at), native=True)


def _compilers(recipe: Recipe) -> tuple[Run, ...]:
    names = ", ".join(natives(recipe.workspace, recipe.locked).scripted)
    why = Why("native", f"{names} may have to be compiled")
    return (Run(("apk add --no-cache g++ make python3",), why),) if names else ()


def _manager(recipe: Recipe) -> tuple[Run, ...]:
    manager = recipe.workspace.manager
    commands = installer(manager).put_in_place(manager)
    return (Run(commands, manager.version.why),) if commands else ()


def manifests_stage(recipe: Recipe) -> Stage:
    without = tuple(_without_early_scripts(recipe, recipe.built))
    alone = "the manifests alone" + (", without the scripts that an install would run too early" if without else "")
    why = Why("closure", f"{alone}: dependencies are installed again only when one of these changes")
    return Stage("manifests", "base", (*_manifests(recipe, recipe.built), *without), why)


def _without_early_scripts(recipe: Recipe, packages: Sequence[Package]) -> Iterator[Step]:
    return lifecycle.taken_out((*([recipe.root] if recipe.root else []), *packages))


def _manifests(recipe: Recipe, packages: Sequence[Package]) -> list[Step]:
    manager = recipe.workspace.manager
    why = Why("closure", "an install reads these, whichever package it is for", manager.version.why.at)
    plain = tuple(path for path in manager.files if "/" not in path)
    folders = sorted({posixpath.dirname(path) for path in manager.files if "/" in path})
    steps: list[Step] = [Copy(plain, "./", why)]
    for folder in folders:
        inside = tuple(path for path in manager.files if posixpath.dirname(path) == folder)
        steps.append(Copy(inside, f"{folder}/", why))
    for package in packages:
        if package.folder != ".":
            because = "its own manifest" if package is recipe.package else f"{recipe.app.name} needs {package.name}"
            manifest = package.path("package.json")
            steps.append(Copy((manifest,), f"{package.folder}/", Why("closure", because, package.at)))
    return steps


def install(recipe: Recipe, wish: Wish, why: Why, *, before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> Run:
    """Return the step that installs, with commands before and after it."""
    found = installer(recipe.workspace.manager)
    commands = (*found.install(recipe, wish), *patching(recipe, production=wish.production))
    return Run((*before, *commands, *after), why, (found.store,), secrets=recipe.secrets)


def production_stage(recipe: Recipe) -> Stage:
    """Install what runs, for the platform it runs on."""
    manager = recipe.workspace.manager
    found = natives(recipe.workspace, recipe.locked)
    trims = tuple(trimming(recipe, found))
    if found.scripted:
        names = ", ".join(found.scripted)
        because = f"what runs; {names} must be built on the platform it runs on, so this stage runs there"
        return _installed_there(recipe, Why("native", because), trims)
    if not installer(manager).cpus_at_once(manager):
        because = f"what runs; {manager.name} {manager.version.value} can only install for the platform it runs on"
        return _installed_there(recipe, Why("native", because, manager.version.why.at), trims)
    return _resolved_here(recipe, trims)


def _resolved_here(recipe: Recipe, trims: tuple[str, ...]) -> Stage:
    """Resolve on the builder's platform for the target's: nothing is emulated."""
    why = Why("closure", "what runs: production dependencies for the target's platform, without what never runs")
    wish = Wish(production=True, cpus=("$cpu",), scripts=False)
    steps: list[Step] = [] if recipe.runs_what_it_builds else _manifests(recipe, recipe.running)
    run = install(recipe, wish, why, before=(CPU,), after=trims)
    return Stage("production", "manifests" if not steps else "base", (*steps, TARGET, run), why)


def _installed_there(recipe: Recipe, why: Why, trims: tuple[str, ...]) -> Stage:
    """Install on the target platform itself: the one case where a stage may be emulated."""
    needs_cpu = any("$cpu" in command for command in trims)
    run = install(recipe, Wish(production=True), why, before=(CPU,) if needs_cpu else (), after=trims)
    run = replace(run, caches=tuple(replace(cache, id=f"{cache.id}-target") for cache in run.caches))
    manifests = (*_manifests(recipe, recipe.running), *_without_early_scripts(recipe, recipe.running))
    told = (TARGET,) if needs_cpu else ()
    steps = (*_compilers(recipe), *_manager(recipe), LAYOUT, *manifests, *told, run)
    return Stage("production", recipe.base, steps, why)
