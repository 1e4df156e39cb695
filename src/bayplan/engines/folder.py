"""bayplan's own folder in the repository: what a run keeps there is nobody else's to read, and not for git."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bayplan.errors import TryAgainError, UsageError

NAME = ".bayplan"
IGNORED = "# lock.json belongs in git; the rest is bayplan's own\n/*\n!/.gitignore\n!/lock.json\n"


def write(root: Path, path: str, text: str) -> Path:
    """Write a file below `.bayplan` that only its owner may read, at once or not at all."""
    target = _inside(root, path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(target)
    return target


def _inside(root: Path, path: str) -> Path:
    """Return a path below `.bayplan` whose folders exist and lead nowhere else."""
    target = root / path
    folders = [folder for folder in reversed(target.parents) if folder.is_relative_to(root / NAME)]
    for folder in folders:
        if folder.is_symlink():
            raise UsageError(f"{folder.relative_to(root)} is a link", remedy="remove it: bayplan keeps secrets there")
        folder.mkdir(exist_ok=True)
    ignore = root / NAME / ".gitignore"
    if not ignore.exists() and not ignore.is_symlink():
        ignore.write_text(IGNORED, encoding="utf-8")
    return target


def log(name: str) -> str:
    """Return the path of a log, whatever characters a service's name has."""
    safe = "".join(character if character.isalnum() or character in "-_" else "-" for character in name)
    return f"{NAME}/logs/{safe}.log"


@contextmanager
def exclusive(root: Path, name: str = "run") -> Iterator[None]:
    """Let only one bayplan at a time build, start or stop this repository's stack, or do what else has a name."""
    path = _inside(root, f"{NAME}/{name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TryAgainError(
                "another bayplan is at work on this stack", remedy="wait for it to end, or end it"
            ) from error
        yield
    finally:
        os.close(descriptor)
