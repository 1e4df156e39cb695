"""As whom a service runs."""

from bayplan.catalog import load
from bayplan.errors import UsageError
from bayplan.model.image import Copy, Run, Step, User
from bayplan.model.parts import NODE_UID
from bayplan.passes.apps import App
from bayplan.passes.recipe import Recipe
from bayplan.source import Why

NAME = "app"
FREE = 1001
"""The first number that images of Node.js leave free."""


def number(app: App) -> int:
    user = app.settings.user
    return (user.id or FREE) if user is not None else NODE_UID


def made(recipe: Recipe) -> tuple[Step, ...]:
    """Make the user that `bayplan.yaml` names, in a stage that runs commands anyway."""
    user = recipe.app.settings.user
    if user is None:
        return ()
    name, group, own = user.name or NAME, user.group or user.name or NAME, number(recipe.app)
    for said in (name, group, own):
        if said in load("node")["users"]:
            raise UsageError(
                f"{said} cannot be the user or group of {recipe.app.name}: the base image has one already",
                remedy=f"take another name, and a number from {FREE} on, or none: services.{recipe.app.name}.user",
            )
    why = Why("bayplan.yaml", "bayplan.yaml names the user it runs as")
    return (Run((f"addgroup -g {own} {group}", f"adduser -D -H -u {own} -G {group} {name}"), why, needs_network=False),)


def taken(recipe: Recipe) -> tuple[Step, ...]:
    """Run as that user, whom the last stage only copies; or as the one that the base image has."""
    user = recipe.app.settings.user
    if user is None:
        return (User("node", Why("users", "the base image has this user; nothing runs as root")),)
    why = Why("users", "the user it runs as, and its group")
    name, group = user.name or NAME, user.group or user.name or NAME
    return Copy(("/etc/passwd", "/etc/group"), "/etc/", why, "base"), User(f"{name}:{group}", why)
