"""`bayplan.yaml` as types: its JSON Schema and its reference are generated from these, docstrings included."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Literal

from bayplan.source import At


@dataclass(frozen=True, slots=True)
class Form:
    """How a text must look: a pattern, and what it is in words with an example."""

    pattern: str
    words: str


@dataclass(frozen=True, slots=True)
class Between:
    """The least and the most a number may be."""

    least: float
    most: float


PORT_NUMBER = r"(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
BYTE = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
GROUPS = r"(?![^\]]*:::)(?![^\]]*::[^\]]*::)(?!:[^:])(?![^\]]*[^:]:\])(?=[^\]]*::|([^:\]]*:){7})"
INSIDE = r"(?!\.\.?/)(?!\.\.$)(?!.*/\.{0,2}/)(?!.*/\.\.?$)"

Port = Annotated[int, Between(1, 65535)]
Size = Annotated[str, Form(r"^[1-9][0-9]{0,5}(\.[0-9]{1,3})? ?(MB|GB)$", "a size such as `512MB` or `1GB`")]
Duration = Annotated[str, Form(r"^[1-9][0-9]{0,4}(s|m)$", "a duration such as `30s` or `2m`")]
IPV6 = rf"\[{GROUPS}([0-9A-Fa-f]{{0,4}}:){{2,7}}[0-9A-Fa-f]{{0,4}}\]"
ADDRESS = rf"(({BYTE}\.){{3}}{BYTE}|{IPV6}|\$\{{[A-Za-z_][A-Za-z0-9_]*\}})"
Where = Annotated[
    str,
    Form(
        rf"^(public|loopback|{ADDRESS})$", "`public`, `loopback` or an address such as `203.0.113.7` or `${PUBLIC_IP}`"
    ),
]
Publish = Annotated[
    str,
    Form(
        rf"^(public|loopback|{ADDRESS}|({ADDRESS}:)?{PORT_NUMBER})$",
        'a port such as `"8080"` or `"127.0.0.1:8080"`, or `public`, `loopback` or an address for its usual one',
    ),
]
Route = Annotated[str, Form(r"^/[^\s?#]*$", "a path such as `/api/health`")]
Folder = Annotated[str, Form(rf"^{INSIDE}[^/\s]([^\n]*[^\s])?$", "a path inside the repository such as `apps/api`")]
File = Annotated[
    str,
    Form(rf"^(?!\.$)(?!.*:){INSIDE}[^/\s]([^\n]*[^\s/])?$", "a path inside the repository such as `docker/Caddyfile`"),
]
Inside = Annotated[str, Form(rf"^{INSIDE}[^/\s]([^\n]*[^\s])?$", "a path inside the package such as `templates`")]
Absolute = Annotated[str, Form(r"^/([^\s:]*[^\s:/])?$", "a path of the container such as `/app/uploads`")]
MachineFolder = Annotated[
    str, Form(r"^(/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)+$", "a folder of the machine such as `/srv/shop`")
]
Script = Annotated[str, Form(r"^\S+$", "the name of a script such as `build`")]
Line = Annotated[str, Form(r"^[^\n]*[^\s][^\n]*$", "one line of text")]
ImageName = Annotated[str, Form(r"^[a-z0-9][a-zA-Z0-9._/:@-]*$", "an image with its tag such as `postgres:15-alpine`")]
ImageTemplate = Annotated[
    str,
    Form(
        r"^[a-z0-9$][a-zA-Z0-9._/:@${}?-]*\{service\}[a-zA-Z0-9._/:@${}?-]*$",
        "an image with `{service}` in it such as `registry.example.com/${OWNER}/{name}-{service}:${TAG:-latest}`",
    ),
]
HostName = Annotated[
    str,
    Form(
        r"^(\*\.)?([A-Za-z0-9-]|\$\{[A-Za-z_][A-Za-z0-9_]*\})+(\.([A-Za-z0-9-]|\$\{[A-Za-z_][A-Za-z0-9_]*\})+)*$",
        "a host name such as `api.example.com` or `*.${DOMAIN}`",
    ),
]
PathPattern = Annotated[str, Form(r"^/[^\s{}\"]*$", "a path such as `/metrics` or `/api/*`")]
Link = Annotated[str, Form(r"^(https?://|/)[^\s{}\"]*$", "an address such as `https://example.com` or a path")]
HeaderName = Annotated[str, Form(r"^[A-Za-z0-9-]+$", "the name of a header such as `X-Frame-Options`")]
Word = Annotated[str, Form(r"^[a-z][a-z0-9_-]*$", "one lower-case word such as `hetzner`")]
Branch = Annotated[str, Form(r"^[A-Za-z0-9_][A-Za-z0-9._/-]*$", "the name of a branch such as `main`")]
Repository = Annotated[
    str, Form(r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", "an owner and a name such as `example/shop`")
]
VolumeName = Annotated[
    str, Form(r"^[a-z][a-z0-9_-]+$", "two or more lower-case letters or digits, a single one is a drive to compose")
]
TimeOfDay = Annotated[str, Form(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", 'a time of the day such as `"03:30"`')]
StackName = Annotated[str, Form(r"^[a-z0-9][a-z0-9_-]*$", "lower-case letters, digits, `-` and `_`")]
ServiceName = Annotated[str, Form(r"^@?[A-Za-z0-9][A-Za-z0-9._/-]*$", "letters, digits, `-`, `_` and `.`")]
EnvironmentName = Annotated[str, Form(r"^[a-z][a-z0-9-]*$", "lower-case letters, digits and `-` such as `staging`")]
VariableName = Annotated[str, Form(r"^[A-Za-z_][A-Za-z0-9_]*$", "letters, digits and `_`, no digit first")]
Platform = Annotated[str, Form(r"^linux/[a-z0-9]+(/v[0-9]+)?$", "a platform such as `linux/amd64`")]


@dataclass(frozen=True, slots=True)
class UserConfig:
    """A user of its own for a service, instead of the one its base image has."""

    id: Annotated[int, Between(1, 65533)] | None = None
    """The number of the user and its group."""
    name: Word | None = None
    """Its name: `appuser`."""
    group: Word | None = None
    """The name of its group: `appgroup`."""


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """What to change about one service. Everything left out is inferred from the code."""

    package: Folder | None = None
    """The folder of its package; needed only when the service's name is not the package's."""
    dockerfile: File | None = None
    """Where its Dockerfile stands: `docker/Dockerfile`."""
    replicas: Annotated[int, Between(0, 1000)] | None = None
    """How many of it run."""
    role: Literal["web", "worker", "job"] | None = None
    """`web` answers HTTP, `worker` takes jobs from a queue, `job` runs to its end before the others start."""
    skip: bool = False
    """Leave this app out of the deployment."""
    port: Port | None = None
    """The port it listens on inside its container."""
    publish: Publish | Literal[False] | None = None
    """The port of the host that leads to it (`"8080"`, `"127.0.0.1:8080"`); `loopback` for its own, or `false`."""
    health: Route | None = None
    """The HTTP path that answers 200 when it works."""
    command: Line | None = None
    """The command that starts it, as you would type it in its package's folder."""
    build: Script | None = None
    """The name of the script that builds it."""
    files: tuple[Inside, ...] = ()
    """More files or folders of its package that run time needs."""
    keep: tuple[Absolute, ...] = ()
    """Folders of the container that keep what is written to them, each in a volume: uploads, a SQLite file."""
    writable: tuple[Absolute, ...] = ()
    """Folders of the container it writes to, in memory and empty again after a restart; the rest is read-only."""
    user: UserConfig | None = None
    """The user it runs as; `node`, number 1000, where nothing is said."""
    memory: Size | None = None
    """The most memory it may use: `512MB`, `1GB`."""
    cpus: Annotated[float, Between(0.01, 1024)] | None = None
    """The most processors it may use."""
    start: Duration | None = None
    """How long it may take to start before failed health checks count: `30s`; a minute where nothing is said."""
    grace: Duration | None = None
    """How long it may take to stop: `30s`."""
    budget: Size | None = None
    """The largest size of its image: `100MB`. Building a larger one fails."""
    example_job: Line | None = None
    """A job for its queue, as JSON: `bayplan verify` queues it, or an empty one, which most workers refuse."""
    variables: Mapping[VariableName, str] = field(default_factory=dict)
    """Environment variables with fixed values, for this service only."""


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """What to change about one database or queue."""

    image: ImageName | None = None
    """The image to run, with its tag: `postgres:15-alpine`."""
    skip: bool = False
    """It runs elsewhere: do not deploy it; its address becomes a required variable."""
    publish: Publish | Literal[False] | None = None
    """Where its ports can be reached from the host: `loopback` for programs of this machine only; none otherwise."""
    volume: VolumeName | None = None
    """The name of the volume that keeps its data."""
    memory: Size | None = None
    """The most memory it may use: `512MB`, `1GB`."""
    cpus: Annotated[float, Between(0.01, 1024)] | None = None
    """The most processors it may use."""
    variables: Mapping[VariableName, str] = field(default_factory=dict)
    """Environment variables of its image, with fixed values."""


