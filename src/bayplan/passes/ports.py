"""On which port a service listens, and which port of the host leads to it."""

from collections.abc import Sequence
from typing import Literal

from bayplan.model.config import Config
from bayplan.model.parts import Asked, Binding, Note
from bayplan.model.stack import Role, Service
from bayplan.passes.apps import App
from bayplan.passes.settings import where
from bayplan.source import At, Fact, Why

USUAL = 3000
VITE = 5173
"""Where Vite serves an app during development, which a production build of it no longer does."""


def port(app: App, config: Config) -> Fact[int] | None:
    if app.role.value is not Role.WEB:
        return None
    if app.settings.port is not None:
        return Fact(
            app.settings.port, Why("bayplan.yaml", "bayplan.yaml says so", config.at("services", app.name, "port"))
        )
    if app.package.code.port is not None:
        return app.package.code.port
    return Fact(USUAL, Why("ports", f"nothing names a port; {USUAL} is given to it as PORT", app.package.at))


def bindings(apps: tuple[App, ...], ports: dict[str, Fact[int] | None], config: Config) -> dict[str, Binding]:
    """Publish each web service on its own port number, or on the next free one when two listen on the same.

    Behind a proxy none is published unless `bayplan.yaml` says so.
    """
    taken: set[tuple[str | Asked, int]] = set()
    found: dict[str, Binding] = {}
    for app in apps:
        inside = ports[app.name]
        wanted, at = _wanted(app, config)
        if inside is None or wanted is False or (wanted is None and config.proxy is not None):
            continue
        address, number = where(wanted) if wanted else ("", None)
        if number is None:
            number = inside.value
            while (address, number) in taken:
                number += 1
        same = "the same number outside as inside"
        because = same if number == inside.value else f"{inside.value} is taken by another service"
        why = Why("bayplan.yaml", "bayplan.yaml says so", at) if wanted else Why("ports", because, inside.why.at)
        found[app.name] = Binding(number, address, why)
        taken.add((address, number))
    return found


def _wanted(app: App, config: Config) -> tuple[str | Literal[False] | None, At]:
    """Return what `bayplan.yaml` says about one service, or else about all."""
    if app.settings.publish is not None:
        return app.settings.publish, config.at("services", app.name, "publish")
    return config.publish, config.at("publish")


def usual(apps: tuple[App, ...]) -> dict[str, int]:
    """Return where each app answers when nothing tells it otherwise: what other code takes for granted."""
    files = {app.name: VITE for app in apps if app.role.value is Role.FILES}
    listening = [app for app in apps if app.role.value is Role.WEB]
    return files | {app.name: app.package.code.port.value for app in listening if app.package.code.port is not None}


def only_here(services: Sequence[Service]) -> list[Note]:
    """Say which addresses are right on this machine only."""
    return [
        Note(
            service.name,
            f"{variable.name} is {variable.example} unless you give it: right on this machine only",
            variable.why.at,
        )
        for service in services
        for variable in service.variables
        if variable.for_browsers
    ]
