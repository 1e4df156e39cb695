"""The image of a Node.js service."""

from dataclasses import replace

from bayplan.model.image import Command, Copy, Environment, Expose, Healthcheck, Image, Stage, Step, Workdir
from bayplan.passes import users
from bayplan.passes.image_build import build_stage, stripping
from bayplan.passes.image_install import base_stage, manifests_stage, production_stage
from bayplan.passes.recipe import ROOT, Recipe, inside
from bayplan.passes.settings import seconds
from bayplan.source import Why

EVERYWHERE = "0.0.0.0"  # noqa: S104 - the container's own interfaces


def image(recipe: Recipe) -> Image:
    """Return the recipe of a service that runs its own build output."""
    return recipe.image(
        base_stage(recipe),
        manifests_stage(recipe),
        build_stage(recipe, last=stripping(recipe)),
        production_stage(recipe),
        _run_stage(recipe),
    )


def _run_stage(recipe: Recipe) -> Stage:
    """Copy only; the stage of the target platform executes nothing, so nothing is emulated."""
    values = Why("image_node", "frameworks run in production mode, on the port the checks expect")
    steps: list[Step] = [
        Environment(environment(recipe), values),
        Workdir(ROOT, Why("image_node", "the repository's layout, so that every link between packages holds")),
    ]
    if recipe.locked:
        first = Why("closure", "every dependency; it changes seldom, so it comes first")
        steps.append(Copy((f"{ROOT}/node_modules",), "node_modules", first, "production"))
    trees = Why("closure", "manifest and links of a package that runs")
    for package in recipe.running:
        source, target = (
            (f"{ROOT}/package.json", "./") if package.folder == "." else (inside(package.folder), package.folder)
        )
        steps.append(Copy((source,), target, replace(trees, at=package.at), "production"))
    for package, output in recipe.outputs:
        target = package.path(output.value)
        steps.append(Copy((f"{ROOT}/{target}",), target, output.why, "build"))
    if recipe.package.folder != ".":
        steps.append(
            Workdir(recipe.folder, Why("image_node", "its scripts run in the folder of its package", recipe.package.at))
        )
    return Stage("run", recipe.base, (*steps, *last_steps(recipe)), Why("image_node", "only what runs"))


def environment(recipe: Recipe) -> tuple[tuple[str, str], ...]:
    if recipe.port is None:
        return (("NODE_ENV", "production"),)
    told, bound = recipe.package.code.port_variable, recipe.package.code.host_variable
    everywhere = ((bound.value, EVERYWHERE),) if bound else ()
    return (("NODE_ENV", "production"), (told.value if told else "PORT", str(recipe.port.value)), *everywhere)


def last_steps(recipe: Recipe) -> tuple[Step, ...]:
    steps: list[Step] = [*users.taken(recipe), *_kept(recipe)]
    if recipe.port is not None:
        steps.append(Expose(recipe.port.value, recipe.port.why))
    if recipe.health is not None:
        starts = recipe.app.settings.start
        check = Healthcheck(recipe.health.command, recipe.health.why)
        steps.append(replace(check, start_period=seconds(starts)) if starts else check)
    steps.append(Command(recipe.command.value, recipe.command.why))
    return tuple(steps)


def _kept(recipe: Recipe) -> tuple[Step, ...]:
    """Make the folders that volumes are mounted on: a new volume takes their owner."""
    folders = recipe.app.settings.keep
    owned = Why("bayplan.yaml", "what is written there is kept, and a new volume takes the owner of this folder")
    back = Workdir(recipe.folder, Why("image_node", "its scripts run in the folder of its package", recipe.package.at))
    return (*(Workdir(path, owned) for path in folders), back) if folders else ()
