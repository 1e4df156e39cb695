"""A value that must never be shown."""

from collections.abc import Iterable
from dataclasses import dataclass

HIDDEN = "[secret]"
SHORTEST = 6
"""Shorter values are words like `redis`: hiding them would make every log unreadable and protect nothing."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that prints as `[secret]`, wherever it is formatted; `reveal` is the only way to it."""

    _text: str

    def reveal(self) -> str:
        return self._text

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return HIDDEN


def hide(text: str, secrets: Iterable[Secret]) -> str:
    """Return a text without any of these secrets, the longest first, for one may be part of another."""
    for value in sorted({secret.reveal() for secret in secrets}, key=len, reverse=True):
        if len(value) >= SHORTEST:
            text = text.replace(value, HIDDEN)
    return text
