"""The port that an app listens on, and the ports that others believe it listens on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.formats.compose_shorts import port_number
from bayplan.model.deployment import DeployedService, Deployment
from bayplan.rules.facts.apps import App
from bayplan.rules.facts.fly import CHECKS, LISTENS, parts
from bayplan.rules.facts.health_paths import is_local
from bayplan.rules.facts.platforms import platform_of
from bayplan.rules.facts.probes import probe_of
from bayplan.rules.facts.stages import pairs
from bayplan.rules.facts.values import Values
from bayplan.source import At

FLAG = re.compile(r"(?:^|\s)(?:-p|--port)[= ](\d+)(?:\s|$)")
NEXT = 3000


@dataclass(frozen=True, slots=True)
class Named:
    """A place that names a port; a harmless one sends nothing there."""

    port: int
    what: str
    at: At
    harmless: bool = False


def listens(deployment: Deployment, app: App, service: DeployedService | None) -> Named | None:
    """Return the port an app listens on in a service, and what decides it; None when that cannot be known."""
    command = app.start(service)
    flag = FLAG.search(" ".join(command.argv)) if command else None
    if command and flag:
        return Named(int(flag[1]), "the command asks for", command.at)
    code = app.package.code
    variable = code.port_variable.value if code.port_variable else "PORT"
    reads = code.port_variable is not None or _is_next(app)
    chooses = service is not None and bool(platform_of(service).get("chooses_port"))
    if service is not None and chooses and reads and variable not in service.environment:
        return None
    if reads:
        given = service.environment.get(variable) if service else None
        if service is not None and given is not None:
            text = Values(deployment, service).text(given.value)
            return Named(int(text), f"{variable} is", given.at) if text and text.isdigit() else None
        for instruction in reversed(app.image.instructions(app.stage, "ENV")):
            for name, value in pairs(instruction):
                if name == variable:
                    return Named(int(value), f"{variable} is", instruction.at) if value and value.isdigit() else None
        if service is not None and service.env_files:
            return None
    if code.port is not None:
        return Named(code.port.value, "the code listens on", code.port.why.at or app.package.at)
    return Named(NEXT, "Next.js listens on", app.package.at) if _is_next(app) else None


def _is_next(app: App) -> bool:
    return app.package.code.framework is not None and app.package.code.framework.value == "next"


def named(deployment: Deployment, app: App, service: DeployedService | None) -> Iterator[Named]:
    """Yield every port that the image and a service believe in; platforms look at nothing but their own files."""
    if service is None or service.platform == "compose":
        yield from _named_by_image(app, service)
    if service is None:
        return
    if len(service.published) == 1:
        yield Named(service.published[0].container, "the published port", service.published[0].at)
    if service.platform == "fly":
        yield from _named_by_fly(deployment, service)
    elif service.port is not None:
        guesses = service.platform == "render"  # it looks for open ports, and mostly finds the right one
        yield Named(service.port.value, "the platform", service.port.at, harmless=guesses)


def _named_by_fly(deployment: Deployment, service: DeployedService) -> Iterator[Named]:
    listening = parts(deployment, service, LISTENS)
    checks = [each for each in parts(deployment, service, CHECKS) if f"{each}.path" in service.settings]
    ports = [(f"{each}.internal_port", "the platform") for each in listening]
    ports += [(f"{each}.port", f"the check for {service.settings[f'{each}.path'].value}") for each in checks]
    for key, what in ports:
        said = service.settings.get(key)
        number = port_number(said.value) if said else None
        if said is not None and number is not None:
            yield Named(number, what, said.at)
    if len(listening) == 1 and service.port and f"{listening[0]}.internal_port" not in service.settings:
        yield Named(service.port.value, "the platform", service.port.at)


def _named_by_image(app: App, service: DeployedService | None) -> Iterator[Named]:
    exposed = [
        (int(port), each.at)
        for each in app.image.instructions(app.stage, "EXPOSE")
        for argument in each.arguments
        if (port := argument.partition("/")[0]).isdigit()
    ]
    if len(exposed) == 1:
        yield Named(exposed[0][0], "EXPOSE", exposed[0][1], harmless=True)
    probe = probe_of(service, app.image, app.stage)
    if probe and probe.port and is_local(probe.host) and (probe.path or probe.host):
        yield Named(probe.port, "the health check", probe.at)
