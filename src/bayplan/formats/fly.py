"""`fly.toml`: one app, with a service for each of its process groups."""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from bayplan.catalog import load
from bayplan.formats import fly_meaning, toml_nodes
from bayplan.formats.compose_shorts import port_number
from bayplan.formats.document import Document
from bayplan.formats.fly_parts import Route, each_of
from bayplan.formats.scalars import flattened, joined, named_values, scalar
from bayplan.formats.shapes import first, irregularities
from bayplan.model.deployment import DeployedService, PlatformFile
from bayplan.source import Located

HAVE_FIELDS = frozenset({"env", "processes", "build.dockerfile", "build.image", "build.build-target", "build.args"})
TELLING = ("app", "primary_region", "http_service", "services", "processes")
"""Keys by which a file with another name is known to be Fly's."""
WITHOUT_DOCKERFILE = ("image", "builder", "builtin", "buildpacks", "compose")
LOOKED_FOR = ("Dockerfile", "dockerfile")
USUAL_PORT = 8080
USUAL_GROUP = "app"

Exists: TypeAlias = Callable[[str], bool]


def parse(text: str, path: str, exists: Exists = lambda _: False) -> PlatformFile:
    """Return a Fly app; `exists` tells where its Dockerfile is, when the file does not.

    A file that is only named like one, `fly-wheel.toml`, says nothing.
    """
    document = toml_nodes.load(text, path)
    if posixpath.basename(path) != "fly.toml" and not any(document.get(key) is not None for key in TELLING):
        return PlatformFile(path, ())
    services = tuple(_services(document, path, _dockerfile(document, path, exists)))
    found = (*irregularities(document, load("platforms/fly")), *first(fly_meaning.mistakes(document)))
    return PlatformFile(path, services, found)


def _services(document: Document, path: str, dockerfile: Located[str] | None) -> Iterator[DeployedService]:
    """Yield the services of an app: one, or one for each entry of `[processes]`."""
    app = document.text("app") or _name_from(path)
    groups = list(document.mapping("processes")) or [USUAL_GROUP]
    usual = USUAL_GROUP if USUAL_GROUP in groups else min(groups)
    for group in groups:
        name = app if group == usual else f"{app}-{group}"
        yield _Group(document, group, is_usual=group == usual).service(name, dockerfile)


def _name_from(path: str) -> str:
    folder, name = posixpath.split(path)
    middle = name.removesuffix(".toml").removeprefix("fly").strip(".-_")
    return middle or posixpath.basename(folder) or "app"


def _dockerfile(document: Document, path: str, exists: Exists) -> Located[str] | None:
    """Return the Dockerfile; None when it is built without one, or with one that only the command line names.

    What the file names is looked for beside the file, and what it does not name in the folder that is deployed.
    """
    if any(document.get("build", key) is not None for key in WITHOUT_DOCKERFILE):
        return None
    folder = posixpath.dirname(path)
    written = scalar(document, "build", "dockerfile")
    if written is not None:
        return None if "://" in written.value else Located(joined(folder, written.value), written.at)
    places = (posixpath.join(each, name) for each in (folder, "") for name in LOOKED_FOR)
    found = next((place for place in places if exists(place)), None)
    return None if found is None else Located(found, document.key_at("build"))


@dataclass(frozen=True, slots=True)
class _Group:
    """A process group, and what of the file is about it."""

    document: Document
    name: str
    is_usual: bool
    """Whether what names no group is about this one."""

    def service(self, name: str, dockerfile: Located[str] | None) -> DeployedService:
        document = self.document
        command = self._command()
        release = scalar(document, "deploy", "release_command") if self.is_usual else None
        return DeployedService(
            name=name,
            platform="fly",
            at=document.key_at("processes", self.name) if document.get("processes", self.name) else document.at("app"),
            kind=self._kind(),
            release=Located((release.value,), release.at) if release else None,
            image=scalar(document, "build", "image"),
            dockerfile=dockerfile,
            target=scalar(document, "build", "build-target"),
            build_arguments=named_values(document, "build", "args"),
            command=command,
            environment=named_values(document, "env"),
            port=next(self._ports(), None),
            health_path=next(self._health_paths(), None),
            settings=flattened(document, skip=HAVE_FIELDS),
        )

    def _concerns(self, route: Route) -> bool:
        groups = self.document.texts(*route, "processes")
        return self.name in groups if groups else self.is_usual

    def _listening(self) -> list[Route]:
        """Return the routes of what listens: `[http_service]` and each of `[[services]]`."""
        http: list[Route] = [("http_service",)] if self.document.mapping("http_service") else []
        return [route for route in (*http, *each_of(self.document, "services")) if self._concerns(route)]

    def _checks(self) -> list[Route]:
        """Return the routes of the checks that stand apart from what listens."""
        named: list[Route] = [("checks", name) for name in self.document.mapping("checks")]
        if isinstance(self.document.get("checks"), list):
            named = each_of(self.document, "checks")
        return [route for route in named if self._concerns(route)]

    def _kind(self) -> str:
        """Return what it is: `web` has a service that speaks HTTP, and a store an image and a volume."""
        listening = self._listening()
        if any(self._speaks_http(route) for route in listening):
            return "web"
        if scalar(self.document, "build", "image") and any(map(self._concerns, each_of(self.document, "mounts"))):
            return "store"
        if listening:
            return ""
        if any(scalar(self.document, *route, "port") for route in self._checks()):
            return "private"
        return "worker" if scalar(self.document, "processes", self.name) else ""

    def _speaks_http(self, route: Route) -> bool:
        ports = each_of(self.document, *route, "ports")
        return route == ("http_service",) or any("http" in self.document.texts(*port, "handlers") for port in ports)

    def _command(self) -> Located[tuple[str, ...]] | None:
        """Return what it runs in place of its image's command."""
        written = scalar(self.document, "processes", self.name)
        if written is not None:
            return Located((written.value,), written.at)
        for key in ("exec", "cmd"):
            words = self.document.texts("experimental", key)
            if words:
                return Located(words, self.document.at("experimental", key))
        return None

    def _ports(self) -> Iterator[Located[int]]:
        for route in self._listening():
            written = scalar(self.document, *route, "internal_port")
            number = port_number(written.value) if written else USUAL_PORT
            if number is not None:
                yield Located(number, written.at if written else self.document.at(*route))
        for route in self._checks():
            written = scalar(self.document, *route, "port")
            number = port_number(written.value) if written else None
            if number is not None and written is not None:
                yield Located(number, written.at)

    def _health_paths(self) -> Iterator[Located[str]]:
        listening = [(*route, kind) for route in self._listening() for kind in ("checks", "http_checks")]
        for route in (*(each for kind in listening for each in each_of(self.document, *kind)), *self._checks()):
            if path := scalar(self.document, *route, "path"):
                yield path