@dataclass(frozen=True, slots=True)
class VariableConfig:
    """What is known about one environment variable beyond what the code says."""

    purpose: Line | None = None
    """What it is for, in one line."""
    group: Line | None = None
    """The heading of `.env.example` that it stands under: `database`, `auth`."""
    example: str | None = None
    """A value that shows its form."""
    required: bool | None = None
    """Whether the stack may start without it."""
    default: str | None = None
    """The value used where the environment gives none."""
    secret: bool | None = None
    """Whether it must never be shown."""
    value: str | None = None
    """A fixed value, the same for every service that reads it."""


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """What one host name answers."""

    to: ServiceName | None = None
    """The service that answers, or the app whose files are served."""
    also: tuple[HostName, ...] = ()
    """More host names that answer the same."""
    paths: Mapping[PathPattern, ServiceName] = field(default_factory=dict)
    """Paths that another service answers: `/api/*: api`."""
    refuse: tuple[PathPattern, ...] = ()
    """Paths that nobody outside may ask for: `/metrics`."""
    redirect: Mapping[PathPattern, Link] = field(default_factory=dict)
    """Paths that have moved, for good, and where to."""
    redirect_to: Link | None = None
    """The address that all of this host name has moved to."""
    headers: Mapping[HeaderName, Line] = field(default_factory=dict)
    """Headers that each of its answers carries."""


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """The proxy, Caddy: the only part of the stack that the world reaches."""

    sites: Mapping[HostName, SiteConfig] = field(default_factory=dict)
    """The host names and what each answers; those of an environment stand instead of those above."""
    tls: Literal["automatic", "internal", "off"] | None = None
    """`automatic` asks a public authority for certificates, `internal` signs its own, `off` speaks plain HTTP."""
    certificate: File | None = None
    """A certificate file instead, such as an origin certificate: it stays on the machine, and out of git."""
    key: File | None = None
    """The key of that certificate."""
    dns: Word | None = None
    """The DNS provider that proves the domain is yours, for wildcards: `hetzner`. Caddy is built with its module."""
    email: Line | None = None
    """Whom the certificate authority tells about trouble."""
    publish: Publish | Literal[False] | None = None
    """The address of its ports 80 and 443, every one by default; or one port for all of it: `"127.0.0.1:8443"`."""
    image: ImageName | None = None
    """The image to run, with its tag: `caddy:2-alpine`."""
    caddyfile: File | None = None
    """Where the Caddyfile stands; beside the compose file by default."""
    dockerfile: File | None = None
    """Where the Dockerfile of a Caddy with modules stands."""
    memory: Size | None = None
    """The most memory it may use: `128MB`."""


