"""A command as a value, and the only code that starts a process."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Protocol

from bayplan.errors import CommandFailedError, MissingToolError


@dataclass(frozen=True, slots=True)
class Step:
    """A command: its argv, what it is for, and what it needs. Nothing in it is ever passed through a shell."""

    argv: tuple[str, ...]
    purpose: str
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    stdin: str | None = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    step: Step
    code: int
    stdout: str
    stderr: str


class Runner(Protocol):
    """Runs steps.

    `run` waits and returns what was printed, and raises when the command fails unless `check` is off;
    `stream` hands each line to `on_line` as it comes; `reading` opens the output as bytes;
    `interrupt` ends everything that is running now, in whichever thread it was started.
    """

    def run(self, step: Step, *, check: bool = True) -> Done: ...

    def stream(self, step: Step, on_line: Callable[[str], None], *, check: bool = True) -> int: ...

    def reading(self, step: Step) -> AbstractContextManager[IO[bytes]]: ...

    def interrupt(self) -> None: ...


class PipeRunner(Runner, Protocol):
    """Runs steps that are connected by pipes, too."""

    def pipeline(
        self, steps: Sequence[Step], *, given: IO[bytes] | None = None, into: IO[bytes] | None = None
    ) -> "AbstractContextManager[Pipeline]": ...


REMEDIES = {"docker": "install Docker Engine with the compose and buildx plugins"}


def _missing(step: Step) -> MissingToolError:
    tool = step.argv[0]
    return MissingToolError(
        f"{tool} is needed to {step.purpose}, and is not on this machine", remedy=REMEDIES.get(tool, f"install {tool}")
    )


def _start(step: Step, *, merged: bool) -> "subprocess.Popen[str]":
    try:
        return subprocess.Popen(
            step.argv,
            cwd=step.folder,
            env={**os.environ, **step.environment},
            stdin=subprocess.PIPE if step.stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise _missing(step) from error


def _start_bytes(
    step: Step,
    errors: IO[bytes],
    stdin: IO[bytes] | int | None = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.PIPE,
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            step.argv,
            cwd=step.folder,
            env={**os.environ, **step.environment},
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise _missing(step) from error


def _end(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> None:
    """End a process and everything it started, kindly first."""
    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, wanted)
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            pass
        return


def _ask_to_end(processes: "Iterable[subprocess.Popen[str] | subprocess.Popen[bytes]]") -> None:
    for process in processes:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)


def _failure(step: Step, code: int, output: str) -> CommandFailedError:
    return CommandFailedError(
        f"`{' '.join(step.argv[:3])}` could not {step.purpose} (exit code {code})",
        output="\n".join(output.rstrip().splitlines()[-40:]),
    )


def _too_slow(step: Step) -> CommandFailedError:
    return CommandFailedError(f"`{' '.join(step.argv[:3])}` did not {step.purpose} within {step.timeout:.0f} s")


@dataclass(slots=True)
class Pipeline:
    """Commands connected by pipes, while they run: what is written goes to the first, what is read is the last's.

    Whoever fails, `write` and `finish` raise its own words, and no reader ever takes half of something for the whole.
    """

    steps: tuple[Step, ...]
    _processes: "tuple[subprocess.Popen[bytes], ...]"
    _errors: tuple[IO[bytes], ...]
    _is_fed: bool = False

    @property
    def output(self) -> IO[bytes]:
        """What the last command prints; nothing where a file takes it."""
        return self._processes[-1].stdout or BytesIO()

    def write(self, data: bytes) -> None:
        self._is_fed = True
        stdin = self._processes[0].stdin
        try:
            if stdin is not None:
                stdin.write(data)
                stdin.flush()
        except BrokenPipeError:
            self._check(ended_early=True)

    def chunks(self, size: int = 1 << 17) -> Iterator[bytes]:
        """Yield what the last command prints, as it comes."""
        output = self.output
        while chunk := output.read(size):
            yield chunk

    def line(self) -> str:
        """Return the next line that the last command prints; empty when there is none."""
        return self.output.readline().decode(errors="replace").rstrip("\n")

    def close(self) -> None:
        """Tell the first command that nothing more comes."""
        stdin = self._processes[0].stdin
        if stdin is not None:
            with suppress(BrokenPipeError):  # its exit code says why it ended
                stdin.close()

    def finish(self) -> None:
        """Wait for all of them, and raise when one has failed. One that only prints keeps its input until then."""
        if self._is_fed:
            self.close()
        for _ in self.chunks():
            pass
        self.close()
        self._check(ended_early=False)

    def _check(self, *, ended_early: bool) -> None:
        for process in self._processes:
            process.wait()
        failed = []
        for step, process, errors in zip(self.steps, self._processes, self._errors, strict=True):
            errors.seek(0)
            failed += [(step, process.returncode, errors.read().decode(errors="replace"))] if process.returncode else []
        if failed:
            alone = [one for one in failed if one[1] != -signal.SIGPIPE and "broken pipe" not in one[2].lower()]
            step, code, _ = (alone or failed)[0]
            raise _failure(step, code, "".join(output for _, _, output in alone or failed))
        if ended_early:
            raise _failure(self.steps[0], 0, "it ended before it had read everything")


@contextmanager
def _deadline(step: Step, process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> Iterator[None]:
    """End the process when its time is over, though something waits for its next line."""
    if step.timeout is None:
        yield
        return
    from threading import Event, Timer

    over = Event()

    def end() -> None:
        over.set()
        _end(process)

    timer = Timer(step.timeout, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if over.is_set():
        raise _too_slow(step)


class Local:
    """Runs steps on this machine, in any thread. An interrupt ends what is running before it goes on up."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str] | subprocess.Popen[bytes]] = set()

    @contextmanager
    def _kept(self, process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> Iterator[None]:
        """Know a process while it runs, and let nothing of it survive what goes wrong here."""
        self._running.add(process)
        try:
            yield
        except BaseException:
            _end(process)
            raise
        finally:
            self._running.discard(process)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with suppress(OSError):  # what it did not read is lost with it
                        pipe.close()

    def interrupt(self) -> None:
        running = tuple(self._running)
        _ask_to_end(running)
        for process in running:
            _end(process)

    @contextmanager
    def pipeline(
        self, steps: Sequence[Step], *, given: IO[bytes] | None = None, into: IO[bytes] | None = None
    ) -> Iterator[Pipeline]:
        """Start commands connected by pipes, from a file or what is written, into a file or what is read.

        Leaving the block waits for all of them; what goes wrong, in it or in one of them, ends them all.
        """
        from tempfile import TemporaryFile

        with ExitStack() as stack:
            processes: list[subprocess.Popen[bytes]] = []
            errors = tuple(stack.enter_context(TemporaryFile()) for _ in steps)
            for position, step in enumerate(steps):
                stdin = processes[-1].stdout if processes else (given or subprocess.PIPE)
                stdout = into if into is not None and position == len(steps) - 1 else subprocess.PIPE
                process = _start_bytes(step, errors[position], stdin, stdout)
                stack.enter_context(self._kept(process))
                stack.enter_context(_deadline(step, process))
                if processes and processes[-1].stdout is not None:
                    processes[-1].stdout.close()  # or the one before would never learn that this one has ended
                processes.append(process)
            pipeline = Pipeline(tuple(steps), tuple(processes), errors)
            try:
                yield pipeline
                pipeline.finish()
            except BaseException:
                _ask_to_end(processes)
                raise

    def run(self, step: Step, *, check: bool = True) -> Done:
        process = _start(step, merged=False)
        with self._kept(process):
            try:
                stdout, stderr = process.communicate(step.stdin, timeout=step.timeout)
            except subprocess.TimeoutExpired as error:
                raise _too_slow(step) from error
        if check and process.returncode:
            raise _failure(step, process.returncode, stderr or stdout)
        return Done(step, process.returncode, stdout, stderr)

    def stream(self, step: Step, on_line: Callable[[str], None], *, check: bool = True) -> int:
        process = _start(step, merged=True)
        last: list[str] = []
        with self._kept(process), _deadline(step, process):
            if step.stdin is not None and process.stdin is not None:
                process.stdin.write(step.stdin)
                process.stdin.close()
            for line in process.stdout or ():
                last = [*last[-59:], line]
                on_line(line.rstrip("\n"))
            process.wait()
        if check and process.returncode:
            raise _failure(step, process.returncode, "".join(last))
        return process.returncode

    @contextmanager
    def reading(self, step: Step) -> Iterator[IO[bytes]]:
        with self.pipeline((step,)) as pipeline:
            yield pipeline.output


def shown(argv: Sequence[str]) -> str:
    """Return an argv as a person would type it."""
    import shlex

    return shlex.join(argv)
