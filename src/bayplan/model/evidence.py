"""What was measured on something that ran, and what that proves."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    PROVED = "proved"
    FAILED = "failed"
    IMPOSSIBLE = "impossible"
    """The claim cannot hold whatever anyone does to this repository; the measurement says why, and what would help."""
    SKIPPED = "skipped"
    """Nothing could be measured here; the measurement says why."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One claim about one subject (a service, a store, the stack), with the measurement that decides it."""

    id: str
    """The probe, and which of its proofs: `size`, `user.capabilities`."""
    subject: str
    claim: str
    status: Status
    measured: str
    seconds: float = 0.0
    """How long the measured thing took; 0 where time is not the point."""
