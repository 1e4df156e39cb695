"""Which parts of a `fly.toml` are about which of its process groups."""

import re
from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.source import Located

LISTENS = re.compile(r"http_service|services\[\d+\]")
CHECKS = re.compile(r"(?:http_service|services\[\d+\])\.(?:http_|tcp_)?checks\[\d+\]|checks\.[^.\[]+")
MOUNTS = re.compile(r"mounts(?:\[\d+\])?")
NAMES = re.compile(r"(?P<part>.+)\.processes(?:\[\d+\])?")
ALONE = "app"
"""The group of an app without `[processes]`."""
STOPS = ("true", "stop", "suspend")


def apps_of(deployment: Deployment) -> Iterator[tuple[DeployedService, ...]]:
    """Yield the process groups of each Fly app, which are the services of one file."""
    for file in deployment.platforms:
        if file.services and file.services[0].platform == "fly":
            yield file.services


def group(service: DeployedService) -> str:
    """Return the name of the process group that a service stands for."""
    key = service.command.at.key if service.command else ""
    return key.removeprefix("processes.") if key.startswith("processes.") else ALONE


def usual(groups: tuple[DeployedService, ...]) -> str:
    """Return the group that a part of the file without `processes` is about."""
    names = [group(each) for each in groups]
    return ALONE if ALONE in names else min(names)


def tables(service: DeployedService, kind: re.Pattern[str]) -> tuple[str, ...]:
    """Return the routes of a file's tables of a kind: `http_service`, `services[0]`."""
    found = (kind.match(key) for key in service.settings)
    return tuple(dict.fromkeys(match[0] for match in found if match))


def named_groups(service: DeployedService) -> Iterator[tuple[str, Located[str]]]:
    """Yield the parts of a file that name process groups, with each name."""
    for key, value in service.settings.items():
        match = NAMES.fullmatch(key)
        if match is not None:
            yield match["part"], value


def parts(deployment: Deployment, service: DeployedService, kind: re.Pattern[str]) -> tuple[str, ...]:
    """Return the routes of the tables of a kind that are about a service's process group."""
    groups = next((each for each in apps_of(deployment) if service in each), (service,))
    said: dict[str, list[str]] = {}
    for part, name in named_groups(service):
        said.setdefault(part, []).append(name.value)
    own = group(service)
    is_usual = own == usual(groups)
    return tuple(each for each in tables(service, kind) if _concerns(said, each, own, is_usual=is_usual))


def _concerns(said: dict[str, list[str]], part: str, own: str, *, is_usual: bool) -> bool:
    around = LISTENS.match(part)
    names = said.get(part) or (said.get(around[0]) if around else None)
    return own in names if names else is_usual


def asleep(deployment: Deployment, service: DeployedService) -> Located[str] | None:
    """Return what stops all machines of a process group while nobody sends it requests through Fly's proxy."""
    for part in parts(deployment, service, LISTENS):
        stops = service.settings.get(f"{part}.auto_stop_machines")
        least = service.settings.get(f"{part}.min_machines_running")
        if stops is not None and stops.value.lower() in STOPS and (least is None or least.value == "0"):
            return least or stops
    return None
