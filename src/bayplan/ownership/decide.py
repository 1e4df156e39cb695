"""What would happen to each file, without touching any."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bayplan.errors import BayplanError, BrokenFileError, TryAgainError, UsageError
from bayplan.ownership.action import Action, InPlace, Kind, Plan, digest
from bayplan.ownership.disk import REPLACED, place, read, refused
from bayplan.ownership.lock import read_lock
from bayplan.ownership.merge import merge
from bayplan.source import At


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user decided about single files: `adopt` lets bayplan's text win, `keep` their own."""

    adopt: Collection[str] = ()
    keep: Collection[str] = ()
    adopt_all: bool = False
    """Take over every file that bayplan did not write; conflicts are still decided one by one."""


def decide(root: Path, wanted: Mapping[str, str], edits: Iterable[InPlace] = (), choice: Choice | None = None) -> Plan:
    """Return what a write would do: for wanted texts by path, and for parts of the user's own files."""
    root = root.resolve()
    choice = choice or Choice()
    try:
        content, bases = read_lock(root)
        edits = list(edits)
        _refuse_impossible(root, wanted, edits, choice)
        actions = [_decide_one(root, path, wanted[path], bases.get(path), choice) for path in wanted]
        actions += [_decide_edit(root, edit) for edit in edits]
        untouchable = {edit.path for edit in edits} | set(wanted)
        gone = [_decide_unwanted(root, path, bases[path]) for path in bases if path not in untouchable]
    except OSError as error:
        raise _unreadable(root, error) from error
    ordered = tuple(sorted([*actions, *filter(None, gone)], key=lambda action: action.path))
    after = {action.path: text for action in actions if (text := _base_after(action, wanted, bases)) is not None}
    return Plan(ordered, content, after, forgets_or_learns=after != bases)


def _refuse_impossible(root: Path, wanted: Mapping[str, str], edits: list[InPlace], choice: Choice) -> None:
    targets: dict[Path, str] = {}
    for path in [*wanted, *(edit.path for edit in edits)]:
        target = place(root, path)
        if target in targets:
            raise BrokenFileError(
                f"{path} and {targets[target]} are the same file", at=At(path), remedy="replace the link with a file"
            )
        targets[target] = path
    for path in [*choice.adopt, *choice.keep]:
        if path not in wanted:
            from difflib import get_close_matches

            close = get_close_matches(path, wanted, n=1)
            raise UsageError(
                f"bayplan writes no file {path}",
                remedy=f"did you mean {close[0]}?" if close else f"it writes {', '.join(sorted(wanted)) or 'none'}",
            )


def _decide_one(root: Path, path: str, text: str, base: str | None, choice: Choice) -> Action:
    old = read(place(root, path), path)
    new = _encode(path, text)
    if old is None:
        return Action(path, Kind.CREATE, None, new, "it was deleted: written again" if base is not None else "")
    yours = _decode(old)
    if yours == text:
        return Action(path, Kind.UNCHANGED, old, old)
    if path in choice.keep:
        return Action(path, Kind.KEEP, old, old, "yours; from now on only bayplan's later changes are merged into it")
    if path in choice.adopt or (choice.adopt_all and base is None):
        return Action(path, Kind.ADOPT, old, _like(old, text), f"yours is kept in {REPLACED}/")
    if base is None:
        return Action(path, Kind.FOREIGN, old, old, "not written by bayplan")
    if yours == base:
        return Action(path, Kind.REPLACE, old, _like(old, text))
    return _decide_edited(path, old, yours, base, text)


def _decide_edited(path: str, old: bytes, yours: str | None, base: str, text: str) -> Action:
    if base == text:
        return Action(path, Kind.UNCHANGED, old, old, "edited by hand")
    if yours is None:
        return Action(path, Kind.CONFLICT, old, old, "it is no longer UTF-8 text, and cannot be merged")
    merged = merge(base, yours, text)
    if merged.conflicts:
        return Action(path, Kind.CONFLICT, old, old, "edited by hand where bayplan changes it too", merged.conflicts)
    if merged.text == yours:
        return Action(path, Kind.UNCHANGED, old, old, "edited by hand")
    return Action(path, Kind.MERGE, old, _like(old, merged.text), "your edits are kept")


def _decide_edit(root: Path, edit: InPlace) -> Action:
    old = read(place(root, edit.path), edit.path)
    if old is None or (digest(old) != edit.before_hash and _decode(old) != edit.text):
        raise TryAgainError(f"{edit.path} changed while bayplan was reading", remedy="run this again")
    if _decode(old) == edit.text:
        return Action(edit.path, Kind.UNCHANGED, old, old)
    return Action(edit.path, Kind.EDIT, old, _like(old, edit.text), "a part of your file changes")


def _decide_unwanted(root: Path, path: str, base: str) -> Action | None:
    old = read(place(root, path), path)
    if old is None:
        return None
    if _decode(old) == base:
        return Action(path, Kind.REMOVE, old, None, "no longer needed")
    return Action(path, Kind.KEEP, old, old, "no longer needed, but you edited it: it is yours now")


def _base_after(action: Action, wanted: Mapping[str, str], bases: Mapping[str, str]) -> str | None:
    """Return what the lock will say of a file; None where it is the user's own."""
    if action.kind in (Kind.FOREIGN, Kind.EDIT) or action.path not in wanted:
        return None
    return bases[action.path] if action.kind is Kind.CONFLICT else wanted[action.path]


def _encode(path: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BrokenFileError(
            f"{path} would hold half a character, which no file can",
            at=At(path),
            remedy="look for an escape such as \\ud800 in the names and values of the repository",
        ) from error


def _decode(content: bytes) -> str | None:
    """Return a text with plain line ends, however git checked it out; None where it is no text."""
    try:
        return content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def _like(old: bytes, text: str) -> bytes:
    """Give a text the line ends of the file it replaces."""
    return (text.replace("\n", "\r\n") if b"\r\n" in old else text).encode()


def _unreadable(root: Path, error: OSError) -> BayplanError:
    path = Path(str(error.filename or root))
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    if isinstance(error, (NotADirectoryError, IsADirectoryError)):
        return BrokenFileError(
            f"{name} cannot be read: something on its path is a folder or file that should be the other",
            at=At(name),
            remedy="move it away, then run this again",
        )
    return refused(error)