@dataclass(frozen=True, slots=True)
class BackupConfig:
    """Backups of the stores: dumped, compressed and encrypted in one pipeline."""

    to: Line | None = None
    """Where they go: a folder of the machine (`/var/backups/shop`), or a remote of rclone (`rclone:s3:bucket`)."""
    age: Line | None = None
    """The public key of age they are encrypted for: `age1...`."""
    gpg: Line | None = None
    """The key of GnuPG they are encrypted for instead: its fingerprint or address."""
    keep: Annotated[int, Between(1, 36500)] | None = None
    """For how many days each is kept."""
    at: TimeOfDay | None = None
    """The time of the day at which the timer makes one."""
    skip: tuple[ServiceName, ...] = ()
    """Stores that are not worth one."""


@dataclass(frozen=True, slots=True)
class FlyConfig:
    """Files for Fly.io: one for each app."""

    region: Word | None = None
    """The code of the region where it runs: `ams`."""


@dataclass(frozen=True, slots=True)
class RailwayConfig:
    """The project on Railway, as code: `.railway/railway.ts`."""

    repo: Repository | None = None
    """The repository on GitHub whose pushes are deployed: `example/shop`; without it `railway up` deploys."""
    branch: Branch | None = None
    """The branch that is deployed; `main` where nothing is said."""
    region: Word | None = None
    """The region where it runs: `europe-west4`."""
    json: bool = False
    """Whether each service has a `railway.json` too, which Railway stops reading on 2026-12-01."""


