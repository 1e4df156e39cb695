"""`.railway/railway.ts`: a project on Railway as code, read without being run."""

import posixpath
import re
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from bayplan.catalog import load
from bayplan.formats import typescript
from bayplan.formats.document import Document, Grown, Key
from bayplan.formats.railway_references import leading_nowhere
from bayplan.formats.railway_resources import MODULE, Project, Reference, Resource, context, exports, grouped
from bayplan.formats.scalars import flattened, joined, scalar, scalars
from bayplan.formats.shapes import irregularities
from bayplan.formats.typescript_evaluation import Evaluation
from bayplan.formats.typescript_values import Data, Object, Unknown, Value, planted, positions
from bayplan.model.deployment import DeployedService, Fault, Irregular, Mount, PlatformFile
from bayplan.source import At, Located

if TYPE_CHECKING:
    import tree_sitter

LARGEST = 500_000
MORE = re.compile(rb"\bpartial\b|\btemplate\s*\(", re.IGNORECASE)
"""What says that a project has more than its file shows: files of other repositories, templates of several services."""
COMMANDS = (("start",), ("startCommand",), ("run", "command"), ("deploy", "startCommand"))
RELEASES = (("preDeploy",), ("preDeployCommand",), ("run", "preDeploy"), ("deploy", "preDeployCommand"))
CHECKS = (("healthcheck",), ("healthcheckPath",), ("run", "healthcheck"), ("deploy", "healthcheckPath"))
FOLDERS = (("source", "rootDirectory"), ("root",), ("rootDirectory",))
HAVE_FIELDS = frozenset(
    {".".join(route) for route in (*COMMANDS, *RELEASES, *CHECKS)} | {"env", "variables", "build.dockerfilePath"}
)


def parse(text: str, path: str, exists: Callable[[str], bool] = lambda _: False) -> PlatformFile:
    """Return the services and databases of a project; what only a run of the file would tell is left open."""
    data = typescript.readable(text.encode(errors="replace"))
    if not data or len(data) > LARGEST:
        return PlatformFile(path, ())
    reading = _Reading(data, path)
    services = tuple(reading.services(exists))
    return PlatformFile(path, services, (*reading.irregular(), *reading.lost(services)))


