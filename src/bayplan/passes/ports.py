"""On which port a service listens, and which port of the host leads to it."""

from collections.abc import Sequence

from bayplan.model.config import Config
from bayplan.model.stack import Binding, Note, Role, Service
from bayplan.passes.apps import App
from bayplan.passes.settings import address_and_port
from bayplan.source import Fact, Why

USUAL = 3000


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
    """Publish each web service on its own port number, or on the next free one when two listen on the same."""
    taken: set[int] = set()
    found: dict[str, Binding] = {}
    for app in apps:
        wanted = app.settings.publish
        inside = ports[app.name]
        if inside is None or wanted is False:
            continue
        if isinstance(wanted, str):
            address, number = address_and_port(wanted)
            found[app.name] = Binding(
                number, address, Why("bayplan.yaml", "bayplan.yaml says so", config.at("services", app.name, "publish"))
            )
        else:
            number = inside.value
            while number in taken:
                number += 1
            because = (
                "the same number outside as inside"
                if number == inside.value
                else f"{inside.value} is taken by another service"
            )
            found[app.name] = Binding(number, "", Why("ports", because, inside.why.at))
        taken.add(number)
    return found


def usual(apps: tuple[App, ...]) -> dict[str, int]:
    """Return where each app listens when nothing tells it otherwise."""
    return {app.name: app.package.code.port.value for app in apps if app.package.code.port is not None}


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
