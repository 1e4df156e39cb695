"""`render.yaml`: the blueprint of services on Render."""

from collections.abc import Callable, Mapping

from bayplan.catalog import load
from bayplan.errors import BrokenFileError
from bayplan.formats import yaml_nodes
from bayplan.formats.compose_shorts import port_number
from bayplan.formats.document import Document, Key
from bayplan.formats.render_meaning import mistakes
from bayplan.formats.render_parts import Route, kind_of, resources, runtime_of
from bayplan.formats.scalars import flattened, joined, scalar
from bayplan.formats.shapes import first, irregularities
from bayplan.model.deployment import DeployedService, Mount, PlatformFile
from bayplan.source import At, Located

OWN = ("render.yaml", "render.yml")
LISTS = ("services", "databases", "envVarGroups", "projects")
HAVE_FIELDS = frozenset(
    {
        "image.url",
        "dockerfilePath",
        "dockerContext",
        "dockerCommand",
        "startCommand",
        "preDeployCommand",
        "healthCheckPath",
        "envVars",
        "name",
    }
)


def parse(text: str, path: str, _exists: Callable[[str], bool] = lambda _: False) -> PlatformFile:
    """Return the services of a blueprint, those of its projects' environments too."""
    document = yaml_nodes.load(text, path)
    if path not in OWN and not _is_blueprint(document):
        return PlatformFile(path, ())
    if not isinstance(document.data, dict):
        raise BrokenFileError(
            f"{path} is not a Render blueprint: it holds no keys", at=At(path, 1, 1), remedy="begin it with `services:`"
        )
    groups = {name: _variables(document, route) for name, route in _named(document, "envVarGroups")}
    services = tuple(_service(document, route, groups) for route in resources(document, "services"))
    return PlatformFile(
        path, services, (*irregularities(document, load("platforms/render")), *first(mistakes(document)))
    )


def _is_blueprint(document: Document) -> bool:
    """Say whether a file that Render is not told of by its name holds a blueprint: `render.values.yaml` need not."""
    return any(document.items(key) for key in LISTS) or bool(document.mapping("ungrouped"))


def _named(document: Document, what: str) -> list[tuple[str, Route]]:
    return [(name, route) for route in resources(document, what) if (name := document.text(*route, "name")) is not None]


def _service(document: Document, route: Route, groups: Mapping[str, Mapping[str, Located[str]]]) -> DeployedService:
    name = scalar(document, *route, "name")
    in_docker = runtime_of(document, route) == "docker"
    command = scalar(document, *route, "dockerCommand") or scalar(document, *route, "startCommand")
    release = scalar(document, *route, "preDeployCommand")
    environment = {
        **{key: each for group in _taken(document, route) for key, each in groups.get(group.value, {}).items()},
        **_variables(document, route),
    }
    port = environment.get("PORT")
    number = port_number(port.value) if port else None
    return DeployedService(
        name=name.value if name else f"service {route[-1]}",
        platform="render",
        at=name.at if name else document.at(*route),
        kind=kind_of(document, route),
        release=Located((release.value,), release.at) if release else None,
        image=scalar(document, *route, "image", "url"),
        dockerfile=_path(document, (*route, "dockerfilePath"), "Dockerfile") if in_docker else None,
        context=_path(document, (*route, "dockerContext"), ".") if in_docker else None,
        build_arguments=environment if in_docker else {},
        command=Located((command.value,), command.at) if command else None,
        environment=environment,
        port=Located(number, port.at) if port and number is not None else None,
        health_path=scalar(document, *route, "healthCheckPath"),
        mounts=_mounts(document, route),
        settings={**flattened(document, *route, skip=HAVE_FIELDS), **_unknown_groups(document, route, groups)},
    )


def _taken(document: Document, route: Route) -> list[Located[str]]:
    """Return the groups of variables that a service takes."""
    entries = range(len(document.items(*route, "envVars")))
    found = (scalar(document, *route, "envVars", index, "fromGroup") for index in entries)
    return [group for group in found if group]


def _unknown_groups(document: Document, route: Route, known: Mapping[str, object]) -> dict[str, Located[str]]:
    """Return the groups that the file does not hold: nobody sees here what they give."""
    strange = [group for group in _taken(document, route) if group.value not in known]
    return {f"envVars[{index}].fromGroup": group for index, group in enumerate(strange)}


def _path(document: Document, route: Route, usual: str) -> Located[str]:
    """Return a path, which Render reads relative to the root of the repository, whatever `rootDir` says."""
    written = scalar(document, *route) or Located(usual, document.at(*route[:-1], "runtime"))
    return Located(joined("", written.value.lstrip("/") or "."), written.at)


def _variables(document: Document, route: tuple[Key, ...]) -> dict[str, Located[str]]:
    """Return the variables; one that Render fills in itself, or asks for, has an empty text."""
    values: dict[str, Located[str]] = {}
    for index in range(len(document.items(*route, "envVars"))):
        name = scalar(document, *route, "envVars", index, "key")
        if name:
            values[name.value] = scalar(document, *route, "envVars", index, "value") or Located("", name.at)
    return values


def _mounts(document: Document, route: Route) -> tuple[Mount, ...]:
    target = scalar(document, *route, "disk", "mountPath")
    name = document.text(*route, "disk", "name") or "disk"
    return (Mount("volume", name, target.value, read_only=False, at=target.at),) if target else ()
