"""A real env file on this machine: read without trusting it, made and added to without ever showing it to anyone."""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from secrets import token_hex

from bayplan.engines import folder
from bayplan.errors import BayplanError, TryAgainError, UsageError
from bayplan.formats import dotenv
from bayplan.model.deployment import EnvFile
from bayplan.run import Runner, Step

PRIVATE = 0o600
LARGEST = 1024 * 1024
MOST = 5000
"""More variables than that have come from somewhere else."""
ASKED = 30.0


class InGit(Enum):
    """What git makes of a file."""

    COMMITTED = "committed"
    UNSEEN = "ignored, or not in a repository"
    NEXT = "not ignored: it goes along with the next `git add .`"


@dataclass(frozen=True, slots=True)
class Held:
    """An env file as it was read."""

    content: bytes
    mode: int
    file: EnvFile


def read(path: Path, name: str) -> Held | None:
    """Return an env file, None where nothing is; whatever else stands there is refused under this name."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}", remedy="check its permissions") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{name} is not a file", remedy="replace it with a file of lines such as NAME=value")
        content = _first_of(descriptor)
    finally:
        os.close(descriptor)
    file = dotenv.parse(_text(content, name), name)
    if len(file.lines) + len(file.strays) > MOST:
        raise _too_large(name)
    return Held(content, stat.S_IMODE(status.st_mode), file)


def _too_large(name: str) -> UsageError:
    return UsageError(f"{name} is too large to be an env file", remedy="is it the file you mean?")


def _first_of(descriptor: int) -> bytes:
    """Return a file's content, or somewhat more of it than an env file has."""
    parts = []
    left = LARGEST + 1
    while left > 0 and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _text(content: bytes, name: str) -> str:
    if len(content) > LARGEST:
        raise _too_large(name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} cannot be read: it is not UTF-8 text", remedy="save it as UTF-8") from error
    if "\0" in text:
        raise UsageError(f"{name} cannot be read: it is not text", remedy="is it the file you mean?")
    return text


def create(path: Path, text: str, name: str) -> None:
    """Make a file that from its first byte only its owner may read; whatever has its name already is left alone."""
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder for {name}", remedy="make it, or name another file")
    temporary = _temporary(path, text.encode(), PRIVATE)
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError as error:
        raise UsageError(
            f"{name} is already there", remedy="`--add` adds what it lacks, and changes nothing"
        ) from error
    finally:
        temporary.unlink()


def change(path: Path, before: Held, content: bytes, root: Path) -> str:
    """Put this content in place of what was read, at once or not at all; returns the path of the copy that is kept."""
    real = Path(os.path.realpath(path))
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    copy = folder.write(root, f"{folder.NAME}/env/{real.name}.{moment}", before.content.decode())
    temporary = _temporary(real, content, before.mode & PRIVATE)
    try:
        _exchange(real, temporary, before)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return copy.relative_to(root).as_posix()


def _exchange(real: Path, temporary: Path, before: Held) -> None:
    status = real.stat()
    if real.read_bytes() != before.content:
        raise TryAgainError(f"{real.name} was changed meanwhile", remedy="run this again")
    with suppress(PermissionError):
        os.chown(temporary, status.st_uid, status.st_gid)
    temporary.replace(real)


def _temporary(path: Path, content: bytes, mode: int) -> Path:
    temporary = path.with_name(f"{path.name}.{token_hex(4)}")  # what ignores `.env.*` ignores it too
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - an open descriptor has no path
            os.fchmod(descriptor, mode)
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
    except BaseException:
        temporary.unlink()
        raise
    return temporary


def in_git(path: Path, runner: Runner) -> InGit:
    """Ask git about a file; where there is no git, nothing can be committed."""
    real = Path(os.path.realpath(path))
    words = ("git", "-c", "core.fsmonitor=false", "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard")
    literally = {"GIT_LITERAL_PATHSPECS": "1"}
    step = Step((*words, "--", real.name), "ask git about a file", literally, real.parent, timeout=ASKED)
    try:
        said = runner.run(step, check=False)
    except BayplanError:
        return InGit.UNSEEN
    if said.code or not said.stdout:
        return InGit.UNSEEN
    return InGit.NEXT if said.stdout.startswith("?") else InGit.COMMITTED
