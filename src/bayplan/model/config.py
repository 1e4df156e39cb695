"""`bayplan.yaml` as types: its JSON Schema and its reference are generated from these, docstrings included."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bayplan.source import At


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """What to change about one service. Everything left out is inferred from the code."""

    package: str | None = None
    """The folder of its package; needed only when the service's name is not the package's."""
    role: Literal["web", "worker", "job"] | None = None
    """`web` answers HTTP, `worker` takes jobs from a queue, `job` runs to its end before the others start."""
    skip: bool = False
    """Leave this app out of the deployment."""
    port: int | None = None
    """The port it listens on inside its container."""
    publish: str | bool | None = None
    """The port of the host that leads to it (`"8080"`, `"127.0.0.1:8080"`), or `false` for none."""
    health: str | None = None
    """The HTTP path that answers 200 when it works."""
    command: str | None = None
    """The command that starts it, as you would type it in its package's folder."""
    build: str | None = None
    """The name of the script that builds it."""
    files: tuple[str, ...] = ()
    """More files or folders of its package that run time needs."""
    writable: tuple[str, ...] = ()
    """Folders of the container it writes to; everything else can be read-only."""
    memory: str | None = None
    """The most memory it may use: `512MB`, `1GB`."""
    cpus: float | None = None
    """The most processors it may use."""
    grace: str | None = None
    """How long it may take to stop: `30s`."""
    budget: str | None = None
    """The largest size of its image: `100MB`. Building a larger one fails."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables with fixed values, for this service only."""


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """What to change about one database or queue."""

    image: str | None = None
    """The image to run, with its tag: `postgres:15-alpine`."""
    skip: bool = False
    """It runs elsewhere: do not deploy it; its address becomes a required variable."""
    memory: str | None = None
    """The most memory it may use: `512MB`, `1GB`."""


@dataclass(frozen=True, slots=True)
class VariableConfig:
    """What is known about one environment variable beyond what the code says."""

    purpose: str | None = None
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
    name: str | None = None
    """The name of the stack: images, networks and volumes begin with it."""
    node: int | None = None
    """The Node.js major to run."""
    platforms: tuple[str, ...] = ()
    """The platforms images are made for: `linux/amd64`, `linux/arm64`."""
    services: Mapping[str, ServiceConfig] = field(default_factory=dict)
    """The apps, by name."""
    stores: Mapping[str, StoreConfig] = field(default_factory=dict)
    """Databases and queues, by name."""
    variables: Mapping[str, VariableConfig] = field(default_factory=dict)
    """Environment variables, by name."""
    places: Mapping[str, At] = field(default_factory=dict, metadata={"internal": True})
    """Where each key stands, by its route (`services.api.port`)."""

    def at(self, *route: str) -> At:
        """Return the place of a key, or of the file when it does not name the key."""
        return self.places.get(".".join(route), At("bayplan.yaml"))
