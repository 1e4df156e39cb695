"""What a probe is given: the plan, the engine that runs it, and what was seen while it started."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from bayplan.model.evidence import Evidence, Status
from bayplan.model.front import Proxy
from bayplan.model.image import Image
from bayplan.model.parts import Need
from bayplan.model.running import BuiltImage, Container, Event, Process
from bayplan.model.secret import Secret
from bayplan.model.stack import Service, Stack, Store
from bayplan.model.workspace import Workspace
from bayplan.probes.archive import Contents, read_archive

Part = Service | Store | Proxy
MOST_AT_A_TIME = 2
"""Images that are read at a time: each is unpacked on the way."""


class Engine(Protocol):
    """What probes ask of an engine."""

    def containers(self) -> tuple[Container, ...]: ...

    def image(self, name: str) -> BuiltImage | None: ...

    def saved(self, name: str) -> AbstractContextManager[IO[bytes]]: ...

    def processes(self, container: Container) -> tuple[Process, ...]: ...

    def logs(self, container: Container, lines: int | None = None, since: str = "") -> str: ...

    def execute(
        self, container: Container, argv: Sequence[str], stdin: str, timeout: float = 60
    ) -> tuple[int, str]: ...

    def elsewhere(self, image: str, network: str, argv: Sequence[str], timeout: float = 60) -> tuple[int, str]: ...

    def stop(self, container: Container, seconds: int) -> None: ...


Start = Callable[[str], tuple[Event, ...]]
"""Starts what does not run, with a compose override's text laid over the file, waits until all is healthy,
and returns what happened meanwhile."""


@dataclass(slots=True)
class Subject:
    """A stack that runs, and what is known about it. Probes change nothing but `events`, when they start it again."""

    stack: Stack
    workspace: Workspace
    engine: Engine
    images: Mapping[str, str]
    """The image of each part that has one of ours."""
    start: Start
    secrets: tuple[Secret, ...] = ()
    events: tuple[Event, ...] = ()
    """What happened when the stack last started; empty when nobody watched."""
    payloads: Mapping[str, str] = field(default_factory=dict)
    """A job for each worker, as JSON; without one an empty job is queued."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What the operator supplied, by name."""
    root: Path = field(default_factory=Path)
    """The folder of the repository."""
    _contents: dict[str, Contents] = field(default_factory=dict, init=False)

    def containers(self) -> dict[str, Container]:
        """Return the containers by service, as they are now; of several that do the same, the one that is worst off."""
        found = sorted(self.engine.containers(), key=lambda container: not container.settled)
        return {container.service: container for container in found}

    def contents(self, image: str) -> Contents:
        """Return what an image's layers hold; each image is read once."""
        if image not in self._contents:
            with self.engine.saved(image) as stream:
                self._contents[image] = read_archive(stream, tuple(secret.reveal() for secret in self.secrets))
        return self._contents[image]

    def read_ahead(self, images: Sequence[str]) -> None:
        """Read several images at the same time, for half of it is waiting for the engine."""
        with ThreadPoolExecutor(MOST_AT_A_TIME) as pool:
            for _ in pool.map(self.contents, images):
                pass

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything that runs: stores, services, and the proxy in front of them."""
        return (*self.stack.stores, *self.stack.services, *((self.stack.proxy,) if self.stack.proxy else ()))

    @property
    def built(self) -> tuple[Service | Proxy, ...]:
        """The parts with an image of their own."""
        names = {own.name for own in self.stack.built}
        return tuple(part for part in self.parts if not isinstance(part, Store) and part.name in names)


def ends(part: Part) -> bool:
    """Say whether it runs to its end instead of staying."""
    return isinstance(part, Service) and part.ends


def needs(part: Part) -> tuple[Need, ...]:
    return () if isinstance(part, Store) else part.needs


def recipe(part: Service | Proxy) -> Image:
    """Return how an image of ours is made."""
    if part.image is None:
        raise ValueError(part.name)
    return part.image


def judged(probe: str, subject: str, claim: str, measured: str, *, holds: bool, seconds: float = 0.0) -> Evidence:
    """Return evidence that proves its claim, or refutes it."""
    return Evidence(probe, subject, claim, Status.PROVED if holds else Status.FAILED, measured, seconds)


def skipped(probe: str, subject: str, claim: str, reason: str) -> Evidence:
    return Evidence(probe, subject, claim, Status.SKIPPED, reason)
