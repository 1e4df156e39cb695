"""A project on a Docker engine: what probes and commands may ask of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import time
from typing import IO

from bayplan.engines import docker, inspection
from bayplan.engines.docker import Project
from bayplan.errors import CommandFailedError, MissingToolError
from bayplan.model.running import BuiltImage, Container, Event, Process
from bayplan.model.secret import Secret, hide
from bayplan.model.stack import Stack
from bayplan.run import Runner, Step

ENGINE_MAJOR = 25
COMPOSE_MAJOR = 2


@dataclass(slots=True)
class DockerEngine:
    """One compose project. Every question asks the engine anew; every text it returns is free of the run's secrets."""

    project: Project
    runner: Runner
    secrets: tuple[Secret, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    """What the operator supplied, by name."""
    made_up: Mapping[str, str] = field(default_factory=dict)
    """What nobody supplied and no file holds: for a command that needs it only to read the compose file."""
    _ahead: float | None = field(default=None, init=False)

    def check(self) -> str:
        """Return the engine's version, or say what is missing."""
        version, compose, _ = (self._version(step) for step in docker.versions())
        if _is_before(version, ENGINE_MAJOR):
            raise MissingToolError(
                f"Docker Engine {version} is too old: it does not know the start_interval of a health check",
                remedy=f"install Docker Engine {ENGINE_MAJOR} or newer",
            )
        if _is_before(compose, COMPOSE_MAJOR):
            raise MissingToolError(f"Docker compose {compose} is too old", remedy="install compose 2.20 or newer")
        return version

    def _version(self, step: Step) -> str:
        try:
            return self.runner.run(step).stdout.strip()
        except CommandFailedError as error:
            reason = error.output.strip().splitlines()[-1:] or [error.message]
            remedy = "start Docker, or let this user use it"
            if step.argv[1] in ("compose", "buildx"):
                remedy = f"install Docker's {step.argv[1]} plugin (docker-{step.argv[1]}-plugin)"
            raise MissingToolError(f"could not {step.purpose}: {reason[0]}", remedy=remedy) from error

    def containers(self) -> tuple[Container, ...]:
        """Return the project's containers; one that vanishes meanwhile is left out."""
        ids = self.runner.run(docker.containers(self.project)).stdout.split()
        if not ids:
            return ()
        found = self.runner.run(docker.inspect("container", ids), check=False)
        return inspection.read_containers(found.stdout)

    def image(self, name: str) -> BuiltImage | None:
        """Return an image, or None where the engine has none of that name."""
        found = self.runner.run(docker.inspect("image", [name]), check=False)
        if found.code:
            return None
        return inspection.read_image(found.stdout, self.runner.run(docker.history(name)).stdout)

    @contextmanager
    def saved(self, name: str) -> Iterator[IO[bytes]]:
        """Open an image as the tar archive `docker save` makes."""
        with self.runner.reading(docker.save(name)) as stream:
            yield stream

    def now(self) -> float:
        """Return the engine's time, for it need not run on this machine."""
        if self._ahead is None:
            text = self.runner.run(docker.clock()).stdout.strip()
            try:
                self._ahead = datetime.fromisoformat(f"{text[:26].rstrip('Z')}+00:00").timestamp() - time()
            except ValueError:
                self._ahead = 0.0
        return time() + self._ahead

    def events(self, since: float) -> tuple[Event, ...]:
        return inspection.read_events(self.runner.run(docker.events(self.project, since, self.now())).stdout)

    def processes(self, container: Container) -> tuple[Process, ...]:
        """Return the container's main process and what it started, without the health checks that run beside it."""
        found = inspection.read_processes(self.runner.run(docker.top(container.id), check=False).stdout)
        family = {container.pid}
        while more := {one.pid for one in found if one.parent in family} - family:
            family |= more
        return tuple(one for one in found if one.pid in family)

    def logs(self, container: Container, lines: int | None = None, since: str = "") -> str:
        done = self.runner.run(docker.logs(container.id, lines, since), check=False)
        return hide(done.stdout + done.stderr, self.secrets)

    def execute(self, container: Container, argv: Sequence[str], stdin: str, timeout: float = 60) -> tuple[int, str]:
        """Run a program in a container with a text as its input; returns its exit code and what it printed."""
        done = self.runner.run(docker.execute(container.id, argv, stdin, timeout), check=False)
        return done.code, hide(done.stdout if done.stdout.strip() else done.stderr, self.secrets)

    def elsewhere(self, image: str, network: str, argv: Sequence[str], timeout: float = 60) -> tuple[int, str]:
        """Run a program of an image in a container of its own; returns its exit code and what it printed."""
        done = self.runner.run(docker.once(image, network, argv, timeout), check=False)
        return done.code, hide(done.stdout if done.stdout.strip() else done.stderr, self.secrets)

    def stop(self, container: Container, seconds: int) -> None:
        self.runner.run(docker.stop(container.id, seconds))

    def ended(self, container: Container) -> int:
        """Wait until a container ends, and return its exit code."""
        said = self.runner.run(docker.wait(container.id)).stdout.strip()
        return int(said) if said.isdecimal() else 1

    def start(self, container: Container) -> None:
        self.runner.run(docker.start(container.id))

    def restart(self, container: Container, seconds: int) -> None:
        self.runner.run(docker.restart(container.id, seconds))

    def down(self, *, volumes: bool) -> None:
        self.runner.run(docker.down(self.project, self.made_up, volumes=volumes))

    def left(self) -> tuple[str, ...]:
        """Name everything that exists of the project."""
        kinds = ("container", "network", "volume")
        listings = (self.runner.run(step).stdout.split() for step in docker.left(self.project))
        return tuple(f"{kind} {name}" for kind, names in zip(kinds, listings, strict=True) for name in names)

    def volumes(self) -> frozenset[str]:
        return frozenset(self.runner.run(docker.volumes(self.project)).stdout.split())

    def remove(self, containers: Sequence[Container]) -> None:
        if containers:
            self.runner.run(docker.remove_containers([each.id for each in containers]))

    def remove_images(self, names: Sequence[str]) -> None:
        if names:
            self.runner.run(docker.remove_images(names))

    def image_id(self, name: str) -> str:
        """Return the id of an image; empty where the engine has none of that name."""
        found = self.runner.run(docker.image_id(name), check=False)
        return "" if found.code else found.stdout.strip()

    def tag(self, image: str, name: str) -> None:
        self.runner.run(docker.tag(image, name))

    def image_names(self, stack: Stack) -> dict[str, str]:
        """Return the name of the image that each part of a stack runs in, whoever makes it."""
        names = {service.name: docker.image_name(stack, service, self.values) for service in stack.services}
        names |= {store.name: store.image.value for store in stack.stores}
        if stack.proxy is not None:
            own = next((each for each in stack.built if each.name == stack.proxy.name), None)
            names[stack.proxy.name] = docker.image_name(stack, own, self.values) if own else stack.proxy.base.value
        return names

    def settings(self, overrides: Sequence[str] = ()) -> str:
        """Return the compose file as JSON, with every value filled in: it holds secrets."""
        return self.runner.run(docker.settings(self.project, overrides)).stdout

    def start_again(self, settings: str, services: Sequence[str] = ()) -> None:
        self.runner.run(docker.up_again(self.project, settings, services))

    def config_hashes(self) -> dict[str, str]:
        """Return compose's own hash of each service's settings."""
        lines = self.runner.run(docker.config_hashes(self.project)).stdout.splitlines()
        return {words[0]: words[1] for words in (line.split() for line in lines) if len(words) > 1}


def _is_before(version: str, wanted: int) -> bool:
    major = version.lstrip("v").split(".")[0]
    return major.isdigit() and int(major) < wanted
