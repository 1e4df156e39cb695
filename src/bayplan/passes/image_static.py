"""The image of an app that is nothing but files: it publishes them to the volume that the proxy serves, and ends."""

from bayplan.catalog import script
from bayplan.model.image import Command, Copy, Image, Stage, User, Workdir
from bayplan.passes import users
from bayplan.passes.image_build import build_stage
from bayplan.passes.image_install import base_stage, manifests_stage
from bayplan.passes.recipe import Recipe
from bayplan.source import Fact, Why

BASE = "alpine:3.22"
PUBLISH = "publish.sh"
SITE = "/site"
VOLUME = "/srv/site"
"""Where the volume is mounted; its folder `current` holds the newest version, for whoever serves it."""
COMMAND: Fact[tuple[str, ...]] = Fact(
    ("sh", f"/{PUBLISH}"), Why("image_static", "a version appears at once or not at all, and the proxy goes on running")
)
BUILT = Fact("dist", Why("image_static", "where bundlers write to unless they are told otherwise"))


def image(recipe: Recipe) -> Image:
    """Return the recipe of the image."""
    made = next((each for each in recipe.package.outputs if each.why.by == "build"), BUILT)
    beside = recipe.package.path(PUBLISH)
    owned = Why("image_static", "a new volume takes the owner of this folder")
    run = Stage(
        "run",
        BASE,
        (
            Copy((f"{recipe.folder}/{made.value}",), SITE, made.why, "build"),
            Copy((beside,), f"/{PUBLISH}", COMMAND.why),
            User(f"{users.number(recipe.app)}:{users.number(recipe.app)}", Why("image_static", "nothing runs as root")),
            Workdir(VOLUME, owned),
            Command(COMMAND.value, COMMAND.why),
        ),
        Why("image_static", "only the files, and what publishes them"),
    )
    found = recipe.image(base_stage(recipe), manifests_stage(recipe), build_stage(recipe), run)
    path = recipe.workspace.from_root(beside)
    return Image(
        recipe.app.settings.dockerfile or found.dockerfile, found.context, found.stages, ((path, script("publish")),)
    )
