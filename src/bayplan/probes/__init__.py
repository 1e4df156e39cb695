"""Running thing to evidence: one file, one proof."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bayplan.errors import BayplanError
from bayplan.model.evidence import Evidence, Status
from bayplan.probes import cascade, hardened, health, http, jobs, layers, networks, ports, proxy, size, stop, user
from bayplan.probes.subject import Subject


@dataclass(frozen=True, slots=True)
class Probe:
    """A proof; `disturbs` when it starts or stops what it looks at."""

    id: str
    doing: str
    prove: Callable[[Subject], Iterator[Evidence]]
    disturbs: bool = False


PROBES = (
    # Docker's own word for each service.
    Probe(health.ID, "asking for Docker's state of health", health.probe),
    # What answers from outside.
    Probe(http.ID, "asking published services", http.probe),
    # What does not.
    Probe(ports.ID, "trying the ports of this machine", ports.probe),
    # The same by host name.
    Probe(proxy.ID, "asking the proxy, host by host", proxy.probe),
    # Who reaches whom inside.
    Probe(networks.ID, "looking at networks from inside", networks.probe),
    # Whose processes they are and what they may do.
    Probe(user.ID, "looking at users and capabilities", user.probe),
    # What the images hold that they must not.
    Probe(layers.ID, "reading the images' layers", layers.probe),
    # How large they are.
    Probe(size.ID, "weighing the images", size.probe),
    # Whether all of it works read-only and within limits.
    Probe(hardened.ID, "running read-only, within limits", hardened.probe, disturbs=True),
    # Whether workers take jobs.
    Probe(jobs.ID, "queueing a job", jobs.probe),
    # Whether SIGTERM is obeyed and no job lost; everything is started again after it.
    Probe(stop.ID, "stopping and starting everything", stop.probe, disturbs=True),
    # In which order things started: last, for the probe before it starts everything under watch.
    Probe(cascade.ID, "reading the order of the start", cascade.probe),
)


def prove(
    subject: Subject, probes: tuple[Probe, ...] = PROBES, tell: Callable[[Probe], None] = lambda _: None
) -> tuple[Evidence, ...]:
    """Run probes in order; one that cannot go on is evidence of failure itself, and the next ones still run."""
    found: list[Evidence] = []
    for probe in probes:
        tell(probe)
        try:
            for evidence in probe.prove(subject):
                found.append(evidence)  # noqa: PERF402 - what was proved before an error counts
        except BayplanError as error:
            found.append(Evidence(probe.id, subject.stack.name, "can be measured", Status.FAILED, error.message))
    return tuple(found)
