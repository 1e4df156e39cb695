"""`bayplan.yaml` as types: its JSON Schema and its reference are generated from these, docstrings included."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
BYTE = r"(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
INSIDE = r"(?!\.\.?/)(?!.*/\.\./)(?!.*/\.\.$)(?!\.\.$)"

Port = Annotated[int, Between(1, 65535)]
Size = Annotated[str, Form(r"^[1-9][0-9]*(\.[0-9]+)? ?(MB|GB)$", "a size such as `512MB` or `1GB`")]
Duration = Annotated[str, Form(r"^[1-9][0-9]*(s|m)$", "a duration such as `30s` or `2m`")]
Publish = Annotated[
    str,
    Form(
        rf"^(({BYTE}\.){{3}}{BYTE}:|\[[0-9A-Fa-f:.]+\]:)?{PORT_NUMBER}$",
        'a port such as `"8080"` or `"127.0.0.1:8080"`',
    ),
]
Route = Annotated[str, Form(r"^/[^\s?#]*$", "a path such as `/api/health`")]
Folder = Annotated[str, Form(rf"^{INSIDE}[^/\s]([^\n]*[^\s])?$", "a path inside the repository such as `apps/api`")]
Inside = Annotated[str, Form(rf"^{INSIDE}[^/\s]([^\n]*[^\s])?$", "a path inside the package such as `templates`")]
Absolute = Annotated[str, Form(r"^/([^\s:]*[^\s:/])?$", "a path of the container such as `/app/uploads`")]
Script = Annotated[str, Form(r"^\S+$", "the name of a script such as `build`")]
Line = Annotated[str, Form(r"^[^\n]*[^\s][^\n]*$", "one line of text")]
ImageName = Annotated[str, Form(r"^[a-z0-9][a-zA-Z0-9._/:@-]*$", "an image with its tag such as `postgres:15-alpine`")]
StackName = Annotated[str, Form(r"^[a-z0-9][a-z0-9_-]*$", "lower-case letters, digits, `-` and `_`")]
ServiceName = Annotated[str, Form(r"^@?[A-Za-z0-9][A-Za-z0-9._/-]*$", "letters, digits, `-`, `_` and `.`")]
VariableName = Annotated[str, Form(r"^[A-Za-z_][A-Za-z0-9_]*$", "letters, digits and `_`, no digit first")]
Platform = Annotated[str, Form(r"^linux/[a-z0-9]+(/v[0-9]+)?$", "a platform such as `linux/amd64`")]


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """What to change about one service. Everything left out is inferred from the code."""

    package: Folder | None = None
    """The folder of its package; needed only when the service's name is not the package's."""
    role: Literal["web", "worker", "job"] | None = None
    """`web` answers HTTP, `worker` takes jobs from a queue, `job` runs to its end before the others start."""
    skip: bool = False
    """Leave this app out of the deployment."""
    port: Port | None = None
    """The port it listens on inside its container."""
    publish: Publish | Literal[False] | None = None
    """The port of the host that leads to it (`"8080"`, `"127.0.0.1:8080"`), or `false` for none."""
    health: Route | None = None
    """The HTTP path that answers 200 when it works."""
    command: Line | None = None
    """The command that starts it, as you would type it in its package's folder."""
    build: Script | None = None
    """The name of the script that builds it."""
    files: tuple[Inside, ...] = ()
    """More files or folders of its package that run time needs."""
    writable: tuple[Absolute, ...] = ()
    """Folders of the container it writes to, in memory and empty again after a restart; the rest is read-only."""
    memory: Size | None = None
    """The most memory it may use: `512MB`, `1GB`."""
    cpus: Annotated[float, Between(0.01, 1024)] | None = None
    """The most processors it may use."""
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
    memory: Size | None = None
    """The most memory it may use: `512MB`, `1GB`."""


@dataclass(frozen=True, slots=True)
class VariableConfig:
    """What is known about one environment variable beyond what the code says."""

    purpose: Line | None = None
    """What it is for, in one line."""
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
class Config:
    """`bayplan.yaml`. The file is optional, and so is everything in it but `version`."""

    version: Literal[1] = 1
    """The version of this file's format."""
    name: StackName | None = None
    """The name of the stack: images, networks and volumes begin with it."""
    node: Annotated[int, Between(1, 99)] | None = None
    """The Node.js major to run."""
    platforms: tuple[Platform, ...] = ()
    """The platforms images are made for: `linux/amd64`, `linux/arm64`."""
    services: Mapping[ServiceName, ServiceConfig] = field(default_factory=dict)
    """The apps, by name."""
    stores: Mapping[ServiceName, StoreConfig] = field(default_factory=dict)
    """Databases and queues, by name."""
    variables: Mapping[VariableName, VariableConfig] = field(default_factory=dict)
    """Environment variables, by name."""
    places: Mapping[str, At] = field(default_factory=dict, metadata={"internal": True})
    """Where each key stands, by its route (`services.api.port`)."""

    def at(self, *route: str) -> At:
        """Return the place of a key, or of the file when it does not name the key."""
        return self.places.get(".".join(route), At("bayplan.yaml"))
