"""`render.yaml`: the blueprint of services on Render."""

import re
from collections.abc import Callable, Iterator

from bayplan.catalog import load
from bayplan.errors import BrokenFileError
from bayplan.formats import yaml_nodes
from bayplan.formats.compose_shorts import port_number
from bayplan.formats.document import Document, Key
from bayplan.formats.scalars import flattened, joined, scalar
from bayplan.formats.shapes import irregularities
from bayplan.model.deployment import DeployedService, PlatformFile
from bayplan.source import At, Located

FILES = re.compile(r"(?:.*/)?render(?:[._-][^/]+)?\.ya?ml")
HAVE_FIELDS = frozenset(
    {
        "image.url",
        "dockerfilePath",
        "dockerContext",
        "dockerCommand",
        "startCommand",
        "healthCheckPath",
        "envVars",
        "name",
    }
)


def parse(text: str, path: str, _exists: Callable[[str], bool] = lambda _: False) -> PlatformFile:
    """Return the services of a blueprint, those of its projects' environments too."""
    document = yaml_nodes.load(text, path)
    if not isinstance(document.data, dict):
        raise BrokenFileError(
            f"{path} is not a Render blueprint: it holds no keys", at=At(path, 1, 1), remedy="begin it with `services:`"
        )
    services = tuple(_service(document, route) for route in _routes(document))
    return PlatformFile(path, services, irregularities(document, load("platforms/render")))


def _routes(document: Document) -> Iterator[tuple[Key, ...]]:
    holders: list[tuple[Key, ...]] = [(), ("ungrouped",)]
    for project in range(len(document.items("projects"))):
        environments = document.items("projects", project, "environments")
        holders += [("projects", project, "environments", index) for index in range(len(environments))]
    for holder in holders:
        for index, service in enumerate(document.items(*holder, "services")):
            if isinstance(service, dict):
                yield (*holder, "services", index)


def _service(document: Document, route: tuple[Key, ...]) -> DeployedService:
    name = scalar(document, *route, "name")
    runtime = scalar(document, *route, "runtime") or scalar(document, *route, "env")
    in_docker = runtime is not None and runtime.value == "docker"
    command = scalar(document, *route, "dockerCommand") or scalar(document, *route, "startCommand")
    environment = _environment(document, route)
    port = environment.get("PORT")
    number = port_number(port.value) if port else None
    return DeployedService(
        name=name.value if name else f"service {route[-1]}",
        platform="render",
        at=name.at if name else document.at(*route),
        image=scalar(document, *route, "image", "url"),
        dockerfile=_path(document, (*route, "dockerfilePath"), "Dockerfile") if in_docker else None,
        context=_path(document, (*route, "dockerContext"), ".") if in_docker else None,
        command=Located((command.value,), command.at) if command else None,
        environment=environment,
        port=Located(number, port.at) if port and number is not None else None,
        health_path=scalar(document, *route, "healthCheckPath"),
        settings={**flattened(document, *route, skip=HAVE_FIELDS), **_groups(document, route)},
    )


def _groups(document: Document, route: tuple[Key, ...]) -> dict[str, Located[str]]:
    """Return the groups of variables that a service takes from elsewhere."""
    groups = (
        (index, scalar(document, *route, "envVars", index, "fromGroup"))
        for index in range(len(document.items(*route, "envVars")))
    )
    return {f"envVars[{index}].fromGroup": group for index, group in groups if group}


def _path(document: Document, route: tuple[Key, ...], usual: str) -> Located[str]:
    """Return a path, which Render reads relative to the root of the repository, whatever `rootDir` says."""
    written = scalar(document, *route) or Located(usual, document.at(*route[:-1], "runtime"))
    return Located(joined("", written.value.lstrip("/") or "."), written.at)


def _environment(document: Document, route: tuple[Key, ...]) -> dict[str, Located[str]]:
    """Return the variables; one that Render fills in itself, or asks for, has an empty text."""
    values: dict[str, Located[str]] = {}
    for index in range(len(document.items(*route, "envVars"))):
        name = scalar(document, *route, "envVars", index, "key")
        if name:
            values[name.value] = scalar(document, *route, "envVars", index, "value") or Located("", name.at)
    return values
