"""`fly.toml`: one app, with a service for each of its process groups."""

import posixpath
import re
from collections.abc import Callable, Iterator

from bayplan.catalog import load
from bayplan.formats import toml_nodes
from bayplan.formats.compose_shorts import port_number
from bayplan.formats.document import Document, Key
from bayplan.formats.scalars import flattened, joined, named_values, scalar
from bayplan.formats.shapes import irregularities
from bayplan.model.deployment import DeployedService, PlatformFile
from bayplan.source import Located

FILES = re.compile(r"(?:.*/)?(?:[^/]+\.)?fly(?:[._-][^/]+)?\.toml")
HAVE_FIELDS = frozenset({"env", "processes", "build.dockerfile", "build.image", "build.build-target", "build.args"})
USUAL_PORT = 8080


def parse(text: str, path: str, _exists: Callable[[str], bool] = lambda _: False) -> PlatformFile:
    """Return a Fly app."""
    document = toml_nodes.load(text, path)
    return PlatformFile(path, _services(document, path), irregularities(document, load("platforms/fly")))


def _services(document: Document, path: str) -> tuple[DeployedService, ...]:
    """Return the services of an app: one, or one for each entry of `[processes]`."""
    app = document.text("app") or _name_from(path)
    groups = list(document.mapping("processes"))
    usual = "app" if "app" in groups or not groups else min(groups)
    if not groups:
        return (_service(document, path, app, "app", alone=True),)
    return tuple(
        _service(document, path, app if group == usual else f"{app}-{group}", group, alone=group == usual)
        for group in groups
    )


def _name_from(path: str) -> str:
    folder, name = posixpath.split(path)
    middle = name.removesuffix(".toml").removeprefix("fly").strip(".-_")
    return middle or posixpath.basename(folder) or "app"


def _service(document: Document, path: str, app: str, group: str, *, alone: bool) -> DeployedService:
    routes = [route for route in _service_routes(document) if _concerns(document, route, group, usual=alone)]
    command = scalar(document, "processes", group)
    return DeployedService(
        name=app,
        platform="fly",
        at=document.key_at("processes", group) if command else document.at("app"),
        image=scalar(document, "build", "image"),
        dockerfile=_dockerfile(document, path),
        target=scalar(document, "build", "build-target"),
        build_arguments=named_values(document, "build", "args"),
        command=Located((command.value,), command.at) if command else None,
        environment=named_values(document, "env"),
        port=next((port for route in routes if (port := _port(document, route))), None),
        health_path=next(_health_paths(document, routes, group, usual=alone), None),
        settings=flattened(document, skip=HAVE_FIELDS),
    )


def _service_routes(document: Document) -> Iterator[tuple[Key, ...]]:
    """Yield the routes of what listens: `[http_service]` and each of `[[services]]`."""
    if document.mapping("http_service"):
        yield ("http_service",)
    for index in range(len(document.items("services"))):
        yield ("services", index)


def _concerns(document: Document, route: tuple[Key, ...], group: str, *, usual: bool) -> bool:
    """Say whether a part of the file is about a process group; without `processes` it is about the usual one."""
    processes = document.texts(*route, "processes")
    return group in processes if processes else usual


def _dockerfile(document: Document, path: str) -> Located[str] | None:
    """Return the Dockerfile, which Fly looks for beside the file itself; None when it builds without one."""
    if any(document.get("build", key) is not None for key in ("image", "builder", "builtin", "buildpacks", "compose")):
        return None
    written = scalar(document, "build", "dockerfile") or Located("Dockerfile", document.key_at("build"))
    return Located(joined(posixpath.dirname(path), written.value), written.at)


def _port(document: Document, route: tuple[Key, ...]) -> Located[int] | None:
    written = scalar(document, *route, "internal_port")
    if written is None:
        return Located(USUAL_PORT, document.at(*route))
    number = port_number(written.value)
    return None if number is None else Located(number, written.at)


def _health_paths(
    document: Document, routes: list[tuple[Key, ...]], group: str, *, usual: bool
) -> Iterator[Located[str]]:
    for route in routes:
        for kind in ("checks", "http_checks"):
            for index in range(len(document.items(*route, kind))):
                if path := scalar(document, *route, kind, index, "path"):
                    yield path
    for name in document.mapping("checks"):
        path = scalar(document, "checks", name, "path")
        if path and _concerns(document, ("checks", name), group, usual=usual):
            yield path
