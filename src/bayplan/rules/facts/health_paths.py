"""Every place that names the health path of an app, and the routes that can answer it."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.model.code import Route
from bayplan.model.deployment import Deployment
from bayplan.model.workspace import Package
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.fly import CHECKS, parts
from bayplan.rules.facts.probes import URL, probe_in, probe_of
from bayplan.rules.facts.stages import environment_of, last
from bayplan.rules.facts.workflows import at_words
from bayplan.source import At

BRINGS_ROUTES = (
    "@godaddy/terminus",
    "lightship",
    "fastify-healthcheck",
    "express-healthcheck",
    "@fastify/under-pressure",
)
FRAMEWORKS = frozenset({"next", "nest", "express", "fastify", "hono", "koa", "node"})
HEALTH = re.compile(r"/(?:[\w-]*health[\w-]*|ready|readyz|livez?|liveness|readiness|ping|heartbeat)$")
PARAMETER = re.compile(r"^(:.*|\[.*\]|\{.*\}|\*.*)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """A place that asks for a path, and whose it is in words."""

    who: str
    path: str
    at: At


def asked(deployment: Deployment, app: App) -> Iterator[Asked]:
    """Yield every constant path that is asked of an app."""
    own = last(app.image, app.stage, "HEALTHCHECK")
    probe = probe_in(own, environment_of(app.image, app.stage)) if own else None
    if probe and probe.path and is_local(probe.host):
        yield Asked("the image's own check", probe.path, probe.at)
    for service in app.services:
        who = f"{service.platform} service `{service.name}`"
        probe = probe_of(service, None, None) if service.health else None
        if probe and probe.path and is_local(probe.host):
            yield Asked(who, probe.path, probe.at)
        places = [service.health_path] if service.health_path else []
        if service.platform == "fly":
            places = [
                path for each in parts(deployment, service, CHECKS) if (path := service.settings.get(f"{each}.path"))
            ]
        for place in places:
            if place.value.startswith("/"):
                yield Asked(who, place.value, place.at)
    yield from _asked_by_workflows(deployment, app)


def _asked_by_workflows(deployment: Deployment, app: App) -> Iterator[Asked]:
    """Yield what workflows ask an app that they have started; a port that two apps listen on may be either's."""
    port = app.package.code.port.value if app.package.code.port else None
    every = apps(app.layout.workspace, deployment) if deployment.workflows else ()
    if sum(each.package.code.port is not None and each.package.code.port.value == port for each in every) != 1:
        return
    steps = [(job.name, step.script) for flow in deployment.workflows for job in flow.jobs for step in job.steps]
    for name, script in steps:
        for match in URL.finditer(script.value) if script else ():
            path = match["path"] or ""
            if script and match["port"] == f":{port}" and is_local(match["host"]) and HEALTH.search(path):
                yield Asked(f"job `{name}`", path, at_words(script, match[0]))


def is_local(host: str | None) -> bool:
    return host in (None, "localhost", "127.0.0.1", "0.0.0.0", "[::1]")  # noqa: S104 - compared, not bound


def routes(package: Package) -> tuple[Route, ...]:
    """Return the routes of an app, or nothing where there can be others that its own code does not show."""
    code = package.code
    if code.framework is None or code.framework.value not in FRAMEWORKS or package.depends_on(*BRINGS_ROUTES):
        return ()
    return tuple(route for route in code.routes if route.method.upper() in ("GET", "ALL", "HEAD", "ANY", "*", "USE"))


def answers(known: tuple[Route, ...], path: str) -> bool:
    return any(_matches(route.path, path.partition("?")[0].partition("#")[0]) for route in known)


def stated(known: tuple[Route, ...], path: str) -> tuple[Route, ...]:
    """Return the routes that name exactly a path."""
    return tuple(each for each in known if _parts(each.path) == _parts(path))


def _matches(pattern: str, path: str) -> bool:
    wanted, given = _parts(pattern), _parts(path)
    for index, part in enumerate(wanted):
        if part.startswith(("*", "[...", "[[...", "(.*", "{*")) or part.endswith(("*", "+")):
            return True
        if index >= len(given) or not (PARAMETER.match(part) or part.lower() == given[index].lower()):
            return False
    return len(wanted) == len(given)


def _parts(path: str) -> list[str]:
    return [part for part in posixpath.normpath(path).split("/") if part not in ("", ".")]
