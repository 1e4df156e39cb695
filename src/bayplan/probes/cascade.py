"""The order in which things started, from the engine's own events."""

from collections.abc import Iterator, Sequence

from bayplan.model.evidence import Evidence
from bayplan.model.parts import Condition, Need
from bayplan.model.running import Event
from bayplan.probes.subject import Subject, judged, needs, skipped

ID = "cascade"
WORDS = {Condition.HEALTHY: "healthy", Condition.DONE: "done", Condition.STARTED: "started"}


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that nothing started before what it needs was healthy, or done."""
    for part in subject.parts:
        started = _first(subject.events, part.name, "start")
        for need in needs(part):
            claim = f"starts after {need.name} is {WORDS[need.condition]}"
            if started is None:
                yield skipped(ID, part.name, claim, "nobody watched when it started")
            else:
                yield _judge(subject.events, part.name, need, started, claim)


def _judge(events: Sequence[Event], name: str, need: Need, started: Event, claim: str) -> Evidence:
    ready = _ready(events, need)
    if ready is None:
        if any(event.service == need.name for event in events):
            return judged(ID, name, claim, f"{need.name} never was", holds=False)
        return skipped(ID, name, claim, f"{need.name} ran already when the watch began")
    wait = started.time - ready.time
    if wait < 0:
        return judged(ID, name, claim, f"started {-wait:.1f} s before that", holds=False)
    return judged(ID, name, claim, f"{wait:.1f} s after", holds=True, seconds=round(wait, 3))


def _ready(events: Sequence[Event], need: Need) -> Event | None:
    if need.condition is Condition.DONE:
        ended = (event for event in events if event.service == need.name and event.action == "die")
        return next((event for event in ended if event.exit_code == 0), None)
    return _first(events, need.name, "healthy" if need.condition is Condition.HEALTHY else "start")


def _first(events: Sequence[Event], service: str, action: str) -> Event | None:
    return next((event for event in events if (event.service, event.action) == (service, action)), None)
