"""The stage that builds, package by package, so that a change builds only itself and what follows."""

import shlex

from bayplan.model.image import Argument, Cache, Copy, Run, Stage, Step
from bayplan.model.stack import reads_source_maps
from bayplan.model.workspace import Package
from bayplan.passes.image_install import install
from bayplan.passes.installer import Wish
from bayplan.passes.installers import installer
from bayplan.passes.lifecycle import made_up_for
from bayplan.passes.recipe import Recipe
from bayplan.passes.trim import DECLARATION_MAPS, OWN_UNUSED, find_and_remove
from bayplan.source import Why


def build_stage(
    recipe: Recipe,
    *,
    first: tuple[str, ...] = (),
    last: tuple[str, ...] = (),
    cpus: tuple[str, ...] = (),
    caches: tuple[Cache, ...] = (),
    needs_tools: bool = False,
) -> Stage:
    """Install everything the build needs, then copy and build each package, dependencies first.

    Nothing is installed where nothing is built, unless `needs_tools`: what runs is a tool of development itself.

    `first` and `last` are commands around the app's own build, `caches` its own; `cpus` are those that a native
    module must be there for, the builder's own when there are none.
    """
    steps: list[Step] = []
    builds = any(_scripts(recipe, package) for package in recipe.built)
    if builds or needs_tools:
        exact = Why("closure", "exactly what the lockfile says, development tools included")
        steps.append(install(recipe, Wish(production=False, cpus=cpus), exact))
    steps += [Copy((path,), path if "/" in path else "./", why) for path, why in _shared_files(recipe).items()]
    for package in recipe.built:
        own = package is recipe.package
        because = "its own sources" if own else f"{recipe.app.name} needs {package.name}"
        target = package.folder if package.folder != "." else "./"
        steps.append(Copy((package.folder,), target, Why("closure", because, package.at), whole=True))
        if own:
            steps += [Argument(each.name, each.why) for each in recipe.variables if each.at_build]
        scripts = _scripts(recipe, package)
        if scripts:
            commands = (*first, *scripts, *last) if own else scripts
            why = package.build.why if package.build else Why("lifecycle", "an install would run it", package.at)
            steps.append(Run(commands, why, caches if own else ()))
    because = "the tool and its sources, which run as they are" if needs_tools else "the sources, which run as they are"
    if builds and len(recipe.workspace.packages) == 1:
        because = "the sources come after the install: a change of them installs nothing again"
    elif builds:
        because = "package by package, dependencies first: a change builds only itself and what follows"
    return Stage("build", "manifests", tuple(steps), Why("closure", because))


def _scripts(recipe: Recipe, package: Package) -> tuple[str, ...]:
    run = installer(recipe.workspace.manager).run
    names = (*made_up_for(package), *(package.build.value if package.build else ()))
    return tuple(run(package, name) for name in names)


def _shared_files(recipe: Recipe) -> dict[str, Why]:
    """Return the files outside the packages that their TypeScript configs extend."""
    if recipe.package.folder == ".":
        return {}
    copied = tuple(f"{package.folder}/" for package in recipe.built)
    found: dict[str, Why] = {}
    for package in recipe.built:
        for config in package.tsconfigs:
            for path in config.chain:
                if not path.startswith(copied) and "node_modules" not in path.split("/"):
                    found.setdefault(path, Why("tsconfig", f"{config.path} extends it", config.at))
    return dict(sorted(found.items()))


def stripping(recipe: Recipe) -> tuple[str, ...]:
    """Return the command that removes what only compilers and debuggers read, once everything is compiled."""
    made = [package.path(output.value) for package, output in recipe.outputs if output.why.by == "build"]
    if not made:
        return ()
    unused = (*(DECLARATION_MAPS if reads_source_maps(recipe.command.value) else ("*.map",)), *OWN_UNUSED)
    return (find_and_remove([shlex.quote(path) for path in made], unused),)
