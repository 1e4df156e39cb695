"""Which variables an app reads, and which a service gives it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.model.code import EnvUse, Use
from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.workspace import Package
from bayplan.rules.facts.apps import App, members
from bayplan.rules.facts.platforms import platform_of
from bayplan.rules.facts.stages import environment_of
from bayplan.rules.facts.values import stand_in
from bayplan.source import At

ASIDE = re.compile(r"\.config\.|migrat|seed|(^|/)scripts?/|(^|/)(tests?|__tests__)/|\.(test|spec)\.")
PUBLIC = re.compile(r"^(NEXT_PUBLIC_|VITE_|REACT_APP_|PUBLIC_|NUXT_PUBLIC_|EXPO_PUBLIC_|GATSBY_|VUE_APP_)")
ASSIGNED = re.compile(r"(?:^|[\s'\"])([A-Za-z_]\w*)=")
"""What a command sets for itself: `env API_URL=http://$HOST node server.js`."""
BY_DOCKER = "HOSTNAME|HOME|PATH"


@dataclass(frozen=True, slots=True)
class Supply:
    """The names a service is given, each with its place; `complete` says whether there can be no others."""

    names: dict[str, At]
    complete: bool


def supply(deployment: Deployment, service: DeployedService, app: App) -> Supply:
    """Return what a service gives its app at run time."""
    names = {name: value.at for name, value in service.environment.items()}
    complete = service.platform == "compose" or service.shows_all or _lists_its_own(service)
    for file in service.env_files:
        found = stand_in(deployment, file.value)
        complete = complete and found is not None
        for line in found.lines if found else ():
            names.setdefault(line.name, line.at)
    for name in ASSIGNED.findall(" ".join(service.command.value)) if service.command else ():
        names.setdefault(name, service.command.at if service.command else service.at)
    for name in environment_of(app.image, app.stage):
        names.setdefault(name, app.stage.at)
    return Supply(names, complete)


def _lists_its_own(service: DeployedService) -> bool:
    """Say whether a blueprint lists variables for a service, and none of them comes from elsewhere."""
    grouped = any(key.endswith(".fromGroup") for key in service.settings)
    return service.platform == "render" and bool(service.environment) and not grouped


def read_at_run_time(app: App, package: Package) -> Iterator[EnvUse]:
    """Yield what a package and its members read while they run; scripts that only developers run are left out."""
    for member in members(app.layout.workspace, package):
        for use in member.code.env:
            if use.use is Use.RUN and (member is package or not ASIDE.search(use.at.file)):
                yield use


def read_at_build_time(app: App) -> Iterator[EnvUse]:
    for member in members(app.layout.workspace, app.package):
        for use in member.code.env:
            if use.use is Use.BUILD and PUBLIC.match(use.name):
                yield use


def given_by_platform(service: DeployedService, name: str) -> bool:
    given = BY_DOCKER if service.platform == "compose" else platform_of(service).get("variables", "")
    return re.fullmatch(given, name) is not None
