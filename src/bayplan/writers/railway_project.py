"""What a stack is called on Railway: the project's file, its services, and which databases Railway runs itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bayplan.catalog import load
from bayplan.catalog.images import named
from bayplan.formats import typescript_writer
from bayplan.formats.rendering import Page
from bayplan.formats.typescript_writer import Value, literal, name_of
from bayplan.model.config import RailwayConfig
from bayplan.model.image import Image
from bayplan.model.parts import Asked, Given, parts_of
from bayplan.model.stack import Service, Stack, Store
from bayplan.source import Why
from bayplan.writers import hosted

HEALTH_SECONDS = 120
RETRIES = 3
SPECIAL = re.compile(r"[\[\]?\\]")
LATEST = re.compile(r"(?P<major>\d+)")
FUNCTIONS = frozenset({"defineRailway", "github", "image", "preserve", "project", "service", "volume", "ctx"})


def settings(stack: Stack) -> RailwayConfig:
    return stack.targets.railway or RailwayConfig()


def path(stack: Stack) -> str:
    """Return the path of the project's file, which the command finds by itself in production."""
    between = "" if stack.is_production else f".{stack.environment}"
    return f".railway/railway{between}.ts"


def deployed(stack: Stack) -> tuple[Service, ...]:
    """Return the services that have an image of their own; what only hands its files over elsewhere serves them."""
    return tuple(each.serving or each for each in stack.services if each.image_of is None)


def managed(store: Store) -> Mapping[str, Any] | None:
    """Return what is known of Railway's own database where it can take a store's place: its image adds nothing."""
    table: Mapping[str, Any] | None = load("platforms/railway")["databases"].get(store.kind)
    return table if table is not None and named(store.image.value)[0] in table["images"] else None


def other_version(store: Store) -> str:
    """Return the major version of a store's image, where Railway's own database is of another one."""
    table, match = managed(store), LATEST.match(named(store.image.value)[1])
    if table is None or match is None or match["major"] == str(table["version"]).partition(".")[0]:
        return ""
    return match["major"]


def private(name: str) -> str:
    """Return what Railway replaces by the host name under which others of the project reach a service."""
    return f"${{{{{name}.RAILWAY_PRIVATE_DOMAIN}}}}"


def public(name: str) -> str:
    """Return what Railway replaces by the address under which the world reaches a service."""
    return f"https://${{{{{name}.RAILWAY_PUBLIC_DOMAIN}}}}"


@dataclass(frozen=True, slots=True)
class Statement:
    """A constant of the file: what makes it, its name on Railway, and everything else that is said of it."""

    constant: str
    function: str
    name: str
    table: Mapping[str, Value]
    why: Why
    comment: str = ""

    def write(self, page: Page) -> None:
        first = page.next_line
        if self.comment:
            page.write(typescript_writer.comment(self.comment, "  "))
        begin = f"const {self.constant} = {self.function}({literal(self.name)}"
        if self.table:
            typescript_writer.write(page, self.table, f"{begin}, ", ");", "  ")
        else:
            page.write([f"  {begin});"])
        page.explain(first, self.why)

    @property
    def functions(self) -> frozenset[str]:
        return frozenset((self.function, *typescript_writer.called(self.table)))


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the file's constants: of services and stores by their own names, of volumes by theirs."""

    of: Mapping[str, str]
    volumes: Mapping[str, str]


def names(stack: Stack) -> Names:
    helpers = {str(table["helper"]) for table in load("platforms/railway")["databases"].values()}
    taken = dict.fromkeys((*FUNCTIONS, *helpers), "")
    of, volumes = {}, {}
    for kind, each in (
        *(("database" if managed(store) else "service", store.name) for store in stack.stores),
        *(("service", service.name) for service in deployed(stack)),
    ):
        of[each] = name_of(each, taken, kind)
        taken[of[each]] = each
    for volume in _volumes(stack):
        volumes[volume] = name_of(volume, taken, "volume")
        taken[volumes[volume]] = volume
    return Names(of, volumes)


def _volumes(stack: Stack) -> tuple[str, ...]:
    """Return the volumes that services and stores of our own images keep: Railway mounts one into each."""
    kept = ([mount.source for mount in each.mounts if mount.is_volume] for each in deployed(stack))
    own = [sources[0] for sources in kept if sources]
    return (*(store.volume for store in stack.stores if managed(store) is None), *own)


def shared(stack: Stack) -> frozenset[str]:
    """Return the names of what the operator supplies to several services: it is set once, for all of them."""
    readers: dict[str, set[str]] = {}
    own = {
        part.name
        for store in stack.stores
        for each in store.variables
        for part in parts_of(each.value)
        if isinstance(part, Asked)
    }
    for service in stack.services:
        for variable in service.variables:
            if isinstance(variable.value, Asked) and variable.value.required and variable.leads_to is None:
                readers.setdefault(variable.value.name, set()).add(service.image_of or service.name)
    return frozenset(name for name, services in readers.items() if len(services) > 1 and name not in own)


def is_reached(stack: Stack, name: str) -> bool:
    """Say whether another service reaches this one inside the project."""
    variables = [each for service in stack.services for each in service.variables]
    given = [part for each in variables for part in parts_of(each.value) if isinstance(part, Given)]
    return any(part.reaches == name for part in given)


def health_seconds(service: Service) -> int:
    """Return how long Railway asks a new version before it gives it up."""
    return max(HEALTH_SECONDS, hosted.start_seconds(service))


def from_context(image: Image) -> str:
    """Return the path of an image's recipe as Railway looks for it: from the folder that it is built from."""
    return image.dockerfile if image.context == "." else image.dockerfile.removeprefix(f"{image.context}/")


def watch_patterns(image: Image) -> tuple[str, ...]:
    """Return the rules, as of an ignore file, of what changes an image; brackets of a folder's name are no pattern.

    They begin at the root of the repository, whatever folder the image is built from.
    """
    return tuple(f"/{SPECIAL.sub(lambda match: chr(92) + match[0], each)}" for each in hosted.closure(image))
