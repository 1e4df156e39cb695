"""What backups ask of a kind of store. The commands of each run in its own container and read its own variables there."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from bayplan.engines.backups.manifest import Contents
from bayplan.run import PipeRunner, Step

QUICK = 120.0

# The job ends with its reader: when `docker exec` is gone, so is its input, and the container would keep the job running.
TIED = 'exec 3<&0; "$@" </dev/null & job=$!; { read -r _ <&3; kill $job; } >/dev/null 2>&1 & w=$!; '
TIED += "wait $job; code=$?; kill $w 2>/dev/null; exit $code"


@dataclass(frozen=True, slots=True)
class Inside:
    """A container, and how a shell in it finds the store: `prelude` sets what its programs read."""

    container: str
    runner: PipeRunner
    prelude: str = ""

    def step(self, argv: Sequence[str], purpose: str, *, stdin: str | None = None, timeout: float | None = None) -> Step:
        return self._step('exec "$@"', argv, purpose, stdin, timeout)

    def tied(self, argv: Sequence[str], purpose: str) -> Step:
        """Run something long that must not outlive its reader."""
        return self._step(TIED, argv, purpose, None, None)

    def _step(
        self, ending: str, argv: Sequence[str], purpose: str, stdin: str | None, timeout: float | None
    ) -> Step:
        words = ("docker", "exec", "--interactive", self.container, "sh", "-c", self.prelude + ending, "sh", *argv)
        return Step(words, purpose, stdin=stdin, timeout=timeout)


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump that can begin. `contents` is asked for when all of it was read, and is of the same moment."""

    steps: tuple[Step, ...]
    contents: Callable[[], Contents]


class Family(Protocol):
    """One way to dump, load and compare."""

    dump: str
    """What a dump is called, as an ending."""
    scratch: tuple[str, ...]
    """What a throw-away server is told beside its image: variables and options of Docker."""
    server: tuple[str, ...]
    """Its command."""

    def inside(self, container: str, runner: PipeRunner) -> Inside: ...

    def version(self, inside: Inside) -> str: ...

    def dumping(self, inside: Inside) -> AbstractContextManager[Dump]: ...

    def is_up(self, inside: Inside) -> Step:
        """Ask whether a throw-away server takes connections."""
        ...
