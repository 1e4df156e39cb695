"""The note that survives a kill: what an apply is about to do, complete before it does any of it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bayplan.errors import BrokenFileError
from bayplan.ownership import disk
from bayplan.ownership.action import digest

NAME = "journal.json"
UNDO = "undo.json"
LOCK = "lock.new"
PREFIX = "staging-"
DIGESTS = ("before", "after", "new", "old")


@dataclass(frozen=True, slots=True)
class Move:
    """One file's change: digests before and after (None for no file) and the staged contents in the folder."""

    path: str
    before: str | None
    after: str | None
    new: str | None
    old: str | None


@dataclass(frozen=True, slots=True)
class Journal:
    folder: Path
    moves: tuple[Move, ...]
    folders: tuple[str, ...] = ()
    """Folders to make first, parents before children."""

    def save(self) -> None:
        """Write the journal; once this returns, the change will happen even if the process does not live."""
        text = json.dumps({"moves": [asdict(move) for move in self.moves], "folders": self.folders})
        part = self.folder / f"{NAME}.part"
        disk.put(part, text.encode())
        disk.sync(self.folder)
        disk.move(part, self.folder / NAME)
        disk.sync(self.folder)

    def turn_back(self) -> None:
        """From here on, whoever finds the journal undoes the change instead of finishing it."""
        disk.move(self.folder / NAME, self.folder / UNDO)
        disk.sync(self.folder)

    def staged(self, name: str | None) -> Path | None:
        """Return a staged file. The journal may have come with the repository, so its names are checked."""
        if name is None or not name.replace(".", "").isalnum():
            return None
        file = self.folder / name
        return file if file.is_file() and not file.is_symlink() else None


def leftovers(root: Path) -> Iterator[Path]:
    """Yield the staging folders of applies that were killed."""
    for folder in sorted(disk.own_folder(root).glob(f"{PREFIX}*")):
        if folder.is_dir() and not folder.is_symlink():
            yield folder


def load(root: Path, folder: Path, name: str = NAME) -> Journal | None:
    """Return the journal of a killed apply, None when it was not complete or asks for what bayplan never does."""
    try:
        document = json.loads(disk.read(folder / name) or b"")
        moves = tuple(Move(str(each["path"]), *(_word(each[key]) for key in DIGESTS)) for each in document["moves"])
        folders = tuple(str(each) for each in document["folders"])
        for path in (*folders, *(move.path for move in moves)):
            disk.place(root, path)
    except (FileNotFoundError, BrokenFileError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return Journal(folder, moves, folders)


def drop(folder: Path) -> None:
    """Forget a change, the journal first: what is left of the folder then means nothing."""
    with suppress(OSError):
        disk.remove(folder / NAME)
        disk.remove(folder / UNDO)
    shutil.rmtree(folder, ignore_errors=True)


def _word(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError


def state(file: Path) -> str | None:
    """Return the digest of a file, None where there is none."""
    content = disk.read(file)
    return None if content is None else digest(content)


def forward(root: Path, journal: Journal, move: Move) -> bool:
    """Carry out one move, once or again. False when the file is neither as it was nor as it shall be: it stays."""
    target = disk.place(root, move.path)
    now = state(target)
    if now == move.after:
        return True
    if now != move.before:
        return False
    if move.after is None:
        disk.remove(target)
    else:
        staged = journal.staged(move.new)
        if staged is None or state(staged) != move.after:
            return False
        disk.move(staged, target)
    disk.sync(target.parent)
    return True


def backward(root: Path, journal: Journal, move: Move) -> None:
    """Undo one move that may or may not have happened."""
    target = disk.place(root, move.path)
    if state(target) != move.after or move.after == move.before:
        return
    if move.before is None:
        disk.remove(target)
    elif (staged := journal.staged(move.old)) is not None:
        disk.move(staged, target)
