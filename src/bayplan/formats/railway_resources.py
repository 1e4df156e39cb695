"""What the npm package `railway/iac` offers to `.railway/railway.ts`: services, databases, volumes and references."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bayplan.formats.typescript_values import UNKNOWN, Data, Function, Items, Object, Table, Value, table

MODULE = "railway/iac"
DATABASES = ("postgres", "mysql", "redis", "mongo")
Place = tuple[int, int]
Arguments = tuple[Value, ...]


class Reference(NamedTuple):
    """A variable of a resource, or a shared one, that Railway fills in."""

    of: str
    name: str

    @property
    def in_text(self) -> str:
        return f"${{{{{self.of}.{self.name}}}}}"


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """`kind` is `services`, `databases`, `volumes` or `buckets`; an empty name is one that only a run would tell."""

    kind: str
    name: str
    place: Place
    """The place of its name."""
    config: Value


@dataclass(slots=True)
class Project:
    """What a file declares, in its order, and what of it the project is made of; None when that is unknown."""

    declared: list[Resource] = field(default_factory=list)
    listed: list[Resource] | None = None
    config: Value | None = None


def exports(found: Project) -> Mapping[str, Data]:
    """Return what the package exports; what is made with it is noted down in a project."""

    def made(kind: str, config_at: int = 1) -> Function:
        def call(arguments: Arguments, place: Place) -> Data:
            name = arguments[0] if arguments else Value(UNKNOWN, *place)
            config = arguments[config_at] if len(arguments) > config_at else Value(Table(), *place)
            resource = Resource(kind, name.text or "", (name.start, name.end), config)
            found.declared.append(resource)
            return _object(resource)

        return Function(call=call)

    def project(arguments: Arguments, _: Place) -> Data:
        if len(arguments) > 1 and found.config is None:
            found.config = arguments[1]
            resources = found.config.table.get("resources") or found.config.table.get("services")
            found.listed = None if resources is None else _listed(resources.data)
        return UNKNOWN

    return {
        **{name: made("services") for name in ("service", "fn")},
        **{name: made("databases") for name in DATABASES},
        "database": made("databases", 2),
        "volume": made("volumes"),
        "bucket": made("buckets"),
        "project": Function(call=project),
        "group": Function(call=lambda arguments, _: arguments[1].data if len(arguments) > 1 else UNKNOWN),
        "github": Function(call=lambda arguments, _: _source("repo", arguments)),
        "image": Function(call=lambda arguments, _: _source("image", arguments)),
        "template": Function(call=lambda arguments, _: _source("template", arguments)),
        "empty": Function(call=lambda _, __: Table()),
        "preserve": Function(call=lambda _, __: UNKNOWN),
        "ref": Function(call=_referred),
        "defineRailway": Function(call=_itself),
        "define": Function(call=_itself),
    }


def context() -> Object:
    """Return what the program is given: of its environment nothing is known, of shared variables their names."""
    shared = Object(lambda name: _reference("shared", name))
    return Object(lambda name: shared if name == "shared" else UNKNOWN)


def _itself(arguments: Arguments, _: Place) -> Data:
    return arguments[0].data if arguments else UNKNOWN


def _reference(of: str, name: str) -> Object:
    return Object(lambda _: UNKNOWN, Reference(of, name))


def _object(resource: Resource) -> Object:
    variables = Object(lambda name: _reference(resource.name, name))
    return Object(lambda name: variables if name == "env" else UNKNOWN, resource)


def _referred(arguments: Arguments, _: Place) -> Data:
    if len(arguments) > 1 and isinstance(arguments[0].data, Object) and arguments[1].text is not None:
        resource = arguments[0].data.what
        return _reference(resource.name if isinstance(resource, Resource) else "", arguments[1].text)
    return UNKNOWN


def _source(key: str, arguments: Arguments) -> Data:
    options = arguments[1].table if len(arguments) > 1 else Table()
    if not arguments:
        return UNKNOWN
    first = arguments[0]
    return table({key: (first, (first.start, first.end)), **options.entries}, whole=options.whole)


def _listed(data: Data) -> list[Resource] | None:
    """Return the resources of a list, those of lists within it too; None when not all are known."""
    found: list[Resource] = []
    waiting = [data]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Object) and isinstance(each.what, Resource):
            found.append(each.what)
        elif isinstance(each, Items) and each.whole:
            waiting += [inner.data for inner in each.values]
        else:
            return None
    return found


def grouped(resources: list[Resource], project: Project) -> Value:
    """Return all resources as one table, by their kinds and names, and what the project itself says."""
    kinds: dict[str, tuple[Value, Place]] = {}
    if project.config is not None:
        kinds["project"] = project.config, (project.config.start, project.config.end)
    for kind in dict.fromkeys(each.kind for each in resources):
        entries = {each.name: (each.config, each.place) for each in resources if each.kind == kind}
        kinds[kind] = Value(table(entries), 0, 0), (0, 0)
    return Value(table(kinds), 0, 0)
