"""A text in the making: lines, and why each is there."""

import textwrap
from collections.abc import Iterable

from bayplan.model.rendered import Rendered
from bayplan.source import Why

WIDTH = 120
COMMENT_WIDTH = 100


class Page:
    """Collects lines; what is written with a reason is remembered with the lines it takes."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._reasons: list[tuple[int, int, Why]] = []

    @property
    def next_line(self) -> int:
        return len(self._lines) + 1

    def write(self, lines: Iterable[str], why: Why | None = None) -> None:
        first = self.next_line
        self._lines.extend(lines)
        self.explain(first, why)

    def explain(self, first: int, why: Why | None) -> None:
        """Give everything from this line on, as far as it is written, a reason."""
        if why is not None and first < self.next_line:
            self._reasons.append((first, self.next_line - 1, why))

    def blank(self) -> None:
        """Leave one empty line, but none at the top and never two."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def rendered(self) -> Rendered:
        reasons = sorted(self._reasons, key=lambda reason: (reason[0], -reason[1]))
        return Rendered("".join(line + "\n" for line in self._lines), tuple(reasons))


def comment_lines(text: str, indent: str = "") -> list[str]:
    """Return a text as a comment: a sentence begins with a capital letter, line breaks and control characters go."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    width = COMMENT_WIDTH - len(indent) - 2
    wrapped = textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}# {line}" for line in wrapped]
