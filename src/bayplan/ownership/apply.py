"""Decided actions → disk: wholly or not at all, also when the process is killed between any two steps."""

import secrets
from contextlib import suppress
from pathlib import Path

from bayplan.errors import BayplanError, BrokenFileError, TryAgainError
from bayplan.ownership import disk, journal
from bayplan.ownership.action import Action, Kind, Plan, digest
from bayplan.ownership.journal import Journal, Move
from bayplan.ownership.lock import NAME as LOCK_NAME
from bayplan.ownership.lock import parse, read_lock, render
from bayplan.source import At

IGNORED = "# lock.json belongs in git; the rest is bayplan's own\n/*\n!/.gitignore\n!/lock.json\n"


def apply(root: Path, plan: Plan) -> None:
    """Do what was decided. On any failure the files are as they were; after a kill, `repair` finishes it."""
    if not plan.writing and not plan.forgets_or_learns:
        return
    root = root.resolve()
    try:
        with disk.alone(root):
            _repair(root)
            if disk.read(disk.own_folder(root) / LOCK_NAME) != plan.lock_before:
                raise _moved(".bayplan/lock.json")
            _carry_out(root, _stage(root, plan))
    except OSError as error:
        raise disk.refused(error) from error
    _remove_empty(root, [action.path for action in plan.writing if action.new is None])


def repair(root: Path) -> tuple[str, ...]:
    """Finish what a killed apply began, or forget it if it had not begun. Return the paths it brought to their end."""
    root = root.resolve()
    if not any(journal.leftovers(root)):
        return ()
    try:
        with disk.alone(root):
            return _repair(root)
    except OSError as error:
        raise disk.refused(error) from error


def _stage(root: Path, plan: Plan) -> Journal:
    own = disk.own_folder(root)
    disk.make_folder(own)
    if not (own / ".gitignore").exists():
        disk.put(own / ".gitignore", IGNORED.encode())
    folder = own / f"{journal.PREFIX}{secrets.token_hex(4)}"
    disk.make_folder(folder)
    try:
        moves = tuple(_stage_one(root, folder, index, each) for index, each in enumerate(plan.writing))
        disk.put(folder / journal.LOCK, render(plan.lock_after).encode())
        for action in plan.writing:
            if action.kind is Kind.ADOPT and action.old is not None:
                _keep_copy(root / disk.REPLACED, action.path, action.old)
        staged = Journal(folder, moves, _missing_folders(root, moves))
        staged.save()
    except BaseException:
        journal.drop(folder)
        raise
    else:
        return staged


def _stage_one(root: Path, folder: Path, index: int, action: Action) -> Move:
    permissions = disk.mode(disk.place(root, action.path))
    names: list[str | None] = []
    for suffix, content in (("new", action.new), ("old", action.old)):
        names.append(None if content is None else f"{index:04}.{suffix}")
        if content is not None:
            disk.put(folder / f"{index:04}.{suffix}", content, permissions)
    before, after = (None if content is None else digest(content) for content in (action.old, action.new))
    return Move(action.path, before, after, *names)


def _keep_copy(folder: Path, path: str, content: bytes) -> None:
    """Keep what the user wrote where bayplan's text replaces it, under a name that is still free."""
    copy = folder / path
    if copy.parent.resolve() != copy.parent:
        raise BrokenFileError(
            f"{disk.REPLACED} leads elsewhere through a link: nothing was changed",
            at=At(disk.REPLACED),
            remedy=f"remove the link; what is replaced is kept in {disk.REPLACED}",
        )
    copy.parent.mkdir(parents=True, exist_ok=True)
    free = next(
        name for name in (copy, *(copy.with_name(f"{copy.name}.{n}") for n in range(1, 1000))) if not name.exists()
    )
    disk.put(free, content)


def _missing_folders(root: Path, moves: tuple[Move, ...]) -> tuple[str, ...]:
    missing = {
        folder.relative_to(root).as_posix()
        for move in moves
        for folder in disk.place(root, move.path).parents
        if folder.is_relative_to(root) and not folder.exists()
    }
    return tuple(sorted(missing))


def _carry_out(root: Path, staged: Journal) -> None:
    try:
        for folder in staged.folders:
            disk.make_folder(root / folder)
        _move_all(root, staged)
        disk.move(staged.folder / journal.LOCK, staged.folder.parent / LOCK_NAME)
    except BaseException:
        _take_back(root, staged)
        raise
    with suppress(OSError):  # everything is written; the next write sweeps up
        disk.sync(staged.folder.parent)
    journal.drop(staged.folder)


def _move_all(root: Path, staged: Journal) -> None:
    for move in staged.moves:
        if not journal.forward(root, staged, move):
            raise _moved(move.path)


def _take_back(root: Path, staged: Journal) -> None:
    """Undo every move, unless the lock, which comes last, is in its place already.

    What cannot be undone now, the next write undoes.
    """
    if staged.staged(journal.LOCK) is None:
        journal.drop(staged.folder)
        return
    try:
        staged.turn_back()
        _undo(root, staged)
    except OSError as error:
        raise BayplanError(
            f"a write failed and could not be undone: {error.strerror or error}",
            remedy="run `bayplan write` when the disk works again: it puts everything right first",
        ) from error


def _undo(root: Path, staged: Journal) -> None:
    for move in reversed(staged.moves):
        journal.backward(root, staged, move)
    for name in reversed(staged.folders):
        with suppress(OSError):  # someone else's file may be in it by now
            (root / name).rmdir()
    journal.drop(staged.folder)


def _repair(root: Path) -> tuple[str, ...]:
    finished: list[str] = []
    for folder in list(journal.leftovers(root)):
        if (unwanted := journal.load(root, folder, journal.UNDO)) is not None:
            _undo(root, unwanted)
        elif (begun := journal.load(root, folder)) is not None and begun.staged(journal.LOCK) is not None:
            finished += _finish(root, begun)
        journal.drop(folder)
    return tuple(finished)


def _finish(root: Path, begun: Journal) -> list[str]:
    for name in begun.folders:
        with suppress(FileExistsError, FileNotFoundError, NotADirectoryError):  # a file stands there by now
            disk.make_folder(root / name)
    done = {move.path: _stands(root, begun, move) for move in begun.moves}
    _finish_lock(root, begun, done)
    return [path for path, stands in done.items() if stands]


def _stands(root: Path, begun: Journal, move: Move) -> bool:
    try:
        return journal.forward(root, begun, move)
    except (BrokenFileError, FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False


def _finish_lock(root: Path, left: Journal, done: dict[str, bool]) -> None:
    """Put the new lock in its place, which keeps the old word on files that someone changed in between."""
    staged = left.folder / journal.LOCK
    try:
        files = parse(staged.read_bytes())
    except BrokenFileError:  # no apply of ours wrote it
        return
    _, bases = read_lock(root)
    skipped = [path for path, stands in done.items() if not stands]
    for path in skipped:
        files.pop(path, None)
        if path in bases:
            files[path] = bases[path]
    if skipped:
        disk.remove(staged)
        disk.put(staged, render(files).encode())
    disk.move(staged, left.folder.parent / LOCK_NAME)


def _remove_empty(root: Path, removed: list[str]) -> None:
    for path in removed:
        for folder in (root / path).parents:
            if folder == root:
                break
            with suppress(OSError):  # it is not empty
                folder.rmdir()


def _moved(path: str) -> TryAgainError:
    return TryAgainError(f"{path} changed while bayplan was working: nothing was written", remedy="run this again")
