"""A compose file: its services with everything a check needs, each value with its place."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, replace
from posixpath import dirname

from bayplan.errors import BrokenFileError
from bayplan.formats import yaml_nodes
from bayplan.formats.compose_shorts import mount, port_number, published
from bayplan.formats.document import Document, Key
from bayplan.formats.scalars import flattened, joined, named_values, scalar, scalars
from bayplan.model.deployment import (
    ComposeFile,
    DeployedService,
    HealthTest,
    Mount,
    Network,
    Published,
    Wait,
)
from bayplan.source import At, Located

DEEPEST = 50
HAVE_FIELDS = frozenset(
    {
        "image",
        "build.context",
        "build.dockerfile",
        "build.target",
        "build.args",
        "command",
        "environment",
        "env_file",
        "ports",
        "volumes",
        "tmpfs",
        "depends_on",
        "healthcheck.test",
        "networks",
        "user",
        "read_only",
        "profiles",
    }
)
REMOTE = (
    "http://",
    "https://",
    "git@",
    "git://",
    "ssh://",
    "github.com/",
    "docker-image://",
    "oci-layout://",
    "service:",
)


def parse(text: str, path: str) -> ComposeFile:
    """Return what a compose file says; unknown shapes are left out, and only a file without keys is broken."""
    document = yaml_nodes.load(text, path)
    if not isinstance(document.data, Mapping):
        raise BrokenFileError(
            f"{path} is not a compose file: it holds no keys", at=At(path, 1, 1), remedy="begin it with `services:`"
        )
    services = {name: _Service(document, path, name).read() for name in document.mapping("services")}
    return ComposeFile(
        path,
        tuple(_extended(document, services, name, ()) for name in services),
        tuple(
            Network(
                name,
                document.get("networks", name, "internal") is True,
                document.key_at("networks", name),
                shared=any(document.get("networks", name, key) for key in ("external", "name")),
            )
            for name in document.mapping("networks")
        ),
        tuple(Located(name, document.key_at("volumes", name)) for name in document.mapping("volumes")),
    )


def _extended(
    document: Document, services: Mapping[str, DeployedService], name: str, children: tuple[str, ...]
) -> DeployedService:
    """Return a service with what it takes from another one of the same file by `extends`."""
    service = services[name]
    extends = document.get("services", name, "extends")
    base = extends.get("service") if isinstance(extends, Mapping) and "file" not in extends else extends
    if not isinstance(base, str) or base not in services or base in (*children, name) or len(children) > DEEPEST:
        return service
    inherited = _extended(document, services, base, (*children, name))
    changes: dict[str, object] = {}
    for field in fields(DeployedService):
        own, other = getattr(service, field.name), getattr(inherited, field.name)
        if field.name in ("name", "at", "waits"):
            continue
        if isinstance(own, Mapping) and isinstance(other, Mapping):
            changes[field.name] = {**other, **own}
        elif field.default is not MISSING and own == field.default:
            changes[field.name] = other
    return replace(service, **changes)  # type: ignore[arg-type]


class _Service:
    def __init__(self, document: Document, path: str, name: str) -> None:
        self.document = document
        self.folder = dirname(path)
        self.name = name
        self.route: tuple[Key, ...] = ("services", name)

    def read(self) -> DeployedService:
        context = self._context()
        return DeployedService(
            name=self.name,
            platform="compose",
            at=self.document.key_at(*self.route),
            image=self._scalar("image"),
            dockerfile=self._dockerfile(context),
            context=context,
            target=self._scalar("build", "target"),
            build_arguments=named_values(self.document, *self.route, "build", "args"),
            command=self._command(),
            environment=named_values(self.document, *self.route, "environment"),
            env_files=tuple(self._env_files()),
            published=tuple(self._published()),
            health=self._health(),
            waits=tuple(self._waits()),
            mounts=tuple(self._mounts()),
            networks=self._networks(),
            user=self._scalar("user"),
            read_only=self._get("read_only") is True,
            profiles=tuple(each.value for each in self._scalars("profiles")),
            settings=self._settings(),
        )

    def _get(self, *keys: Key) -> object:
        return self.document.get(*self.route, *keys)

    def _at(self, *keys: Key) -> At:
        return self.document.at(*self.route, *keys)

    def _scalar(self, *keys: Key) -> Located[str] | None:
        return scalar(self.document, *self.route, *keys)

    def _scalars(self, *keys: Key) -> tuple[Located[str], ...]:
        return scalars(self.document, *self.route, *keys)

    def _count(self, *keys: Key) -> range:
        return range(len(self.document.items(*self.route, *keys)))

    def _settings(self) -> Mapping[str, Located[str]]:
        skip = HAVE_FIELDS if isinstance(self._get("build"), Mapping) else {*HAVE_FIELDS, "build"}
        settings = flattened(self.document, *self.route, skip=skip)
        for index in self._count("env_file"):
            if required := self._scalar("env_file", index, "required"):
                settings[f"env_file[{index}].required"] = required
        for name in self.document.mapping(*self.route, "depends_on"):
            if required := self._scalar("depends_on", name, "required"):
                settings[f"depends_on.{name}.required"] = required
        for name in self.document.mapping(*self.route, "networks"):
            for index, alias in enumerate(self._scalars("networks", name, "aliases")):
                settings[f"networks.{name}.aliases[{index}]"] = alias
        return settings

    def _context(self) -> Located[str] | None:
        build = self._get("build")
        if isinstance(build, str):
            written: Located[str] | None = self._scalar("build")
        elif isinstance(build, Mapping):
            written = self._scalar("build", "context") or Located(".", self.document.key_at(*self.route, "build"))
        else:
            return None
        if written is None or written.value.startswith(REMOTE) or "://" in written.value:
            return written
        return Located(joined(self.folder, written.value), written.at)

    def _dockerfile(self, context: Located[str] | None) -> Located[str] | None:
        """Return the Dockerfile's path; None when it stands in the compose file, or far away with its context."""
        if context is None or isinstance(self._get("build", "dockerfile_inline"), str):
            return None
        if context.value.startswith(REMOTE) or "://" in context.value:
            return None
        written = self._scalar("build", "dockerfile") or Located("Dockerfile", context.at)
        return Located(joined(context.value, written.value).replace("$$", "$"), written.at)

    def _command(self) -> Located[tuple[str, ...]] | None:
        command = self._get("command")
        if command is None or isinstance(command, Mapping):
            return None
        return Located(tuple(each.value for each in self._scalars("command")), self._at("command"))

    def _env_files(self) -> Iterator[Located[str]]:
        entries = [self._scalar("env_file", i) or self._scalar("env_file", i, "path") for i in self._count("env_file")]
        for each in entries or self._scalars("env_file"):
            if each:
                yield Located(joined(self.folder, each.value), each.at)

    def _published(self) -> Iterator[Published]:
        for index in self._count("ports"):
            short = self._scalar("ports", index)
            if short:
                yield from published(short)
                continue
            target = self._scalar("ports", index, "target")
            container = port_number(target.value) if target else None
            if container is not None:
                host = self._scalar("ports", index, "published")
                address = self._scalar("ports", index, "host_ip")
                protocol = self._scalar("ports", index, "protocol")
                yield Published(
                    container,
                    host.value if host else None,
                    address.value if address else "",
                    self._at("ports", index),
                    protocol.value if protocol else "tcp",
                )

    def _health(self) -> HealthTest | None:
        if self._get("healthcheck", "disable") is True:
            return HealthTest(("NONE",), self._at("healthcheck"))
        test = self._get("healthcheck", "test")
        words = tuple(each.value for each in self._scalars("healthcheck", "test"))
        if not words:
            return None
        if not isinstance(test, list):
            words = words if words == ("NONE",) else ("CMD-SHELL", *words)
        return HealthTest(words, self._at("healthcheck", "test"))

    def _waits(self) -> Iterator[Wait]:
        for name in self.document.mapping(*self.route, "depends_on"):
            condition = self._scalar("depends_on", name, "condition")
            at = self.document.key_at(*self.route, "depends_on", name)
            yield Wait(name, condition.value if condition else "service_started", at)
        for each in self._scalars("depends_on"):
            yield Wait(each.value, "service_started", each.at)

    def _mounts(self) -> Iterator[Mount]:
        for index in self._count("volumes"):
            short = self._scalar("volumes", index)
            target = self._scalar("volumes", index, "target")
            if short:
                yield mount(short)
            elif target:
                kind = self._scalar("volumes", index, "type")
                source = self._scalar("volumes", index, "source")
                yield Mount(
                    kind.value if kind else "volume",
                    source.value if source else "",
                    target.value,
                    read_only=self._get("volumes", index, "read_only") is True,
                    at=self._at("volumes", index),
                )
        for each in self._scalars("tmpfs"):
            yield Mount("tmpfs", "", each.value.partition(":")[0], read_only=False, at=each.at)

    def _networks(self) -> tuple[Located[str], ...]:
        route = (*self.route, "networks")
        named = tuple(Located(name, self.document.key_at(*route, name)) for name in self.document.mapping(*route))
        return named or self._scalars("networks")
