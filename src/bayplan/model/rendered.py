"""A text that is ready to be written, with the reason of each of its lines."""

from dataclasses import dataclass

from bayplan.source import Why


@dataclass(frozen=True, slots=True)
class Rendered:
    """`reasons` holds (first line, last line, why), counted from 1, the innermost last."""

    text: str
    reasons: tuple[tuple[int, int, Why], ...] = ()

    def why(self, line: int) -> Why | None:
        """Return the reason of the narrowest range of lines that holds this one."""
        ranges = [reason for reason in self.reasons if reason[0] <= line <= reason[1]]
        return min(ranges, key=lambda reason: reason[1] - reason[0])[2] if ranges else None
