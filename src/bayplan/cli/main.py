"""From a command line to an exit code."""

import atexit
import gc
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bayplan.cli.parser import parse
from bayplan.errors import BayplanError, UsageError

INTERRUPTED = 130
NOBODY_LISTENS = 141
SELDOM = 200_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run bayplan and return its exit code; the only place where an exception becomes one."""
    _prepare_streams()
    _keep_garbage()
    arguments = Namespace(directory=Path(), verbose=False)
    try:
        arguments = _understood(argv)
        code: int = import_module(arguments.module).run(arguments)
        sys.stdout.flush()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED
    except BayplanError as error:
        from bayplan.cli.failure import explain

        return explain(error, arguments.directory, verbose=arguments.verbose)
    except OSError as error:
        return _refused(error, verbose=arguments.verbose)
    except Exception as error:  # noqa: BLE001 - the last place before the interpreter's own
        from bayplan.cli.failure import confess

        return confess(error)
    return code


def _prepare_streams() -> None:
    """Make every text printable in any locale; a stream that was closed swallows what is printed."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open to the end
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _keep_garbage() -> None:
    """Look for garbage seldom and not at the end: almost everything that is read is kept until then."""
    gc.set_threshold(SELDOM)
    atexit.register(gc.freeze)


def _refused(error: OSError, *, verbose: bool) -> int:
    try:
        sys.stdout.flush()
    except OSError:  # Python flushes once more at its end, which must not fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return NOBODY_LISTENS
    from bayplan.cli.failure import explain

    where = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, str | bytes) else ""
    remedy = "see to it (a full disk, permissions, a file that is gone?), then run this again"
    refusal = BayplanError(f"the system refused something: {error.strerror or error}{where}", remedy=remedy)
    refusal.__cause__ = error
    return explain(refusal, Path(), verbose=verbose)


def _understood(argv: Sequence[str] | None) -> Namespace:
    arguments = parse(sys.argv[1:] if argv is None else argv)
    colour = {"always": "FORCE_COLOR", "never": "NO_COLOR"}.get(arguments.color)
    if colour:  # read by terminal.py, and by rich
        os.environ.pop("NO_COLOR", None)
        os.environ.pop("FORCE_COLOR", None)
        os.environ[colour] = "1"
    arguments.directory /= getattr(arguments, "folder", None) or ""
    if not arguments.directory.is_absolute() and not _is_somewhere():
        raise UsageError("the current folder is gone", remedy="change to a folder that is there, or name one with -C")
    if not arguments.directory.is_dir():
        raise UsageError(f"{arguments.directory} is not a folder", remedy="name the folder that holds the repository")
    return arguments


def _is_somewhere() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True
