"""The image of a Next.js app: its standalone output, which carries the few files of node_modules that it needs."""

import shlex

from bayplan.model.image import Cache, Copy, Environment, Image, Run, Stage, Step, Workdir
from bayplan.passes.image_build import build_stage
from bayplan.passes.image_install import TARGET, base_stage, manifests_stage
from bayplan.passes.image_node import environment, last_steps
from bayplan.passes.recipe import ROOT, Recipe
from bayplan.passes.trim import find_and_remove
from bayplan.source import Why

# `next build` traces what it finds on the builder's platform, so sharp must be there for every target.
BOTH = " --os=linux --cpu=x64 --cpu=arm64 --libc=musl"


def image(recipe: Recipe, *, has_public: bool) -> Image:
    """Return the recipe of a Next.js app; `has_public`: it has a folder `public`."""
    cache = Cache(f"next-{recipe.app.name}", f"{recipe.folder}/.next/cache", exclusive=True)
    has_sharp = any(package.name == "sharp" for package in recipe.locked)
    without_maps = (find_and_remove([shlex.quote(recipe.package.path(".next/standalone"))], ("*.map",)),)
    build = build_stage(recipe, last=without_maps, flags=BOTH if has_sharp else "", caches=(cache,))
    traced = [_standalone_stage(recipe)] if has_sharp else []
    run = _run_stage(recipe, "standalone" if has_sharp else "build", has_public=has_public)
    stages = (base_stage(recipe), manifests_stage(recipe), build, *traced, run)
    return Image(recipe.package.path("Dockerfile"), ".", stages)


def _standalone_stage(recipe: Recipe) -> Stage:
    why = Why("image_next", "sharp, which next/image needs, for the target's platform and for no other")
    other = 'other=$([ "$TARGETARCH" = amd64 ] && echo arm64 || echo x64)'
    remove = (
        f'find {shlex.quote(recipe.folder)}/.next/standalone -name "*sharp*-linux*-$other*" -prune -exec rm -rf {{}} +'
    )
    return Stage("standalone", "build", (TARGET, Run((other, remove), why)), why)


def _run_stage(recipe: Recipe, source: str, *, has_public: bool) -> Stage:
    folder = recipe.package.folder
    prefix = "" if folder == "." else f"{folder}/"
    interfaces = Why("image_next", "its server binds to HOSTNAME, which Docker sets to the container's own name")
    traced = Why("image_next", "the server and what it was traced to need", recipe.command.why.at)
    left_out = Why("image_next", "standalone output leaves these files out", recipe.command.why.at)
    everywhere = ("HOSTNAME", "0.0.0.0")  # noqa: S104 - the container's own interfaces
    steps: list[Step] = [
        Environment((*environment(recipe), everywhere), interfaces),
        Workdir(ROOT, Why("image_next", "standalone output has the repository's layout")),
        Copy((f"{recipe.folder}/.next/standalone",), "./", traced, source),
        Copy((f"{recipe.folder}/.next/static",), f"{prefix}.next/static", left_out, "build"),
    ]
    if has_public:
        steps.append(Copy((f"{recipe.folder}/public",), f"{prefix}public", left_out, "build"))
    if folder != ".":
        steps.append(Workdir(recipe.folder, Why("image_next", "its server.js stands there", recipe.package.at)))
    return Stage("run", recipe.base, (*steps, *last_steps(recipe)), Why("image_node", "only what runs"))
