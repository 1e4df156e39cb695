"""Commands connected by pipes: what one of them fails at is said, and no half of anything passes for the whole."""

import signal
import sys
from pathlib import Path
from time import monotonic

import pytest

from bayplan.errors import CommandFailedError, MissingToolError
from bayplan.run import Local, Step


def python(code: str, purpose: str = "run Python") -> Step:
    return Step((sys.executable, "-c", code), purpose)


COPY = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
UPPER = "import sys; sys.stdout.write(sys.stdin.read().upper())"
FOREVER = "import time; time.sleep(600)"


def test_what_is_written_goes_through_all_of_them() -> None:
    with Local().pipeline((python(COPY), python(UPPER), python(COPY))) as pipeline:
        pipeline.write(b"a" * 1000)
        pipeline.close()
        assert b"".join(pipeline.chunks()) == b"A" * 1000


def test_a_file_can_stand_at_both_ends(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(bytes(range(256)) * 5000)
    steps = (python(COPY), python(COPY))
    with (
        (tmp_path / "in").open("rb") as given,
        (tmp_path / "out").open("wb") as into,
        Local().pipeline(steps, given=given, into=into),
    ):
        pass
    assert (tmp_path / "out").read_bytes() == bytes(range(256)) * 5000


def test_it_can_be_talked_with() -> None:
    echo = "import sys\nfor line in sys.stdin: print(line.strip() + '!', flush=True)"
    with Local().pipeline((python(echo),)) as pipeline:
        pipeline.write(b"one\n")
        assert pipeline.line() == "one!"
        pipeline.write(b"two\n")
        assert pipeline.line() == "two!"
        pipeline.close()
        assert pipeline.line() == ""


def test_a_command_that_only_prints_keeps_its_input_until_its_output_ends() -> None:
    watch = "import os, sys, threading, time\ndef ended(): sys.stdin.read(); os._exit(9)\n"
    watch += (
        "threading.Thread(target=ended, daemon=True).start(); time.sleep(0.5); print('all', flush=True); os._exit(0)"
    )
    with Local().pipeline((python(watch),)) as one:
        assert b"".join(one.chunks()) == b"all\n"


def flood(*steps: Step) -> None:
    """Write more than any pipe holds."""
    with Local().pipeline(steps) as pipeline:
        for _ in range(100):
            pipeline.write(b"x" * 65536)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_whoever_fails_is_named_with_its_own_words(position: int) -> None:
    steps = [python(COPY), python(COPY), python(COPY)]
    steps[position] = python(
        "import sys; sys.stdin.read(5); print('my own words', file=sys.stderr); sys.exit(3)", "do mine"
    )
    with pytest.raises(CommandFailedError, match="could not do mine") as failure:
        flood(*steps)
    assert failure.value.output == "my own words"


def test_one_that_ends_before_it_read_all_fails_though_its_exit_code_is_0() -> None:
    with pytest.raises(CommandFailedError) as failure:
        flood(python("pass"))
    assert "before it had read everything" in failure.value.output


def test_a_reader_that_stops_early_still_learns_of_the_failure() -> None:
    failing = python("import sys; print('half'); sys.exit(3)")
    with pytest.raises(CommandFailedError), Local().pipeline((failing,)) as pipeline:
        pipeline.line()


def _stumble(runner: Local, outer: tuple[Step, ...], inner: Step) -> None:
    with runner.pipeline(outer), runner.pipeline((inner,)) as pipeline:
        pipeline.line()
        raise KeyError


def test_an_exception_ends_all_of_them_at_once(tmp_path: Path) -> None:
    began = monotonic()
    mark = f"open({str(tmp_path / 'ended')!r}, 'a').write('x')"
    tidy = (
        f"import signal, sys\nsignal.signal(signal.SIGINT, lambda *_: ({mark}, sys.exit(1)))\nprint('up', flush=True)\n"
    )
    waiting = python(tidy + "signal.pause()")
    with pytest.raises(KeyError):
        _stumble(Local(), (waiting, python(COPY), python(FOREVER)), waiting)
    assert monotonic() - began < 8
    assert (tmp_path / "ended").read_text().startswith("x")


def test_a_missing_program_ends_those_before_it() -> None:
    began = monotonic()
    runner = Local()
    with pytest.raises(MissingToolError), runner.pipeline((python(FOREVER), Step(("no-such-program",), "look"))):
        pass
    assert monotonic() - began < 8
    assert not runner._running


def test_an_interrupt_ends_a_pipeline_as_a_whole() -> None:
    runner = Local()
    with pytest.raises(CommandFailedError), runner.pipeline((python(FOREVER), python(COPY))):
        runner.interrupt()
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
