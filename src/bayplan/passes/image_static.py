"""The images of an app that is nothing but files.

One publishes them to the volume that the proxy serves, and ends; the other serves them by itself, where no proxy
of ours stands before it.
"""

from dataclasses import replace

from bayplan.catalog import load, script, text
from bayplan.model.image import Command, Copy, Environment, Expose, Image, Stage, User, Workdir
from bayplan.model.parts import TEMPORARY, Health
from bayplan.model.stack import Role, Service
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

SERVE = "serve"
"""What stands behind the names of the files that an image which serves by itself is made from."""
CADDYFILE = f"Caddyfile.{SERVE}"
SERVED: Fact[tuple[str, ...]] = Fact(
    ("caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"),
    Why("image_static", "what Caddy's own image runs"),
)
PORT = Fact(8080, Why("image_static", "the files are served there; a port below 1024 would be root's"))
HEALTH = Health(Why("image_static", "every path of the app is its page"), "/")


def image(recipe: Recipe) -> Image:
    """Return the recipe of the image that publishes."""
    made = _made(recipe)
    beside = recipe.package.path(PUBLISH)
    owned = Why("image_static", "a new volume takes the owner of this folder")
    run = Stage(
        "run",
        BASE,
        (
            Copy((f"{recipe.folder}/{made.value}",), SITE, made.why, "build"),
            Copy((beside,), f"/{PUBLISH}", COMMAND.why),
            _user(recipe),
            Workdir(VOLUME, owned),
            Command(COMMAND.value, COMMAND.why),
        ),
        Why("image_static", "only the files, and what publishes them"),
    )
    return _image(recipe, run, beside, script("publish"))


def serving(service: Service, recipe: Recipe) -> Service:
    """Return the service that serves the same files by itself."""
    return replace(
        service,
        role=Fact(Role.WEB, SERVED.why),
        image=_serving(recipe),
        command=SERVED,
        port=PORT,
        health=HEALTH,
        mounts=(),
        writable=(TEMPORARY,),
    )


def _serving(recipe: Recipe) -> Image:
    """Return the recipe of the image that serves; it builds as the other does, so that they share those layers."""
    known = load("proxy")
    made = _made(recipe)
    beside = recipe.package.path(CADDYFILE)
    kept = Why("image_static", "what Caddy notes for itself; its own folders are root's")
    run = Stage(
        "run",
        known["image"],
        (
            Copy((f"{recipe.folder}/{made.value}",), known["files"], made.why, "build"),
            Copy(
                (beside,), known["config"], Why("image_static", "the same as the proxy does on a machine of one's own")
            ),
            Environment((("XDG_CONFIG_HOME", TEMPORARY), ("XDG_DATA_HOME", TEMPORARY)), kept),
            _user(recipe),
            Expose(PORT.value, PORT.why),
        ),
        Why("image_static", "the files, and what serves them where no proxy takes them over"),
    )
    return _image(recipe, run, beside, text("serve.Caddyfile"), f".{SERVE}")


def _made(recipe: Recipe) -> Fact[str]:
    return next((each for each in recipe.package.outputs if each.why.by == "build"), BUILT)


def _user(recipe: Recipe) -> User:
    return User(f"{users.number(recipe.app)}:{users.number(recipe.app)}", Why("image_static", "nothing runs as root"))


def _image(recipe: Recipe, run: Stage, beside: str, script: str, kind: str = "") -> Image:
    found = recipe.image(base_stage(recipe), manifests_stage(recipe), build_stage(recipe), run)
    dockerfile = (recipe.app.settings.dockerfile or found.dockerfile) + kind
    return Image(dockerfile, found.context, found.stages, ((recipe.workspace.from_root(beside), script),))
