"""What must run. It knows no vendor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bayplan.model.config import VariableConfig
from bayplan.model.image import Image
from bayplan.source import At, Fact, Why

TEMPORARY = "/tmp"  # noqa: S108 - a path inside the container
NODE_UID = 1000
"""The number of the user `node` in every image of Node.js."""


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
class Given:
    """A value that is the same everywhere and may stand in a file."""

    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A value the operator supplies, under this name; with a default it may be left out."""

    name: str
    default: str | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class Composed:
    """A value made of texts and of values the operator supplies: a connection URL of a store."""

    parts: tuple[Given | Asked, ...]


Value = Given | Asked | Composed


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable of a service: where its value comes from and everything its documentation needs."""

    name: str
    value: Value
    why: Why
    required: bool = True
    secret: bool = False
    at_build: bool = False
    purpose: str = ""
    example: str = ""
    made_up: bool = False
    """Whether any random text will do, so that a command can make it."""
    group: str = ""
    """The heading it is documented under."""
    fallback: str | None = None
    """What the code takes where nothing is given."""
    for_browsers: bool = False
    """Whether it is an address that browsers call, and which its default gives for this machine only."""
    kind: str = ""
    """What the code says it must be: `url`, `number`, `enum:a|b`."""
    uses: tuple[At, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """How to see that a service works: an HTTP path it answers, or a command that its image can run."""

    why: Why
    path: str | None = None
    command: tuple[str, ...] = ()
    seconds: int = 5
    """How long its answer may take."""


@dataclass(frozen=True, slots=True)
class Limits:
    memory_mb: int
    cpus: float
    pids: int = 256


class Condition(StrEnum):
    HEALTHY = "healthy"
    DONE = "done"
    STARTED = "started"


@dataclass(frozen=True, slots=True)
class Need:
    """Another service that must be there first."""

    name: str
    condition: Condition
    why: Why


LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Binding:
    """A port of the host that leads into a container; `address` 127.0.0.1 keeps it here, and none is every one."""

    port: int
    address: str | Asked
    why: Why
    inside: int = 0
    """The port inside the container; 0 for the one it listens on."""
    protocol: str = "tcp"

    @property
    def is_local(self) -> bool:
        return self.address == LOOPBACK


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume, by its name, or a file or folder of the repository, by its path, inside a container."""

    source: str
    target: str
    why: Why
    is_volume: bool = True
    read_only: bool = False


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


class TlsKind(StrEnum):
    AUTOMATIC = "automatic"
    """Certificates of a public authority, asked for over HTTP or by a DNS challenge."""
    FILES = "files"
    """A certificate and a key that lie on the machine."""
    INTERNAL = "internal"
    """Signed by the proxy itself."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Tls:
    """Where certificates come from. `certificate` and `key` are paths of the repository's folder, out of git."""

    kind: TlsKind
    why: Why
    certificate: str = ""
    key: str = ""
    dns: str = ""
    """The DNS provider of the challenge, for wildcards."""
    token: Asked | None = None
    """What lets the proxy speak to that provider."""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers a path: a service, or the files of an app that builds some."""

    path: str
    """A pattern such as `/api/*`; empty for all that no other answers."""
    service: str
    port: int = 0
    """The port it listens on; 0 for files."""
    files: str = ""
    """The folder of the proxy's container that holds them."""
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """Host names that answer the same. Host names, and where things have moved, may hold `${NAME}`."""

    hosts: tuple[str, ...]
    why: Why
    answers: tuple[Answer, ...] = ()
    refused: tuple[str, ...] = ()
    redirects: tuple[tuple[str, str], ...] = ()
    """From a path, or from everything with an empty one, to where it has moved for good."""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Proxy:
    """What the world reaches: host names to services."""

    name: str
    base: Fact[str]
    """The image that runs, or that the own one is made of."""
    sites: tuple[Site, ...]
    tls: Tls
    bindings: tuple[Binding, ...]
    caddyfile: str
    why: Why
    limits: Limits
    health: Health
    image: Image | None = None
    """Its own image, where it needs modules that the public one has not."""
    pulled: Value | None = None
    needs: tuple[Need, ...] = ()
    variables: tuple[Variable, ...] = ()
    mounts: tuple[Mount, ...] = ()
    writable: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    grace_seconds: int = 10

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
class Note:
    """Something the user should know that is no mistake of the repository: a guess, a limit, an end of life."""

    about: str
    text: str
    at: At | None = None


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

    told: Mapping[str, VariableConfig] = field(default_factory=dict)
    """What `bayplan.yaml` says of variables, also of those that no code reads."""

    def service(self, name: str) -> Service | None:
        return next((service for service in self.services if service.name == name), None)

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
