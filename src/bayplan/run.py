"""A command as a value, and the only code that starts a process."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

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
    `stream` hands each line to `on_line` as it comes.
    """

    def run(self, step: Step, *, check: bool = True) -> Done: ...

    def stream(self, step: Step, on_line: Callable[[str], None], *, check: bool = True) -> int: ...


REMEDIES = {"docker": "install Docker Engine with the compose and buildx plugins"}


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
        tool = step.argv[0]
        raise MissingToolError(
            f"{tool} is needed to {step.purpose}, and is not on this machine",
            remedy=REMEDIES.get(tool, f"install {tool}"),
        ) from error


def _end(process: "subprocess.Popen[str]") -> None:
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


def _failure(step: Step, code: int, output: str) -> CommandFailedError:
    return CommandFailedError(
        f"`{' '.join(step.argv[:3])}` could not {step.purpose} (exit code {code})",
        output="\n".join(output.rstrip().splitlines()[-40:]),
    )


class Local:
    """Runs steps on this machine. An interrupt ends what is running before it goes on up."""

    def run(self, step: Step, *, check: bool = True) -> Done:
        process = _start(step, merged=False)
        try:
            stdout, stderr = process.communicate(step.stdin, timeout=step.timeout)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise CommandFailedError(
                f"`{' '.join(step.argv[:3])}` did not {step.purpose} within {step.timeout:.0f} s"
            ) from error
        except BaseException:
            _end(process)
            raise
        if check and process.returncode:
            raise _failure(step, process.returncode, stderr or stdout)
        return Done(step, process.returncode, stdout, stderr)

    def stream(self, step: Step, on_line: Callable[[str], None], *, check: bool = True) -> int:
        process = _start(step, merged=True)
        last: list[str] = []
        try:
            if step.stdin is not None and process.stdin is not None:
                process.stdin.write(step.stdin)
                process.stdin.close()
            for line in process.stdout or ():
                last = [*last[-59:], line]
                on_line(line.rstrip("\n"))
            process.wait()
        except BaseException:
            _end(process)
            raise
        if check and process.returncode:
            raise _failure(step, process.returncode, "".join(last))
        return process.returncode


def shown(argv: Sequence[str]) -> str:
    """Return an argv as a person would type it."""
    import shlex

    return shlex.join(argv)
