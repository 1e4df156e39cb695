"""The stages that install: the package manager, the manifests, the production tree."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bayplan.errors import UsageError
from bayplan.model.image import Argument, Copy, Run, Stage, Step, Workdir
from bayplan.model.workspace import DependencyKind, Package
from bayplan.passes import lifecycle
from bayplan.passes.native import Natives, natives
from bayplan.passes.recipe import ROOT, STORE, Recipe
from bayplan.passes.trim import trimming
from bayplan.source import Why

# Binaries that scripts call by another name than their package's.
PROVIDERS = {"tsc": "typescript", "nest": "@nestjs/cli", "swc": "@swc/cli", "babel": "@babel/cli"}
KNOWS_PLATFORM_FLAGS = 10
TARGET = Argument("TARGETARCH", Why("image_install", "the platform the image is for"))
CPU = 'cpu=$([ "$TARGETARCH" = amd64 ] && echo x64 || echo "$TARGETARCH")'
LAYOUT = Workdir(ROOT, Why("image_install", "every stage has the repository's layout below one folder"))


def base_stage(recipe: Recipe) -> Stage:
    because = "the exact package manager; what builds runs on the builder's own platform"
    steps: tuple[Step, ...] = (*_compilers(recipe), _manager(recipe), LAYOUT)
    return Stage("base", recipe.base, steps, Why("image_install", because, recipe.node.why.at), native=True)


def _compilers(recipe: Recipe) -> tuple[Run, ...]:
    names = ", ".join(natives(recipe.workspace, recipe.locked).scripted)
    why = Why("native", f"{names} may have to be compiled")
    return (Run(("apk add --no-cache g++ make python3",), why),) if names else ()


def _manager(recipe: Recipe) -> Run:
    manager = recipe.workspace.manager
    if manager.name != "pnpm":
        raise UsageError(
            f"this workspace is installed with {manager.name}, and images are written for pnpm workspaces only",
            at=manager.version.why.at,
            remedy="keep its Dockerfiles by hand and let `bayplan check` read them",
        )
    return Run((f"npm install -g pnpm@{shlex.quote(manager.version.value)}",), manager.version.why)


def manifests_stage(recipe: Recipe) -> Stage:
    without = tuple(_without_early_scripts(recipe, recipe.built))
    alone = "the manifests alone" + (", without the scripts that an install would run too early" if without else "")
    why = Why("closure", f"{alone}: dependencies are installed again only when one of these changes")
    return Stage("manifests", "base", (*_manifests(recipe, recipe.built), *without), why)


def _without_early_scripts(recipe: Recipe, packages: Sequence[Package]) -> Iterator[Step]:
    return lifecycle.taken_out((*([recipe.root] if recipe.root else []), *packages))


def _manifests(recipe: Recipe, packages: Sequence[Package]) -> list[Step]:
    manager = recipe.workspace.manager
    why = Why("pnpm", "an install reads these, whichever package it is for", manager.version.why.at)
    plain = tuple(path for path in manager.files if "/" not in path)
    steps: list[Step] = [Copy(plain, "./", why), *(Copy((path,), path, why) for path in manager.files if "/" in path)]
    for package in packages:
        if package.folder != ".":
            because = "its own manifest" if package is recipe.package else f"{recipe.app.name} needs {package.name}"
            manifest = package.path("package.json")
            steps.append(Copy((manifest,), f"{package.folder}/", Why("closure", because, package.at)))
    return steps


def filters(recipe: Recipe, *, production: bool) -> str:
    """Return the flags that choose the packages to install: the app, what it needs, and the root where it is used."""
    if len(recipe.workspace.packages) == 1:
        return ""
    name = shlex.quote(f"{recipe.package.name}...")
    text = f" --filter {name}" if not production or recipe.runs_what_it_builds else f" --filter-prod {name}"
    root = recipe.root
    if root is None or not (_root_runs(root) if production else _root_builds(recipe, root)):
        return text
    return f"{text} --filter {shlex.quote(root.name)}"


def _root_runs(root: Package) -> bool:
    return any(each.kind is not DependencyKind.DEVELOPMENT for each in root.dependencies)


def _root_builds(recipe: Recipe, root: Package) -> bool:
    """Say whether a build calls a tool, or reads types, that only the root depends on."""
    there = {dependency.name for dependency in root.dependencies}
    types = {name for name in there if name.startswith("@types/")}
    for package in recipe.built:
        own = {dependency.name for dependency in package.dependencies}
        scripts = [package.scripts[name].value for name in (package.build.value if package.build else ())]
        called = {PROVIDERS.get(word, word) for script in scripts for word in script.split()}
        wanted = called | types if package.tsconfigs else called
        if wanted & there - own or _root_runs(root):
            return True
    return False


def install(recipe: Recipe, *, production: bool, flags: str = "") -> str:
    prod = " --prod" if production else ""
    chosen = filters(recipe, production=production)
    return f"{_logged_in(recipe)}pnpm install --frozen-lockfile{prod}{chosen} --store-dir {STORE.target}{flags}"


def _logged_in(recipe: Recipe) -> str:
    """Return what gives one command the variables of .npmrc.

    New releases of pnpm (10.34, 11) put values in place of them only where the user calls the file their own.
    """
    told = " ".join(f'{name}="$(cat /run/secrets/{name})"' for name in recipe.secrets)
    return f"NPM_CONFIG_USERCONFIG=.npmrc {told} " if told else ""


def install_for(cpus: Sequence[str], recipe: Recipe, *, production: bool, flags: str = "") -> tuple[str, ...]:
    """Return the commands that install for Alpine on these CPUs, whatever they run on themselves."""
    if int(recipe.workspace.manager.version.value.partition(".")[0]) < KNOWS_PLATFORM_FLAGS:
        values = ("os[]=linux", *(f"cpu[]={cpu}" for cpu in cpus), "libc[]=musl")
        told = " ".join(f'"pnpm.supportedArchitectures.{value}"' for value in values)
        return f"npm pkg set {told}", install(recipe, production=production, flags=flags)
    told = " ".join(("--os=linux", *(f"--cpu={cpu}" for cpu in cpus), "--libc=musl"))
    return (install(recipe, production=production, flags=f"{flags} {told}"),)


def production_stage(recipe: Recipe) -> Stage:
    """Install what runs, for the platform it runs on."""
    found = natives(recipe.workspace, recipe.locked)
    trims = tuple(trimming(recipe.locked, found, recipe.workspace.manager.linker))
    return _compiled_there(recipe, found, trims) if found.scripted else _resolved_here(recipe, trims)


def _resolved_here(recipe: Recipe, trims: tuple[str, ...]) -> Stage:
    """Resolve on the builder's platform for the target's: nothing is emulated."""
    commands = (CPU, *install_for(["$cpu"], recipe, production=True, flags=" --ignore-scripts"), *trims)
    why = Why("closure", "what runs: production dependencies for the target's platform, without what never runs")
    steps: list[Step] = [] if recipe.runs_what_it_builds else _manifests(recipe, recipe.running)
    run = Run(commands, why, (STORE,), secrets=recipe.secrets)
    return Stage("production", "manifests" if not steps else "base", (*steps, TARGET, run), why)


def _compiled_there(recipe: Recipe, found: Natives, trims: tuple[str, ...]) -> Stage:
    """Install on the target platform itself: the one case where a stage may be emulated."""
    names = ", ".join(found.scripted)
    why = Why("native", f"what runs; {names} must be built on the platform it runs on, so this stage runs there")
    commands = (install(recipe, production=True), *trims)
    told: tuple[Step, ...] = ()
    if any("$cpu" in command for command in trims):
        commands, told = (CPU, *commands), (TARGET,)
    run = Run(commands, why, (replace(STORE, id="pnpm-target"),), secrets=recipe.secrets)
    manifests = (*_manifests(recipe, recipe.running), *_without_early_scripts(recipe, recipe.running))
    steps = (*_compilers(recipe), _manager(recipe), LAYOUT, *manifests, *told, run)
    return Stage("production", recipe.base, steps, why)
