"""What keys of a blueprint say together, where Render refuses it: a table of keys cannot tell."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bayplan.formats.document import Document, route_text
from bayplan.formats.render_parts import KEY_VALUE, Route, holders, resources, resources_of, runtime_of
from bayplan.model.deployment import Fault, Irregular

NOT_DEPLOYED = "Render refuses the whole blueprint, and nothing of it is deployed"
SOURCES = ("value", "generateValue", "sync", "fromDatabase", "fromService", "fromGroup")
RUNNING = ("web", "pserv", "worker", "cron")
ADDRESSES = ("host", "port", "hostport")
WITH_ADDRESS = {
    "host": ("web", "pserv", *KEY_VALUE),
    "port": ("web", "pserv", *KEY_VALUE),
    "hostport": ("web", "pserv"),
}
TAKEN_PORTS = ("18012", "18013", "19099")
NO_MOUNTS = frozenset(
    {"/", "/opt", "/opt/render", "/opt/render/project", "/opt/render/project/src", "/home", "/home/render"}
    | {"/etc", "/etc/secrets"}
)
LONGEST_SHUTDOWN = 300
HIGHEST_TARGET = 90
DISK_STEP = 5
NEAR = 0.85
MOST_NAMES = 40
LONGEST_NAME = 60


def mistakes(document: Document) -> Iterator[Irregular]:
    """Yield what a blueprint says that cannot be."""
    for holder in holders(document):
        for what in ("services", "databases", "envVarGroups"):
            yield from _twice(document, holder, what)
    names = {what: _Names(_types(document, what)) for what in ("services", "databases")}
    for route in resources(document, "services"):
        yield from _incomplete(document, route)
        yield from _instances(document, route)
        yield from _ranges(document, route)
        for index, each in enumerate(document.items(*route, "envVars")):
            if isinstance(each, Mapping):
                yield from _variable(document, (*route, "envVars", index), each, names)
    for route in resources(document, "databases"):
        yield from _sizes(document, route)


@dataclass(slots=True)
class _Names:
    """The names of what a blueprint defines, each with its type."""

    types: dict[str, str]
    slips: dict[str, str | None] = field(default_factory=dict)

    def meant(self, name: str) -> str | None:
        """Return the one that a name must be a slip of: others may exist on Render already."""
        from difflib import get_close_matches

        if name in self.types or len(self.types) > MOST_NAMES or len(name) > LONGEST_NAME:
            return None
        if name not in self.slips and len(self.slips) < MOST_NAMES:
            self.slips[name] = next(iter(get_close_matches(name, self.types, 1, NEAR)), None)
        return self.slips.get(name)


def _types(document: Document, what: str) -> dict[str, str]:
    """Return the names of what a blueprint defines, each with its type."""
    routes = list(resources(document, what))
    return {name: document.text(*route, "type") or "" for route in routes if (name := document.text(*route, "name"))}


def _twice(document: Document, holder: Route, what: str) -> Iterator[Irregular]:
    routes = list(resources_of(document, holder, what))
    counted = Counter(document.text(*route, "name") for route in routes)
    seen = set()
    for route in routes:
        name = document.text(*route, "name")
        if name in seen and counted[name] > 1:
            yield _refused(document, (*route, "name"), f"there are two `{what}` called `{name}`", "rename one of them")
        seen.add(name)


def _incomplete(document: Document, route: Route) -> Iterator[Irregular]:
    """Yield the keys that a service of its type cannot do without."""
    type_, runtime = document.text(*route, "type"), runtime_of(document, route)
    here = document.mapping(*route)
    if type_ in KEY_VALUE:
        if "ipAllowList" not in here:
            yield _missing(document, route, "ipAllowList", "add `ipAllowList: []`, which lets nobody outside in")
        return
    if (
        type_ in ("web", "pserv", "worker", "cron")
        and not runtime
        and not here.keys() & {"runtime", "env", "buildSource"}
    ):
        yield _missing(document, route, "runtime", "add `runtime: docker`, or another")
    if type_ == "cron" and "schedule" not in here:
        yield _missing(document, route, "schedule", 'add when it runs: `schedule: "0 4 * * *"`')
    if runtime == "static" and "staticPublishPath" not in here:
        yield _missing(document, route, "staticPublishPath", "add the folder that the build writes to")
    if runtime == "image" and "image" not in here:
        yield _missing(document, route, "image", "add `image` with the `url` to pull")


def _instances(document: Document, route: Route) -> Iterator[Irregular]:
    number, here = document.get(*route, "numInstances"), document.mapping(*route)
    many = isinstance(number, int) and number > 1
    key = "scaling" if "scaling" in here else "numInstances"
    if "disk" in here and (many or "scaling" in here):
        yield _refused(
            document,
            (*route, key),
            "a service with a disk has one instance",
            "keep one instance, or keep the data in a database",
        )
    elif many and here.get("plan") == "free":
        yield _refused(document, (*route, key), "a free service has one instance", "take a paid plan, `0.5c-512mb`")


def _ranges(document: Document, route: Route) -> Iterator[Irregular]:
    yield from _between(document, (*route, "maxShutdownDelaySeconds"), LONGEST_SHUTDOWN)
    yield from _between(document, (*route, "scaling", "targetCPUPercent"), HIGHEST_TARGET)
    yield from _between(document, (*route, "scaling", "targetMemoryPercent"), HIGHEST_TARGET)
    least, most = (document.get(*route, "scaling", key) for key in ("minInstances", "maxInstances"))
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield _refused(
            document, (*route, "scaling", "minInstances"), "the least is more than the most", "turn them round"
        )
    path = document.text(*route, "healthCheckPath")
    if path is not None and not path.startswith("/"):
        yield _refused(document, (*route, "healthCheckPath"), "a path begins with `/`", f"write `/{path}`")
    target = document.text(*route, "disk", "mountPath")
    if target is not None and (not target.startswith("/") or (target.rstrip("/") or "/") in NO_MOUNTS):
        yield _refused(
            document, (*route, "disk", "mountPath"), f"no disk can be mounted at `{target}`", "mount it at `/var/data`"
        )


def _between(document: Document, route: Route, most: int) -> Iterator[Irregular]:
    value = document.get(*route)
    if isinstance(value, int) and not isinstance(value, bool) and not 1 <= value <= most:
        yield _refused(document, route, f"it is a number from 1 to {most}", f"take one from 1 to {most}")


def _sizes(document: Document, route: Route) -> Iterator[Irregular]:
    for key in ("diskSizeGB", "previewDiskSizeGB"):
        size = document.get(*route, key)
        if isinstance(size, int) and not isinstance(size, bool) and size != 1 and (size < 1 or size % DISK_STEP):
            higher = max(size, 0) // DISK_STEP * DISK_STEP + DISK_STEP
            yield _refused(document, (*route, key), "disks have 1 GB, or a multiple of 5", f"take {higher}")


def _variable(
    document: Document, route: Route, here: Mapping[str, object], names: Mapping[str, _Names]
) -> Iterator[Irregular]:
    given = [key for key in SOURCES if key in here]
    if not given:
        yield _wrong(document, route, "this variable has no value", f"give it one of {_listed(SOURCES)}")
    elif len(given) > 1:
        because = f"a variable has one source, and this one has {' and '.join(f'`{each}`' for each in given)}"
        yield _refused(document, (*route, given[1]), because, "keep one of them")
    elif given == ["fromGroup"] and "key" in here:
        yield _refused(document, (*route, "key"), "a group gives all of its variables, under their names", "remove it")
    elif given != ["fromGroup"] and "key" not in here:
        yield _wrong(document, route, "this variable has no `key`", "add its name as `key`")
    if here.get("key") == "PORT" and str(here.get("value")) in TAKEN_PORTS:
        yield _refused(document, (*route, "value"), "Render keeps this port for itself", "take another one")
    yield from _service_reference(document, (*route, "fromService"), names["services"])
    yield from _unknown(document, (*route, "fromDatabase"), names["databases"])


def _service_reference(document: Document, route: Route, names: _Names) -> Iterator[Irregular]:
    here = document.mapping(*route)
    if not here:
        return
    property_, type_ = document.text(*route, "property"), document.text(*route, "type") or ""
    if ("property" in here) == ("envVarKey" in here):
        because = "it takes one of `property` and `envVarKey`"
        yield _wrong(document, route, because, "say what of the service it takes: one of the two")
    elif property_ in ADDRESSES and type_ not in WITH_ADDRESS[property_]:
        yield _refused(document, (*route, "property"), f"a {type_} has no {property_}", "refer to a web or private one")
    elif property_ == "connectionString" and type_ not in KEY_VALUE:
        yield _refused(
            document,
            (*route, "property"),
            "only databases and Key Value instances have a connection string",
            "take `hostport`, or `envVarKey: RENDER_EXTERNAL_URL` for a public address",
        )
    name = document.text(*route, "name") or ""
    found = names.types.get(name)
    if found and type_ and found != type_ and not {found, type_} <= set(KEY_VALUE) and type_ != "static":
        yield _wrong(document, (*route, "type"), f"`{name}` is of type `{found}`", f"write `type: {found}`")
    yield from _unknown(document, route, names)


def _unknown(document: Document, route: Route, names: _Names) -> Iterator[Irregular]:
    """Yield a name that the blueprint does not define, where it must be a slip."""
    name = document.text(*route, "name")
    near = names.meant(name) if name is not None else None
    if near is not None:
        because = f"nothing here is called `{name}`; did you mean `{near}`?"
        yield _wrong(document, (*route, "name"), because, f"write `{near}`")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{each}`" for each in words)


def _missing(document: Document, route: Route, key: str, advice: str) -> Irregular:
    message = f"`{route_text(route)}` has no `{key}`, which Render needs there"
    return Irregular(Fault.WRONG, message, document.at(*route, "name"), NOT_DEPLOYED, advice)


def _wrong(document: Document, route: Route, because: str, advice: str) -> Irregular:
    message = f"`{route_text(route)}`: {because}"
    return Irregular(Fault.WRONG, message, document.at(*route), NOT_DEPLOYED, advice)


def _refused(document: Document, route: Route, because: str, advice: str) -> Irregular:
    message = f"`{route_text(route)}` is refused by Render: {because}"
    return Irregular(Fault.REFUSED, message, document.at(*route), NOT_DEPLOYED, advice)
