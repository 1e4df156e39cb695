"""One thing that is wrong, with every place that takes part in it."""

from dataclasses import dataclass
from enum import StrEnum

from bayplan.source import At


class Effect(StrEnum):
    """What a finding does to the user, worst first; only the last two leave the exit code alone."""

    WILL_NOT_BUILD = "will not build"
    WILL_NOT_START = "will not start"
    NOT_REACHABLE = "not reachable"
    LOSES_DATA = "loses data"
    EXPOSES_DATA = "exposes data"
    GROWS = "grows"
    UNTIDY = "untidy"

    @property
    def fails(self) -> bool:
        return self not in (Effect.GROWS, Effect.UNTIDY)


@dataclass(frozen=True, slots=True)
class Place:
    """A place that takes part in a finding, and its part in it."""

    at: At
    label: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where (the first place is the one to change), what it causes, and what to do."""

    rule: str
    effect: Effect
    message: str
    places: tuple[Place, ...]
    consequence: str
    help: str