class _Reading:
    def __init__(self, data: bytes, path: str) -> None:
        self.objects: dict[tuple[int, int], tuple[tree_sitter.Node, Reference]] = {}
        self.project = Project()
        evaluation = Evaluation(data, {MODULE: exports(self.project)}, self._odd)
        program = evaluation.default
        given = (Value(context(), 0, 0), Value(exports(self.project)["project"], 0, 0))
        evaluation.called(program, given, (0, 0))
        if evaluation.changed:
            self.project.listed = None
        declared = [each for each in self.project.declared if each.name]
        self.is_whole = len(declared) == len(self.project.declared) and not MORE.search(data)
        self.resources = list({(each.kind, each.name): each for each in declared}.values())
        self.position = positions(data)
        whole = grouped(self.resources, self.project)
        plain, root = planted(whole, self.position)
        self.document = Document(path, data.decode(), plain, lambda: Grown(root))

    def _odd(self, node: "tree_sitter.Node", data: Data) -> None:
        if isinstance(data, Object) and isinstance(data.what, Reference):
            self.objects.setdefault((node.start_byte, node.end_byte), (node, data.what))

    def _at(self, start: int, end: int) -> At:
        return self.document.place(self.position(start), self.position(end))

    def irregular(self) -> Iterator[Irregular]:
        yield from irregularities(self.document, load("platforms/railway"), "code")
        for (start, end), (_, reference) in self.objects.items():
            yield Irregular(
                Fault.WRONG,
                f"`{reference.of}.env.{reference.name}` is no text, and becomes `[object Object]` inside of one",
                self._at(start, end),
                "Railway is told an address that nobody has",
                f"write `{reference.in_text}` in a plain text, in quotes: Railway fills it in",
            )
        for each in self.resources:
            if len(releases := self._firsts(("services", each.name), RELEASES)) > 1:
                yield Irregular(
                    Fault.REFUSED,
                    f"`{releases[1].value}` is a second pre-deploy command, and Railway takes one",
                    releases[1].at,
                    "`railway config apply` refuses the file; `railway config plan` does not tell",
                    f"write one: `{' && '.join(command.value for command in releases)}`",
                )
        longest = load("platforms/railway")["longest_name"]
        for each in self.resources:
            if each.kind == "services" and len(each.name) > longest:
                yield Irregular(
                    Fault.WRONG,
                    f"`{each.name}` has {len(each.name)} characters, and Railway takes {longest} in a service's name",
                    self._at(*each.place),
                    "Railway makes no such service",
                    "shorten it: services.<name>.package of bayplan.yaml gives a service another name",
                )
        for each in self._unlisted():
            yield Irregular(
                Fault.IGNORED,
                f"`{each.name}` is not among the resources of the project",
                self._at(*each.place),
                "Railway does not make it, and deletes it where it is there already",
                "add it to the `resources` of `project`",
            )

    def lost(self, services: Collection[DeployedService]) -> Iterator[Irregular]:
        """Yield the references that lead nowhere, where the file shows all that the project has."""
        if self.project.listed is not None and self.is_whole:
            others = [each.name for each in self.resources if each.kind != "services"]
            yield from leading_nowhere([each for each in services if each.kind != "store"], others)

    def _unlisted(self) -> Iterator[Resource]:
        """Yield what is declared and not listed; volumes come with the service that mounts them."""
        listed = self.project.listed
        for each in self.resources if listed is not None else ():
            if each.kind != "volumes" and each not in (listed or ()):
                yield each

    def services(self, exists: Callable[[str], bool]) -> Iterator[DeployedService]:
        for each in self.resources:
            at = self._at(*each.place)
            if each.kind == "services":
                yield self._service(each, at, exists)
            elif each.kind == "databases":
                yield DeployedService(each.name, "railway", at, kind="store")

    def _service(self, resource: Resource, at: At, exists: Callable[[str], bool]) -> DeployedService:
        document, route = self.document, ("services", resource.name)
        folder = next(iter(self._firsts(route, FOLDERS)), None)
        cron = scalar(document, *route, "deploy", "cronSchedule")
        variables = {**self._variables(resource, "variables"), **self._variables(resource, "env")}
        commands, releases = self._firsts(route, COMMANDS), self._firsts(route, RELEASES)
        checks = self._firsts(route, CHECKS)
        return DeployedService(
            name=resource.name,
            platform="railway",
            at=at,
            kind="cron" if cron else "web" if checks or document.items(*route, "domains") else "",
            release=Located((" && ".join(each.value for each in releases),), releases[0].at) if releases else None,
            image=scalar(document, *route, "source", "image"),
            dockerfile=self._dockerfile(resource, folder.value if folder else "", variables, exists),
            context=Located(joined("", folder.value.strip("/")) if folder else ".", folder.at if folder else at),
            command=Located((commands[0].value,), commands[0].at) if commands else None,
            build_arguments=variables,
            environment=variables,
            shows_all=_shows_all(resource),
            port=_port(variables.get("PORT")),
            health_path=checks[0] if checks else None,
            mounts=tuple(self._mounts(resource)),
            settings=flattened(document, *route, skip=HAVE_FIELDS),
        )

    def _firsts(self, route: tuple[Key, ...], keys: tuple[tuple[str, ...], ...]) -> tuple[Located[str], ...]:
        """Return what stands under the first of these keys that has a value: Railway takes them in this order."""
        found = (scalars(self.document, *route, *key) for key in keys)
        return next((each for each in found if each), ())

    def _variables(self, resource: Resource, key: str) -> dict[str, Located[str]]:
        document, route = self.document, ("services", resource.name, key)
        found = {}
        for name in document.mapping(*route):
            value = scalar(document, *route, name) or scalar(document, *route, name, "value")
            found[name] = value or Located("", document.key_at(*route, name))
        return found

    def _dockerfile(
        self, resource: Resource, folder: str, variables: dict[str, Located[str]], exists: Callable[[str], bool]
    ) -> Located[str] | None:
        """Return the Dockerfile that is built: the one that is named, or the one that Railway finds by itself."""
        document, route = self.document, ("services", resource.name)
        builder = scalar(document, *route, "build", "builder")
        named = scalar(document, *route, "build", "dockerfilePath") or variables.get("RAILWAY_DOCKERFILE_PATH")
        usual = posixpath.join(folder.strip("/"), "Dockerfile")
        if named is None and builder is not None and builder.value.upper() == "DOCKERFILE":
            named = Located("Dockerfile", builder.at)
        elif named is None and builder is None and not document.get(*route, "source", "image") and exists(usual):
            named = Located("Dockerfile", document.at(*route))
        if named is None or not named.value:
            return None
        return Located(joined(folder.strip("/"), named.value.lstrip("/")), named.at)

    def _mounts(self, resource: Resource) -> Iterator[Mount]:
        mounts = resource.config.table.get("volumeMounts")
        for key, (value, (start, end)) in (mounts.table.entries if mounts else {}).items():
            at = self._at(start, end)
            if isinstance(value.data, Object) and isinstance(value.data.what, Resource):
                yield Mount("volume", value.data.what.name or key, key, read_only=False, at=at)
            elif isinstance(value.data, Unknown):
                yield Mount("volume", key, key, read_only=False, at=at)
            elif path := value.table.get("mountPath"):
                yield Mount("volume", key, path.text or "", read_only=False, at=at)


def _shows_all(resource: Resource) -> bool:
    """Say whether every variable of a service is listed: one that is not is removed on Railway."""
    config = resource.config.table
    lists = [each.table for key in ("env", "variables") if (each := config.get(key)) is not None]
    return config.whole and bool(lists) and all(each.whole for each in lists)


def _port(written: Located[str] | None) -> Located[int] | None:
    if written is None or not written.value.isdecimal() or len(written.value) > 5:  # noqa: PLR2004 - digits of a port
        return None
    return Located(int(written.value), written.at)
