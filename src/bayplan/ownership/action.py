"""What will happen to each file."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Kind(StrEnum):
    CREATE = "create"
    REPLACE = "replace"
    """Nobody touched it since bayplan wrote it."""
    ADOPT = "adopt"
    """The user gave it over: bayplan's text replaces theirs, of which a copy is kept."""
    MERGE = "merge"
    """Edited by hand, and both changes fit together."""
    EDIT = "edit"
    """The user's own file, in which bayplan changes a part."""
    REMOVE = "remove"
    UNCHANGED = "unchanged"
    KEEP = "keep"
    """Left as the user made it, and bayplan knows."""
    FOREIGN = "foreign"
    """The user's own file where bayplan would write one: left alone."""
    CONFLICT = "conflict"
    """Edited by hand where bayplan wants something else: left alone until the user decides."""


WRITES = frozenset({Kind.CREATE, Kind.REPLACE, Kind.ADOPT, Kind.MERGE, Kind.EDIT, Kind.REMOVE})


def digest(content: bytes) -> str:
    """Return the hash by which a content is remembered."""
    return sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class InPlace:
    """A change to a part of the user's own file: the whole new text, and the digest of the content it was made from."""

    path: str
    before_hash: str
    text: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Lines that both sides changed; `line` is where yours begin in the file on disk."""

    line: int
    yours: str
    ours: str

    @property
    def marked(self) -> str:
        return f"<<<<<<< your edit\n{self.yours}=======\n{self.ours}>>>>>>> bayplan\n"


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to one file: `old` is on disk now, `new` will be; None where there is no file."""

    path: str
    kind: Kind
    old: bytes | None
    new: bytes | None
    note: str = ""
    """What the user should know about it."""
    conflicts: tuple[Conflict, ...] = ()

    @property
    def writes(self) -> bool:
        return self.kind in WRITES


@dataclass(frozen=True, slots=True)
class Plan:
    """Every action, and what the lock says before (its content) and after (text by path)."""

    actions: tuple[Action, ...]
    lock_before: bytes | None
    lock_after: Mapping[str, str]
    forgets_or_learns: bool = False
    """Whether the lock changes, be it the only thing that does."""

    def of(self, *kinds: Kind) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if action.kind in kinds)

    @property
    def writing(self) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if action.writes)

    @property
    def drifts(self) -> bool:
        """Whether the files on disk are not what bayplan would write."""
        return any(action.writes or action.kind is Kind.CONFLICT for action in self.actions)
