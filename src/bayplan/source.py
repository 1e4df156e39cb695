"""Where a value comes from, and who decided it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True, order=True)
class At:
    """A place in a file of the repository.

    `file` is relative to the root, with forward slashes. `key` is the route to a value in a structured file
    (`services.api.ports[0]`): lines move and keys stay. `line` and `column` count from 1; 0 is the file as a whole.
    """

    file: str
    line: int = 0
    column: int = 0
    length: int = 0
    key: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Why:
    """Who decided (a reader, a pass, `bayplan.yaml`), why in words a user can act on, and the place that shows it."""

    by: str
    because: str
    at: At | None = None

    def __str__(self) -> str:
        return f"{self.because} ({self.at})" if self.at else self.because


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value that was inferred, with its reason."""

    value: T
    why: Why

    def map(self, change: Callable[[T], U]) -> "Fact[U]":
        return Fact(change(self.value), self.why)


@dataclass(frozen=True, slots=True)
class Located(Generic[T]):
    """A value as a file states it, with its place."""

    value: T
    at: At
