"""What must run. It knows no vendor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bayplan.model.config import TargetsConfig, VariableConfig
from bayplan.model.front import Proxy
from bayplan.model.image import Image
from bayplan.model.parts import NODE_UID, TEMPORARY, Asked, Binding, Health, Limits, Mount, Need, Note, Value, Variable
from bayplan.source import Fact, Why

PRODUCTION = "production"
"""The environment that is there where no other is described."""


class Role(StrEnum):
    WEB = "web"
    """Answers HTTP."""
    WORKER = "worker"
    """Listens on nothing and takes jobs from a queue."""
    JOB = "job"
    """Runs to its end before others start."""
    FILES = "files"
    """Hands its built files over to the proxy, and ends."""


@dataclass(frozen=True, slots=True)
class Service:
    """One container of ours. A job runs in the image of the service named by `image_of`."""

    name: str
    package: str
    """The folder of its package."""
    role: Fact[Role]
    image: Image
    command: Fact[tuple[str, ...]]
    limits: Limits
    port: Fact[int] | None = None
    health: Health | None = None
    binding: Binding | None = None
    variables: tuple[Variable, ...] = ()
    needs: tuple[Need, ...] = ()
    writable: tuple[str, ...] = (TEMPORARY,)
    """Folders that must be writable when the root file system is not."""
    grace_seconds: int = 10
    budget_mb: int | None = None
    image_of: str | None = None
    workdir: str = ""
    """The folder inside the container that its command runs in; empty for the image's own."""
    queues: tuple[str, ...] = ()
    """The queues it takes jobs from."""
    pulled: Value | None = None
    """The name its image is pulled under; without one it is built where it runs."""
    replicas: int = 1
    mounts: tuple[Mount, ...] = ()
    uid: int = NODE_UID
    """The number of the user it runs as."""
    init: Why | None = None
    """Why Docker's init must run it: as process 1 it would not even end when it is told to."""
    serving: "Service | None" = None
    """The same as a service that serves its files by itself, for a platform where no proxy could take them over."""

    @property
    def ends(self) -> bool:
        """Whether it runs to its end instead of staying."""
        return self.role.value in (Role.JOB, Role.FILES)

    @property
    def tmpfs(self) -> tuple[str, ...]:
        """The writable folders as Docker mounts them; they live in memory, so each may take a quarter of it at most.

        One that the image does not have belongs to root again after a restart, unless its mount says whose it is.
        """
        size = f"size={self.limits.memory_mb // 4}m"
        owned = f"{size},uid={self.uid},gid={self.uid}"
        return tuple(f"{path}:{size if path == TEMPORARY else owned}" for path in self.writable)

    @property
    def reads_source_maps(self) -> bool:
        return reads_source_maps(self.command.value)


def reads_source_maps(argv: tuple[str, ...]) -> bool:
    """Say whether a command shows errors at their places in the sources (`node --enable-source-maps`)."""
    return any("source-map" in word for word in argv)


@dataclass(frozen=True, slots=True)
class OwnImage:
    """An image that the stack builds, whoever runs it."""

    name: str
    image: Image
    variables: tuple[Variable, ...] = ()
    pulled: Value | None = None


@dataclass(frozen=True, slots=True)
class Store:
    """A database or the like, from the catalog."""

    name: str
    kind: str
    """The catalog's entry: `postgres`, `redis`."""
    image: Fact[str]
    port: int
    health: Health
    data: str
    """Where it keeps its data, inside the container."""
    volume: str
    limits: Limits
    why: Why
    variables: tuple[Variable, ...] = ()
    command: tuple[str | Asked, ...] = ()
    grace_seconds: int = 30
    shared_memory_mb: int | None = None
    """What its processes need to share, where Docker's 64 MB are too little."""
    writable: tuple[str, ...] = ()
    """Folders that must be writable when the root file system is not; its image has them."""
    capabilities: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    """Every port it listens on."""
    bindings: tuple[Binding, ...] = ()
    needs_outside: bool = False
    """Whether it talks to the world by itself."""
    user: str = ""
    """The user to run as, where its image would run as root."""
    stop_signal: str = ""
    """What tells it to end, where SIGTERM would end it as a failure."""

    @property
    def tmpfs(self) -> tuple[str, ...]:
        return self.writable


@dataclass(frozen=True, slots=True)
class Backups:
    """Where copies of the stores go, who can read them, and how long they are kept."""

    to: str
    """A folder of the machine, or `rclone:` and a remote's path."""
    why: Why
    age: str = ""
    gpg: str = ""
    keep_days: int = 14
    at: str = "03:30"
    stores: tuple[str, ...] = ()
    """The names of the stores that are kept."""


@dataclass(frozen=True, slots=True)
class Stack:
    name: str
    environment: str
    node: Fact[str]
    services: tuple[Service, ...]
    stores: tuple[Store, ...]
    platforms: tuple[str, ...] = ("linux/amd64", "linux/arm64")
    notes: tuple[Note, ...] = field(default_factory=tuple)
    build_secrets: tuple[Variable, ...] = ()
    """What builds of images are told in secret, under the names by which their recipes read it."""
    leftovers: tuple[Fact[str], ...] = ()
    """What a build on this machine leaves in unusual places, where it would mislead the one in the image."""
    unneeded: tuple[Fact[str], ...] = ()
    """Patterns of what no image is made from, by the rules of an ignore file at the root."""
    proxy: Proxy | None = None
    backups: Backups | None = None
    compose: str = "docker-compose.prod.yml"
    env_file: str = ".env"
    """The file of values that it is started with; `.example` behind its name is its documentation."""
    project: str = ""
    """The name under which it runs: environments on one machine must not share it."""

    targets: TargetsConfig = field(default_factory=TargetsConfig)
    """The platforms and the CI that files are written for."""
    told: Mapping[str, VariableConfig] = field(default_factory=dict)
    """What `bayplan.yaml` says of variables, also of those that no code reads."""

    def service(self, name: str) -> Service | None:
        return next((service for service in self.services if service.name == name), None)

    def jobs_in(self, service: Service) -> tuple[Service, ...]:
        """Return the jobs that run in the image of a service before a new version of it starts, in their order."""
        return tuple(each for each in self.services if each.role.value is Role.JOB and each.image_of == service.name)

    @property
    def jobs_apart(self) -> tuple[Service, ...]:
        """The jobs that have an image of their own."""
        return tuple(each for each in self.services if each.role.value is Role.JOB and each.image_of is None)

    @property
    def is_production(self) -> bool:
        return self.environment == PRODUCTION

    @property
    def project_name(self) -> str:
        return self.project or self.name

    @property
    def built(self) -> tuple[OwnImage, ...]:
        """The images that are the stack's own."""
        own = [each for each in self.services if each.image_of is None]
        found = [OwnImage(each.name, each.image, each.variables, each.pulled) for each in own]
        if self.proxy is not None and self.proxy.image is not None:
            found.append(OwnImage(self.proxy.name, self.proxy.image, pulled=self.proxy.pulled))
        return tuple(found)

    @property
    def env_example(self) -> str:
        return f"{self.env_file}.example"

    def env_file_of(self, platform: str) -> str:
        """Return the file of the values that a platform is told; `.example` behind its name is its template."""
        environment = "" if self.is_production else f".{self.environment}"
        return f".env{environment}.{platform}"
