"""Where backups are kept: a folder of the machine, or a remote of rclone's. A backup appears there whole or not."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from bayplan.engines.backups.names import UNFINISHED
from bayplan.errors import BayplanError, UsageError
from bayplan.run import Pipeline, PipeRunner, Step

RCLONE = "rclone:"


class Destination(Protocol):
    def ready(self) -> None:
        """See that backups can be put there, before anything is begun."""
        ...

    def names(self) -> tuple[str, ...]: ...

    def receiving(self, name: str, steps: Sequence[Step]) -> AbstractContextManager[Pipeline]:
        """Keep, under this name, what the steps make of what is written, unless the block fails."""
        ...

    def giving(self, name: str, steps: Sequence[Step]) -> AbstractContextManager[Pipeline]:
        """Read a backup through these steps."""
        ...

    def delete(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine: files that only their owner may read, renamed when they are on the disk for sure."""

    path: Path
    runner: PipeRunner

    def ready(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._refused("made", error) from error
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise BayplanError(f"nothing can be written to {self.path}", remedy="run this as the user it belongs to")

    def names(self) -> tuple[str, ...]:
        try:
            return tuple(sorted(entry.name for entry in os.scandir(self.path) if entry.is_file(follow_symlinks=False)))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._refused("read", error) from error

    @contextmanager
    def receiving(self, name: str, steps: Sequence[Step]) -> Iterator[Pipeline]:
        unfinished = self.path / (name + UNFINISHED)
        try:
            with _new(unfinished) as file:
                with self.runner.pipeline(steps, into=file) as pipeline:
                    yield pipeline
                os.fsync(file.fileno())
            unfinished.rename(self.path / name)
        except OSError as error:
            raise self._refused("written to", error) from error
        finally:
            with suppress(OSError):
                unfinished.unlink()
        _keep(self.path)

    @contextmanager
    def giving(self, name: str, steps: Sequence[Step]) -> Iterator[Pipeline]:
        with open_file(self.path / name) as file, self.runner.pipeline(steps, given=file) as pipeline:
            yield pipeline

    def delete(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    def _refused(self, what: str, error: OSError) -> BayplanError:
        reason = error.strerror or str(error)
        return BayplanError(f"{self.path} cannot be {what}: {reason}", remedy="see to the folder and its disk")


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote of rclone's. What arrives has another name until all of it is there."""

    path: str
    runner: PipeRunner

    def ready(self) -> None:
        self.runner.run(self._step(("mkdir", self.path), "reach where the backups are kept"))

    def names(self) -> tuple[str, ...]:
        listed = self._step(("lsf", "--files-only", self.path), "list the backups")
        return tuple(sorted(self.runner.run(listed).stdout.splitlines()))

    @contextmanager
    def receiving(self, name: str, steps: Sequence[Step]) -> Iterator[Pipeline]:
        unfinished = self._inside(name + UNFINISHED)
        try:
            put = self._step(("rcat", unfinished), "send the backup away")
            with self.runner.pipeline((*steps, put)) as pipeline:
                yield pipeline
            self.runner.run(self._step(("moveto", unfinished, self._inside(name)), "give the backup its name"))
        except BaseException:
            # It may not have got there at all.
            self.runner.run(self._step(("deletefile", unfinished), "remove what was sent"), check=False)
            raise

    @contextmanager
    def giving(self, name: str, steps: Sequence[Step]) -> Iterator[Pipeline]:
        get = self._step(("cat", self._inside(name)), "fetch the backup")
        with self.runner.pipeline((get, *steps)) as pipeline:
            yield pipeline

    def delete(self, name: str) -> None:
        self.runner.run(self._step(("deletefile", self._inside(name)), "delete an old backup"))

    def _inside(self, name: str) -> str:
        return self.path + ("" if self.path.endswith((":", "/")) else "/") + name

    def _step(self, words: Sequence[str], purpose: str) -> Step:
        return Step(("rclone", "--quiet", *words), purpose)


def destination(to: str, runner: PipeRunner) -> Destination:
    if to.startswith(RCLONE):
        return Remote(to.removeprefix(RCLONE), runner)
    return Folder(Path(to), runner)


def open_file(path: Path) -> IO[bytes]:
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", remedy="name the file of a backup") from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise UsageError(f"{path} is not a file", remedy="name the file of a backup: it is read twice")
    return file


def _new(path: Path) -> IO[bytes]:
    """Open a file that only its owner may read; one that an earlier run left goes."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def _keep(folder: Path) -> None:
    """See that the folder's own list of names is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
