"""SIGTERM ends everything by itself, in time, and no job is lost by it."""

from collections.abc import Iterator
from time import monotonic

from bayplan.model.evidence import Evidence
from bayplan.model.running import Container
from bayplan.model.stack import Service, Store
from bayplan.probes.queue import ask, consumers
from bayplan.probes.subject import Subject, ends, judged, needs, skipped

ID = "stop"
KINDLY = (0, 143)
"""Ended by itself, or by the signal as it ends a program that leaves the signal to the kernel."""


def probe(subject: Subject) -> Iterator[Evidence]:
    """Stop each part, what others need last, and start all of it again."""
    found = subject.containers()
    queued = {}
    for part in stopping_order(subject.parts):
        container = found.get(part.name)
        if container is None or container.state != "running":
            continue
        for worker, queue in consumers(subject):
            if worker.name == part.name:
                queued[worker.name, queue] = ask(subject, worker, container, queue, "add")
        yield _stopped(subject, part, container)
    events = subject.start("")
    started = {event.service for event in subject.events if event.action == "start"}
    if not started.issuperset(part.name for part in subject.parts):
        subject.events = events
    found = subject.containers()
    for worker, queue in consumers(subject):
        claim = f"loses no job of queue {queue} when it stops"
        added = queued.get((worker.name, queue))
        if added is None or added.problem:
            yield skipped(f"{ID}.jobs", worker.name, claim, added.problem if added else "it did not run")
            continue
        after = ask(subject, worker, found[worker.name], queue, "see", added.id)
        measured = f"a job queued just before SIGTERM: {after.problem or after.state}"
        yield judged(
            f"{ID}.jobs", worker.name, claim, measured, holds=after.proves(example=worker.name in subject.payloads)
        )


def _stopped(subject: Subject, part: Service | Store, container: Container) -> Evidence:
    began = monotonic()
    subject.engine.stop(container, part.grace_seconds)
    seconds = monotonic() - began
    after = subject.containers()[part.name]
    measured = f"ended with code {after.exit_code} after {seconds:.1f} s"
    if after.exit_code not in KINDLY and seconds >= part.grace_seconds:
        measured += ": it had to be killed"
    claim = f"ends by itself within {part.grace_seconds} s of SIGTERM"
    holds = after.exit_code in KINDLY and seconds <= part.grace_seconds + 1
    return judged(ID, part.name, claim, measured, holds=holds, seconds=round(seconds, 3))


def stopping_order(parts: tuple[Service | Store, ...]) -> tuple[Service | Store, ...]:
    """Return what stays running, each before what it needs."""
    left = list(parts)
    ordered: list[Service | Store] = []
    while left:
        needed = {need.name for part in left for need in needs(part)}
        free = [part for part in left if part.name not in needed] or left
        ordered += free
        left = [part for part in left if part not in free]
    return tuple(part for part in ordered if not ends(part))
