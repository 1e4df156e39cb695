"""What services, stores and the proxy are made of: values, ports, checks, limits."""

from dataclasses import dataclass
from enum import StrEnum

from bayplan.source import At, Why

TEMPORARY = "/tmp"  # noqa: S108 - a path inside the container

NODE_UID = 1000
"""The number of the user `node` in every image of Node.js."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value that is the same everywhere and may stand in a file."""

    text: str
    reaches: str = ""
    """The service or store whose host name inside the stack this is: elsewhere it has another one."""


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


def parts_of(value: Value) -> tuple[Given | Asked, ...]:
    """Return what a value is made of."""
    return value.parts if isinstance(value, Composed) else (value,)


def fixed(value: Value) -> str | None:
    """Return a value that nobody is asked for any part of."""
    parts = parts_of(value)
    given = [part.text for part in parts if isinstance(part, Given)]
    return "".join(given) if len(given) == len(parts) else None


class Part(StrEnum):
    """What of a service or store a variable tells."""

    URL = "url"
    HOST = "host"
    PORT = "port"
    USER = "user"
    PASSWORD = "password"  # noqa: S105 - the name of a part
    DATABASE = "database"
    OTHER = "other"
    BROWSERS = "browsers"
    """The address under which browsers reach it."""


@dataclass(frozen=True, slots=True)
class Link:
    """Which service or store a variable leads to, and what of it the variable tells."""

    to: str
    part: Part
    path: str = ""
    """What stands behind an address: `/api`."""


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
    leads_to: Link | None = None


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
class Note:
    """Something the user should know that is no mistake of the repository: a guess, a limit, an end of life."""

    about: str
    text: str
    at: At | None = None
