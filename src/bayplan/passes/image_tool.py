"""The image of a job that no app's image can carry: of what runs, or with the tools of development that it runs."""

from dataclasses import replace

from bayplan.model.image import Command, Copy, Environment, Image, Stage, Step, Workdir
from bayplan.model.parts import TEMPORARY
from bayplan.passes import image_node, users
from bayplan.passes.image_build import build_stage
from bayplan.passes.image_install import base_stage, manifests_stage
from bayplan.passes.installers import installer
from bayplan.passes.recipe import ROOT, Recipe
from bayplan.source import Why

EVERY_CPU = ("x64", "arm64")
THERE = Why("image_tool", "the tools run where they were installed, so all of it happens on the target's platform")


def image(recipe: Recipe, *, needs_tools: bool) -> Image:
    """Return the recipe of an image that holds what runs of its package, or all that its build holds."""
    if needs_tools:
        return _with_tools(recipe)
    return replace(image_node.image(recipe), dockerfile=_dockerfile(recipe))


def _dockerfile(recipe: Recipe) -> str:
    usual = recipe.workspace.from_root(recipe.package.path(f"Dockerfile.{recipe.app.name}"))
    return recipe.app.settings.dockerfile or usual


def _with_tools(recipe: Recipe) -> Image:
    manager = recipe.workspace.manager
    for_every = installer(manager).cpus_at_once(manager) >= len(EVERY_CPU)
    base = base_stage(recipe) if for_every else replace(base_stage(recipe), native=False, why=THERE)
    build = build_stage(recipe, cpus=EVERY_CPU if for_every else (), needs_tools=True)
    everything = Why("image_tool", "the tool, what it reads, and the development dependencies it needs")
    steps: tuple[Step, ...] = (
        Environment(
            (("NODE_ENV", "production"), ("HOME", TEMPORARY)),
            Why("image_tool", "as everything else of the stack; tools of development keep files in the user's home"),
        ),
        Workdir(ROOT, Why("image_tool", "the repository's layout, so that every link between packages holds")),
        Copy((ROOT,), "./", everything, "build"),
        Workdir(recipe.folder, Why("image_tool", "its scripts run in the folder of its package", recipe.package.at)),
        *users.taken(recipe),
        Command(recipe.command.value, recipe.command.why),
    )
    run = Stage("run", recipe.base, steps, everything)
    found = recipe.image(base, manifests_stage(recipe), build, run)
    return replace(found, dockerfile=_dockerfile(recipe))
