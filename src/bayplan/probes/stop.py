"""SIGTERM ends everything by itself, in time, and no job is lost by it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from bayplan.model.evidence import Evidence
from bayplan.model.running import Container
from bayplan.probes.queue import ask, consumers
from bayplan.probes.subject import Part, Subject, ends, judged, needs, skipped

ID = "stop"
KINDLY = (0, 143)
"""Ended by itself, or by the signal as it ends a program that leaves the signal to the kernel."""


def probe(subject: Subject) -> Iterator[Evidence]:
    """Stop each part, what others need last, and start all of it again."""
    found = subject.containers()
    queued = {}
    for layer in stopping_order(subject.parts):
        running = [part for part in layer if part.name in found and found[part.name].state == "running"]
        names = {part.name for part in running}
        for worker, queue in consumers(subject):
            if worker.name in names:
                queued[worker.name, queue] = ask(subject, worker, found[worker.name], queue, "add")
        yield from _stopped(subject, running)
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


def _stopped(subject: Subject, parts: Sequence[Part]) -> Iterator[Evidence]:
    """Stop some parts at the same time, each with all its containers, and judge how each ended."""
    by_name = {part.name: part for part in parts}
    before = [each for each in subject.engine.containers() if each.service in by_name and each.state == "running"]

    def stop(container: Container) -> float:
        began = monotonic()
        subject.engine.stop(container, by_name[container.service].grace_seconds)
        return monotonic() - began

    if not before:
        return
    with ThreadPoolExecutor(len(before)) as pool:
        times = tuple(pool.map(stop, before))
    after = {each.id: each for each in subject.engine.containers()}
    for container, seconds in zip(before, times, strict=True):
        yield _judge(by_name[container.service], after.get(container.id, container), seconds)


def _judge(part: Part, after: Container, seconds: float) -> Evidence:
    measured = f"ended with code {after.exit_code} after {seconds:.1f} s"
    if after.exit_code not in KINDLY and seconds >= part.grace_seconds:
        measured += ": it had to be killed"
    claim = f"ends by itself within {part.grace_seconds} s of SIGTERM"
    holds = after.exit_code in KINDLY and seconds <= part.grace_seconds + 1
    return judged(ID, part.name, claim, measured, holds=holds, seconds=round(seconds, 3))


def stopping_order(parts: tuple[Part, ...]) -> tuple[tuple[Part, ...], ...]:
    """Return what stays running, those that nobody needs first, then those that nobody else needs, and so on."""
    left = list(parts)
    layers: list[list[Part]] = []
    while left:
        needed = {need.name for part in left for need in needs(part)}
        free = [part for part in left if part.name not in needed] or left
        layers.append(free)
        left = [part for part in left if part not in free]
    staying = (tuple(part for part in layer if not ends(part)) for layer in layers)
    return tuple(layer for layer in staying if layer)
