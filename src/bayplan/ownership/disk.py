"""The few things that are done to the disk, each of them durable once it returns."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from bayplan.errors import BayplanError, BrokenFileError, TryAgainError
from bayplan.source import At

OWN = ".bayplan"
REPLACED = f"{OWN}/replaced"
FORBIDDEN = frozenset({".git", OWN})


def place(root: Path, path: str) -> Path:
    """Return where a path of the repository really is, or refuse one that bayplan must not write to."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path or str(pure) != path or path == ".":
        raise BrokenFileError(f"{path!r} is not a path inside the repository", remedy="name it from the root")
    real = Path(os.path.realpath(root / pure))
    if not real.is_relative_to(root):
        raise BrokenFileError(
            f"{path} leads out of the repository through a link",
            at=At(path),
            remedy="replace the link with a file or folder of the repository; nothing was written",
        )
    if any(part.casefold() in FORBIDDEN for part in (*pure.parts, *real.relative_to(root).parts)):
        raise BrokenFileError(f"{path} is not a file that bayplan writes", at=At(path), remedy="name another path")
    return real


def own_folder(root: Path) -> Path:
    """Return the folder that bayplan keeps its memory in; a link in its place is refused."""
    folder = root / OWN
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BrokenFileError(f"{OWN} must be a folder", at=At(OWN), remedy=f"remove {OWN}; bayplan makes it anew")
    return folder


def read(file: Path, path: str = "") -> bytes | None:
    """Return the content of a regular file, None where nothing is; `path` is how the repository names it."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        name = path or file.name
        raise BrokenFileError(f"{name} is not a regular file", at=At(name), remedy="replace it with a file")
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - an open descriptor has no path
        return stream.read()


def mode(file: Path) -> int | None:
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return None


def put(file: Path, content: bytes, permissions: int | None = None) -> None:
    """Write a new file, or none. Without `permissions` it gets the usual ones, and a script can be run."""
    usual = 0o777 if content.startswith(b"#!") else 0o666
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, usual)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - an open descriptor has no path
            stream.write(content)
            stream.flush()
            if permissions is not None:
                os.fchmod(descriptor, permissions)
            os.fsync(descriptor)
    except BaseException:
        file.unlink()
        raise


def move(source: Path, target: Path) -> None:
    source.replace(target)


def remove(file: Path) -> None:
    file.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    folder.mkdir(exist_ok=True)


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keep every other bayplan out of the repository. The lock is on the folder itself and dies with the process."""
    descriptor = os.open(root, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TryAgainError(
                "another bayplan is writing in this repository", remedy="wait until it is done, then run this again"
            ) from error
        yield
    finally:
        os.close(descriptor)


def refused(error: OSError) -> BayplanError:
    """Say what the operating system refused, for people."""
    import errno

    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BayplanError(f"the disk is full{where}: nothing was changed", remedy="make room, then run this again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        reason = "the file system is read-only" if error.errno == errno.EROFS else "permission denied"
        return BayplanError(
            f"cannot write here: {reason}{where}: nothing was changed",
            remedy="run bayplan as the owner of the repository, on a disk that can be written",
        )
    return BayplanError(
        f"cannot write here: {error.strerror or error}{where}: nothing was changed",
        remedy="see what stands in the way at this path, then run this again",
    )
