"""What backups ask of a kind of store. Its commands run in its own container and read its own variables there."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from bayplan.engines.backups.manifest import Contents
from bayplan.run import PipeRunner, Step

QUICK = 120.0

# The job ends with its reader: when `docker exec` is killed, its input ends, and nothing else would end the job.
# The shell waits for both: an orphan would become a child of the container's first process, and PostgreSQL, seeing a
# child that it does not know end by a signal, restarts all of its sessions.
TIED = 'exec 3<&0; "$@" </dev/null & job=$!; { read -r _ <&3; kill $job; } >/dev/null 2>&1 & watch=$!; '
TIED += "wait $job; code=$?; kill $watch; wait $watch; exit $code"


@dataclass(frozen=True, slots=True)
class Inside:
    """A container, and how a shell in it finds the store: `prelude` sets what its programs read."""

    container: str
    runner: PipeRunner
    prelude: str = ""

    def step(
        self, argv: Sequence[str], purpose: str, *, stdin: str | None = None, timeout: float | None = None
    ) -> Step:
        return self.shell('exec "$@"', argv, purpose, stdin=stdin, timeout=timeout)

    def tied(self, argv: Sequence[str], purpose: str) -> Step:
        """Run something long that must not outlive its reader."""
        return self.shell(TIED, argv, purpose)

    def shell(
        self,
        script: str,
        argv: Sequence[str],
        purpose: str,
        *,
        stdin: str | None = None,
        timeout: float | None = None,
    ) -> Step:
        """Run a script of the container's shell; the words of `argv` are its parameters."""
        words = ("docker", "exec", "--interactive", self.container, "sh", "-c", self.prelude + script, "sh", *argv)
        return Step(words, purpose, stdin=stdin, timeout=timeout)


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump that can begin. `contents` is asked for when all of it was read, and is of the same moment."""

    steps: tuple[Step, ...]
    contents: Callable[[], Contents]
    look: Callable[[bytes], None] = lambda _: None
    """Shown each piece of the dump."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """How a throw-away server of a kind is started: its variables, and its command where it is not the image's."""

    variables: tuple[tuple[str, str], ...]
    command: tuple[str, ...] = ()


class Family(Protocol):
    """One way to dump, load and compare."""

    @property
    def is_beside(self) -> bool:
        """Whether a dump can be loaded in the running server, beside what is there; else it is loaded in another."""
        ...

    def inside(self, container: str, runner: PipeRunner) -> Inside: ...

    def version(self, inside: Inside) -> str: ...

    def dumping(self, inside: Inside) -> AbstractContextManager[Dump]: ...

    def scratch(self, wanted: Contents) -> Scratch: ...

    def is_up(self, inside: Inside) -> Step:
        """Ask whether a throw-away server takes connections."""
        ...

    def load(self, inside: Inside, wanted: Contents, chunks: Iterable[bytes], target: str) -> Contents:
        """Load a dump beside what is there, under a name of its own; returns what is in it then."""
        ...

    def discard(self, inside: Inside, target: str) -> None:
        """Remove what was loaded."""
        ...

    def refuse(self, inside: Inside, wanted: Contents) -> None:
        """Raise when there is no room for it."""
        ...

    def aside(self, inside: Inside, moment: str) -> str:
        """Return the name under which what is there now stays."""
        ...

    def swap(self, inside: Inside, target: str, old: str) -> tuple[str, ...]:
        """Put what was loaded in the place of what is there, which stays under the name `old`.

        Returns how to go back, and how to be rid of it.
        """
        ...
