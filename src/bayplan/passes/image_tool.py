"""The image of a job that runs a tool of development: a migration by drizzle-kit or by a script in TypeScript."""

from bayplan.model.image import Command, Copy, Environment, Image, Stage, Step, User, Workdir
from bayplan.passes.image_build import build_stage
from bayplan.passes.image_install import base_stage, manifests_stage
from bayplan.passes.recipe import ROOT, Recipe
from bayplan.source import Why

EVERY_CPU = ("x64", "arm64")


def image(recipe: Recipe) -> Image:
    """Return the recipe of an image that holds all that the build of its package holds."""
    build = build_stage(recipe, cpus=EVERY_CPU, needs_tools=True)
    everything = Why("image_tool", "the tool, what it reads, and the development dependencies it needs")
    steps: tuple[Step, ...] = (
        Environment((("NODE_ENV", "production"),), Why("image_tool", "as everything else of the stack")),
        Workdir(ROOT, Why("image_tool", "the repository's layout, so that every link between packages holds")),
        Copy((ROOT,), "./", everything, "build"),
        Workdir(recipe.folder, Why("image_tool", "its scripts run in the folder of its package", recipe.package.at)),
        User("node", Why("image_node", "the base image has this user; nothing runs as root")),
        Command(recipe.command.value, recipe.command.why),
    )
    run = Stage("run", recipe.base, steps, everything)
    return recipe.image(base_stage(recipe), manifests_stage(recipe), build, run, name=f"Dockerfile.{recipe.app.name}")
