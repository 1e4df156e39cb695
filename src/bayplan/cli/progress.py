"""Long work, shown while it goes on: live on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from bayplan.cli.terminal import is_terminal, printable
from bayplan.engines.news import Listener, News, State

if TYPE_CHECKING:
    from rich.table import Table

EVERY = 5.0
"""Seconds between two plain lines about one subject, while it goes on."""
SYMBOLS = {State.WAITING: "·", State.RUNNING: "▸", State.DONE: "✓", State.FAILED: "✗"}
COLOURS = {State.WAITING: "dim", State.RUNNING: "cyan", State.DONE: "green", State.FAILED: "red"}


@dataclass(slots=True)
class Line:
    """What is known about one subject. Times are seconds of the monotonic clock."""

    state: State
    text: str
    began: float | None = None
    ended: float | None = None
    said: float = 0.0

    def took(self, now: float) -> float:
        return (self.ended or now) - self.began if self.began is not None else 0.0


@dataclass(slots=True)
class Board:
    """The present state of every subject, in the order they appeared."""

    lines: dict[str, Line] = field(default_factory=dict)

    def take(self, news: News, now: float) -> Line:
        """Note what is new, and when the subject began and ended."""
        line = self.lines.setdefault(news.subject, Line(news.state, ""))
        line.state, line.text = news.state, printable(news.text)
        if news.state is not State.WAITING and line.began is None:
            line.began = now
        over = news.state in (State.DONE, State.FAILED)
        line.ended = (line.ended or now) if over else None
        return line


@dataclass(slots=True)
class Plain:
    """Writes a line when a subject's state changes, and now and then between."""

    board: Board = field(default_factory=Board)
    lock: Lock = field(default_factory=Lock)

    def listen(self, news: News) -> None:
        with self.lock:
            now = monotonic()
            known = self.board.lines.get(news.subject)
            before = (known.state, known.text) if known else None
            line = self.board.take(news, now)
            changed = before is None or before[0] is not line.state
            if news.state is State.WAITING or before == (line.state, line.text):
                return
            if changed or now - line.said >= EVERY:
                line.said = now
                print(plain_line(news.subject, line, now), flush=True)


def plain_line(subject: str, line: Line, now: float) -> str:
    """Return a subject's state as one line: `api: build 5/14 RUN pnpm install (12 s)`."""
    seconds = line.took(now)
    took = f" ({seconds:.0f} s)" if seconds >= 1 else ""
    failed = "failed: " if line.state is State.FAILED else ""
    return f"{printable(subject)}: {failed}{line.text or line.state}{took}"


@dataclass(slots=True)
class Live:
    """A table that rich draws again a few times a second, one line per subject."""

    board: Board = field(default_factory=Board)
    lock: Lock = field(default_factory=Lock)

    def listen(self, news: News) -> None:
        with self.lock:
            self.board.take(news, monotonic())

    def __rich__(self) -> "Table":
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        now = monotonic()
        with self.lock:
            for subject, line in self.board.lines.items():
                colour = COLOURS[line.state]
                took = f"{line.took(now):.0f} s" if line.began is not None else ""
                text = Text(line.text or str(line.state), overflow="ellipsis", no_wrap=True)
                mark = Text(SYMBOLS[line.state], style=colour)
                table.add_row(mark, Text(printable(subject), style="bold"), Text(took, justify="right"), text)
        return table


@contextmanager
def progress() -> Iterator[Listener]:
    """Show news while the block runs; what is on the screen at its end stays there."""
    if not is_terminal():
        yield Plain().listen
        return
    from rich.console import Console
    from rich.live import Live as Screen

    shown = Live()
    console = Console()
    if console.is_dumb_terminal:
        yield Plain().listen
        return
    with Screen(shown, console=console, refresh_per_second=8):
        yield shown.listen
