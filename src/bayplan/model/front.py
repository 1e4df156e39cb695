"""What the world reaches: host names, certificates, and what answers."""

from dataclasses import dataclass
from enum import StrEnum

from bayplan.model.image import Image
from bayplan.model.parts import Asked, Binding, Health, Limits, Mount, Need, Value, Variable
from bayplan.source import Fact, Why


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
