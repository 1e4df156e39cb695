"""A container as a platform starts it: what the file of each platform is turned into."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Check:
    """What a platform asks before it sends anybody to a service."""

    path: str
    within: float
    """How many seconds a service has until it must answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    good: Container[int] = range(200, 300)


@dataclass(frozen=True)
class PlatformRun:
    """A container as a platform starts it, whichever platform that is."""

    name: str
    kind: str
    """`web`, `private`, `worker`, `job` or `store`."""
    image: str
    environment: Mapping[str, str]
    hosts: tuple[str, ...] = ()
    """The host names that it has in the private network."""
    entrypoint: tuple[str, ...] | None = None
    """What takes the place of its image's ENTRYPOINT; None where that is kept."""
    argv: tuple[str, ...] | None = None
    """What takes the place of its image's CMD; None where that is kept."""
    init: bool = False
    """Whether the platform's own init is process 1."""
    releases: tuple[tuple[str, ...], ...] = ()
    """What must succeed before, each in a container of its own that is like this one but has no volume."""
    checks: tuple[Check, ...] = ()
    port: int | None = None
    mounts: tuple[str, ...] = ()
    memory_mb: int | None = None
    signal: str = "SIGTERM"
    seconds: float = 30
    """How long it has to end after the signal."""
    public_url: str = ""
