"""A job that is put into a queue is taken by the worker."""

from collections.abc import Iterator

from bayplan.model.evidence import Evidence
from bayplan.model.running import Container
from bayplan.probes.queue import Outcome, ask, consumers
from bayplan.probes.subject import Subject, judged, skipped

ID = "jobs"


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that each worker waits on its queues and takes a job from each; the job is removed afterwards.

    Where the user gives an example of a job, it must complete. An empty one may well be refused by the worker's own
    checks: that it was taken and ended is the proof.
    """
    found = subject.containers()
    for worker, queue in consumers(subject):
        given = bool(subject.payloads.get(worker.name))
        claim = f"{'completes' if given else 'takes'} a job from queue {queue}"
        container = found.get(worker.name)
        if container is None or container.state != "running":
            yield skipped(ID, worker.name, claim, "it does not run")
            continue
        outcome = ask(subject, worker, container, queue, "run")
        if outcome.problem:
            yield skipped(ID, worker.name, claim, outcome.problem)
            continue
        yield _waits(subject, container, queue, outcome)
        holds = outcome.proves(example=given)
        yield judged(ID, worker.name, claim, _ended(outcome, given=given), holds=holds, seconds=outcome.seconds)


def _waits(subject: Subject, container: Container, queue: str, outcome: Outcome) -> Evidence:
    claim = f"waits for jobs on queue {queue}"
    lines = [
        line for line in subject.engine.logs(container, 200).splitlines() if queue in line or "wait" in line.lower()
    ]
    measured = f"{outcome.workers} connected to it" + (f"; its log says: {lines[0][:100]}" if lines else "")
    return judged(f"{ID}.waiting", container.service, claim, measured, holds=outcome.workers > 0 or bool(lines))


def _ended(outcome: Outcome, *, given: bool) -> str:
    if not outcome.ended:
        return f"the job is still {outcome.state} after {outcome.seconds:.0f} s"
    if outcome.state == "failed":
        reason = " ".join(outcome.reason.split())[:120]
        if given:
            return f"the example failed after {outcome.seconds:.1f} s: {reason}"
        return f"taken and refused after {outcome.seconds:.1f} s, for the probe's job is empty: {reason}"
    return f"completed after {outcome.seconds:.1f} s"