@dataclass(frozen=True, slots=True)
class RenderConfig:
    """A blueprint for Render: `render.yaml`."""

    region: Word | None = None
    """The region where it runs: `frankfurt`."""
    previews: Literal["off", "manual", "automatic"] | None = None
    """Whether pull requests get a copy of the stack; `off` where nothing is said."""


@dataclass(frozen=True, slots=True)
class GithubConfig:
    """Workflows of GitHub Actions: images, and the deployment of environments that pull them."""

    branch: Branch | None = None
    """The branch whose images are published; `main` where nothing is said. There is one for all environments."""
    folder: MachineFolder | None = None
    """The folder of the machine that an environment is deployed to: `/srv/shop`. Where nothing is said, it is named
    after the stack, and after the environment: `/srv/shop-staging`."""


ALONE = {"alone": True}
"""Of a key that says something without a value."""


@dataclass(frozen=True, slots=True)
class TargetsConfig:
    """Where else than on a machine of your own it runs; its key alone is enough: `fly:`."""

    fly: FlyConfig | None = field(default=None, metadata=ALONE)
    """Fly.io."""
    railway: RailwayConfig | None = field(default=None, metadata=ALONE)
    """Railway."""
    render: RenderConfig | None = field(default=None, metadata=ALONE)
    """Render."""
    github: GithubConfig | None = field(default=None, metadata=ALONE)
    """GitHub Actions."""

    @property
    def chosen(self) -> tuple[str, ...]:
        return tuple(each.name for each in fields(self) if getattr(self, each.name) is not None)


@dataclass(frozen=True, slots=True)
class Described:
    """What can be said for every environment, and for one of them."""

    apps: bool = True
    """Whether the apps run in containers; `false` runs the stores alone, for development beside `pnpm dev`."""
    compose: File | None = None
    """Where the compose file stands: `docker/docker-compose.staging.yml`."""
    env_file: File | None = None
    """The file of values that the stack is started with, kept out of git: `.env`, `.env.staging`."""
    images: ImageTemplate | None = None
    """The name under which images are pulled instead of being built where the stack runs; `{environment}` in it keeps
    those of several apart, and `{name}` is the stack's."""
    publish: Where | Literal[False] | None = None
    """Where services and stores are published unless they say otherwise: `loopback` keeps them on the machine."""
    services: Mapping[ServiceName, ServiceConfig] = field(default_factory=dict)
    """The apps, by name."""
    stores: Mapping[ServiceName, StoreConfig] = field(default_factory=dict)
    """Databases and queues, by name."""
    variables: Mapping[VariableName, VariableConfig] = field(default_factory=dict)
    """Environment variables, by name."""
    proxy: ProxyConfig | None = None
    """The proxy in front of it all."""
    backups: BackupConfig | None = None
    """Backups of the stores."""
    targets: TargetsConfig | None = None
    """The platforms and the CI that files are written for."""


@dataclass(frozen=True, slots=True)
class EnvironmentConfig(Described):
    """What is different in one environment; the rest is as it stands outside of `environments`."""


@dataclass(frozen=True, slots=True)
class Config(Described):
    """`bayplan.yaml`. The file is optional, and so is everything in it but `version`."""

    version: Literal[1] = 1
    """The version of this file's format."""
    name: StackName | None = None
    """The name of the stack: images, networks and volumes begin with it."""
    node: Annotated[int, Between(1, 99)] | None = None
    """The Node.js major to run."""
    platforms: tuple[Platform, ...] = ()
    """The platforms images are made for: `linux/amd64`, `linux/arm64`."""
    environments: Mapping[EnvironmentName, EnvironmentConfig] = field(default_factory=dict)
    """The environments, by name (`staging`), and what is different in each. Production is there without being named
    when no other is, or when anything else stands at the top."""
    places: Mapping[str, At] = field(default_factory=dict, metadata={"internal": True})
    """Where each key stands, by its route (`services.api.port`)."""

    def at(self, *route: str) -> At:
        """Return the place of a key, or of the file when it does not name the key."""
        return self.places.get(".".join(route), At("bayplan.yaml"))
