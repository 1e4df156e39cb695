import signal
import sys
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from bayplan.errors import CommandFailedError, MissingToolError
from bayplan.run import Local, Step, shown


def python(code: str, timeout: float | None = None) -> Step:
    return Step((sys.executable, "-c", code), "run Python", timeout=timeout)


def test_lines_come_as_they_are_printed() -> None:
    lines: list[str] = []
    assert Local().stream(python("print('a'); print('b')"), lines.append) == 0
    assert lines == ["a", "b"]


def test_a_program_that_is_not_there_is_a_missing_tool() -> None:
    with pytest.raises(MissingToolError, match="is needed to look"):
        Local().run(Step(("no-such-program",), "look"))


@pytest.mark.parametrize("way", ["run", "stream"])
def test_a_program_that_takes_too_long_is_ended(way: str) -> None:
    began = monotonic()
    step = python("import time; time.sleep(60)", timeout=0.3)
    with pytest.raises(CommandFailedError, match="within"):
        Local().run(step) if way == "run" else Local().stream(step, lambda _: None)
    assert monotonic() - began < 8


def test_bytes_are_read_as_they_are() -> None:
    with Local().reading(python("import sys; sys.stdout.buffer.write(bytes(range(256)) * 1000)")) as stream:
        assert stream.read(256) == bytes(range(256))


def test_a_reader_learns_of_a_failure_though_it_read_nothing() -> None:
    failing = python("import sys; print('why', file=sys.stderr); sys.exit(3)")
    with pytest.raises(CommandFailedError) as failure, Local().reading(failing):
        pass
    assert failure.value.output == "why"


def test_an_interrupt_ends_what_another_thread_started(tmp_path: Path) -> None:
    runner = Local()
    ended: list[int] = []
    code = f"open({str(tmp_path / 'on')!r}, 'w').close(); import time; time.sleep(60)"
    thread = Thread(target=lambda: ended.append(runner.stream(python(code), lambda _: None, check=False)))
    thread.start()
    while not (tmp_path / "on").exists():
        sleep(0.02)
    runner.interrupt()
    thread.join(timeout=8)
    assert ended in ([-signal.SIGINT], [1], [130])


def test_an_argv_is_shown_as_it_would_be_typed() -> None:
    assert shown(("docker", "build", "--file=a b/$x")) == "docker build '--file=a b/$x'"
