"""What long work tells while it goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class News:
    """One subject's (an image's, a service's) present step, in a few words."""

    subject: str
    state: State
    text: str = ""


Listener = Callable[[News], None]
"""Called from any thread, as often as there is something new."""


def silent(news: News) -> None:
    """Listen to nothing."""
    del news
