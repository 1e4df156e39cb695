"""What runs, as its engine describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bound:
    """A port of the host that leads into a container."""

    container: int
    address: str
    port: int
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class Process:
    """A process of a container, as the machine that runs it counts."""

    pid: int
    parent: int
    uid: str
    name: str


@dataclass(frozen=True, slots=True)
class Container:
    """One container, running or ended. `health` is empty where nothing checks it."""

    id: str
    name: str
    service: str
    image: str
    """The id of its image."""
    state: str
    """`created`, `running`, `restarting`, `exited`, `dead`."""
    health: str = ""
    """`starting`, `healthy`, `unhealthy`."""
    exit_code: int = 0
    restarts: int = 0
    pid: int = 0
    started: str = ""
    out_of_memory: bool = False
    health_output: str = ""
    """What the last health check printed."""
    bound: tuple[Bound, ...] = ()
    exposed: tuple[int, ...] = ()
    host_network: bool = False
    read_only: bool = False
    memory: int = 0
    nano_cpus: int = 0
    pids_limit: int = 0
    dropped: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    config_hash: str = ""
    """What compose started it from; the same hash means the same settings."""
    folder: str = ""
    """The folder that compose was in when it made it."""
    networks: Mapping[str, str] = field(default_factory=dict)
    """Its address in each of its networks, by their names."""
    image_name: str = ""
    """What its image was called when it was made."""

    @property
    def sealed(self) -> bool:
        """Whether its processes can never gain privileges, a setuid program's included."""
        return any(option.startswith("no-new-privileges") and "false" not in option for option in self.security)

    @property
    def described(self) -> str:
        """Its state in a few words."""
        if self.state == "running":
            return self.health or "running"
        if self.state == "exited" and self.exit_code == 0:
            return "done"
        killed = ", out of memory" if self.out_of_memory else ""
        again = f", restarted {self.restarts} times" if self.restarts else ""
        return f"{self.state} with code {self.exit_code}{killed}{again}"

    @property
    def settled(self) -> bool:
        """Whether it is what it should become: healthy, running where nothing checks it, or ended without an error."""
        if self.state == "running":
            return self.health in ("", "healthy")
        return self.state == "exited" and self.exit_code == 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a container: `start`, `die`, `healthy`, `unhealthy`. Times are seconds since 1970."""

    time: float
    service: str
    container: str
    action: str
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """An instruction that made an image, and whether it was one of a Dockerfile's."""

    text: str
    size: int = 0
    empty: bool = False


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image of the engine: its layers, the oldest first, and what its configuration shows to whoever has it."""

    id: str
    size: int
    layers: tuple[str, ...]
    environment: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    history: tuple[HistoryLine, ...] = ()
    user: str = ""
