"""The recipe of one image: stages, and a few kinds of step."""

import posixpath
from dataclasses import dataclass

from bayplan.source import Why


@dataclass(frozen=True, slots=True)
class Copy:
    sources: tuple[str, ...]
    target: str
    why: Why
    stage: str | None = None
    """The stage to copy from; None for the build context."""
    whole: bool = False
    """Whether its sources are folders, with everything in them."""


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder that outlives the build, shared between builds that name the same id."""

    id: str
    target: str
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Commands that run one after the other; each is one line of shell text that bayplan wrote, never a user's text."""

    commands: tuple[str, ...]
    why: Why
    caches: tuple[Cache, ...] = ()
    needs_network: bool = True
    secrets: tuple[str, ...] = ()
    """Secrets of the build, which only these commands can read, at `/run/secrets/<name>`."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A build argument: public, and part of the layer's history."""

    name: str
    why: Why
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    values: tuple[tuple[str, str], ...]
    why: Why


@dataclass(frozen=True, slots=True)
class Workdir:
    path: str
    why: Why


@dataclass(frozen=True, slots=True)
class User:
    name: str
    why: Why


@dataclass(frozen=True, slots=True)
class Expose:
    port: int
    why: Why


@dataclass(frozen=True, slots=True)
class Healthcheck:
    argv: tuple[str, ...]
    why: Why
    interval: int = 30
    timeout: int = 5
    start_period: int = 60
    start_interval: int = 1
    retries: int = 3


@dataclass(frozen=True, slots=True)
class Command:
    argv: tuple[str, ...]
    why: Why


Step = Copy | Run | Argument | Environment | Workdir | User | Expose | Healthcheck | Command


@dataclass(frozen=True, slots=True)
class Stage:
    """`base` is an image or an earlier stage; `native` stages run on the builder's platform whatever the target is."""

    name: str
    base: str
    steps: tuple[Step, ...]
    why: Why
    native: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """A recipe, the file that holds it and the folder it is built from, both relative to the root."""

    dockerfile: str
    context: str
    stages: tuple[Stage, ...]
    scripts: tuple[tuple[str, str], ...] = ()
    """Scripts that are written beside the recipe for a stage to copy: path from the root, text."""
    release: str = ""
    """The path in it of the script that prepares a new version; empty where one command in its folder does."""

    @property
    def sources(self) -> tuple[tuple[str, bool], ...]:
        """Every path of the repository that its build reads, and whether it is a folder with all that is in it."""
        steps = [step for stage in self.stages for step in stage.steps]
        copies = [step for step in steps if isinstance(step, Copy) and step.stage is None]
        copied = {self._from_root(source): each.whole for each in copies for source in each.sources}
        own = (self.dockerfile, self._from_root(".dockerignore"), *(path for path, _ in self.scripts))
        return tuple({**copied, **dict.fromkeys(own, False)}.items())

    def _from_root(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.context, path))

    @property
    def workdir(self) -> str:
        """The folder that its command runs in."""
        return next((step.path for step in reversed(self.stages[-1].steps) if isinstance(step, Workdir)), "/")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that its build reads."""
        runs = [step for stage in self.stages for step in stage.steps if isinstance(step, Run)]
        return tuple(sorted({name for run in runs for name in run.secrets}))
