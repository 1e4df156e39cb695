"""The image of a Next.js app: its standalone output, which carries the few files of node_modules that it needs."""

import shlex
from collections.abc import Sequence

from bayplan.model.code import SKIPS_VALIDATION
from bayplan.model.image import Cache, Copy, Environment, Image, Run, Stage, Step, Workdir
from bayplan.model.parts import Asked, Given, Variable, fixed, parts_of
from bayplan.passes.image_build import build_stage
from bayplan.passes.image_install import TARGET, base_stage, manifests_stage, production_stage
from bayplan.passes.image_node import EVERYWHERE, environment, last_steps
from bayplan.passes.installers import installer
from bayplan.passes.recipe import ROOT, Recipe
from bayplan.passes.trim import find_and_remove
from bayplan.source import Why

# `next build` traces what it finds on the builder's platform, so sharp must be there for every target.
BOTH = ("x64", "arm64")
BINARIES = "@img"
"""The scope of sharp's binaries, one package for each platform."""
AT_RUN_TIME = "set-at-run-time-and-not-when-it-is-built"
STAND_INS = {
    "url": f"https://{AT_RUN_TIME}.invalid",
    "email": f"{AT_RUN_TIME}@example.com",
    "number": "1",
    "boolean": "false",
}


def image(recipe: Recipe, *, has_public: bool) -> Image:
    """Return the recipe of a Next.js app; `has_public`: it has a folder `public`."""
    cache = Cache(
        f"next-{recipe.stack}-{recipe.app.name}", f"{recipe.folder}/{recipe.next_folder}/cache", exclusive=True
    )
    has_sharp = any(package.name == "sharp" for package in recipe.locked)
    manager = recipe.workspace.manager
    for_both = has_sharp and installer(manager).cpus_at_once(manager) >= len(BOTH)
    separate = _binaries(recipe) if has_sharp and not for_both else []
    built = recipe.package.path(f"{recipe.next_folder}/standalone")
    last = (
        find_and_remove([shlex.quote(built)], ("*.map",)),
        *(f"rm -rf {shlex.quote(f'{built}/{folder}')}" for folder in separate),
    )
    build = build_stage(recipe, first=_told(recipe), last=last, cpus=BOTH if for_both else (), caches=(cache,))
    traced = [_standalone_stage(recipe)] if for_both else [production_stage(recipe)] if separate else []
    run = _run_stage(recipe, "standalone" if for_both else "build", separate, has_public=has_public)
    return recipe.image(base_stage(recipe), manifests_stage(recipe), build, *traced, run)


def _binaries(recipe: Recipe) -> list[str]:
    """Return the folders that hold sharp's binaries, as the lockfile lays them out."""
    lock = recipe.workspace.manager.lockfile
    places = (key.partition(f"{BINARIES}/") for key in (lock.packages if lock else ()))
    return sorted({before + BINARIES for before, found, _ in places if found})


def _told(recipe: Recipe) -> tuple[str, ...]:
    """Return the command that gives the build what the code demands as soon as it is loaded.

    `next build` loads it all. What is known is given as it will be; for the rest, as for secrets, something stands in.
    """
    uses = [use for package in recipe.running for use in package.code.env]
    skips = sorted({use.name for use in uses if use.kind == SKIPS_VALIDATION})
    told = dict.fromkeys(skips, "1")
    demanded = {use.name for use in uses if use.required and use.via == "process.env"}
    for variable in recipe.variables:
        skipped = skips and variable.name not in demanded and fixed(variable.value) is None
        if variable.required and not variable.at_build and not skipped:
            told[variable.name] = _at_build(variable)
    return (f"export {' '.join(f'{name}={shlex.quote(text)}' for name, text in told.items())}",) if told else ()


def _at_build(variable: Variable) -> str:
    if isinstance(variable.value, Asked):
        kind = variable.kind.removeprefix("enum:").split("|")[0] if variable.kind.startswith("enum:") else None
        return kind or STAND_INS.get(variable.kind, AT_RUN_TIME)
    parts = parts_of(variable.value)
    return "".join(part.text if isinstance(part, Given) else AT_RUN_TIME for part in parts)


def _standalone_stage(recipe: Recipe) -> Stage:
    why = Why("image_next", "sharp, which next/image needs, for the target's platform and for no other")
    other = 'other=$([ "$TARGETARCH" = amd64 ] && echo arm64 || echo x64)'
    traced = shlex.quote(f"{recipe.folder}/{recipe.next_folder}/standalone")
    remove = f'find {traced} -name "*sharp*-linux*-$other*" -prune -exec rm -rf {{}} +'
    return Stage("standalone", "build", (TARGET, Run((other, remove), why)), why)


def _run_stage(recipe: Recipe, source: str, separate: Sequence[str], *, has_public: bool) -> Stage:
    folder, built = recipe.package.folder, recipe.next_folder
    prefix = "" if folder == "." else f"{folder}/"
    interfaces = Why("image_next", "its server binds to HOSTNAME, which Docker sets to the container's own name")
    traced = Why("image_next", "the server and what it was traced to need", recipe.command.why.at)
    left_out = Why("image_next", "standalone output leaves these files out", recipe.command.why.at)
    told = tuple({**dict(environment(recipe)), "HOSTNAME": EVERYWHERE}.items())
    steps: list[Step] = [
        Environment(told, interfaces),
        Workdir(ROOT, Why("image_next", "standalone output has the repository's layout")),
        Copy((f"{recipe.folder}/{built}/standalone",), "./", traced, source),
        Copy((f"{recipe.folder}/{built}/static",), f"{prefix}{built}/static", left_out, "build"),
    ]
    binaries = Why("image_next", "sharp, which next/image needs, for the target's platform", recipe.command.why.at)
    steps += [Copy((f"{ROOT}/{path}",), path, binaries, "production") for path in separate]
    if has_public:
        steps.append(Copy((f"{recipe.folder}/public",), f"{prefix}public", left_out, "build"))
    if folder != ".":
        steps.append(Workdir(recipe.folder, Why("image_next", "its server.js stands there", recipe.package.at)))
    return Stage("run", recipe.base, (*steps, *last_steps(recipe)), Why("image_node", "only what runs"))
