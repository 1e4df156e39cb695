"""Docker's own state of everything that runs: healthy, or ended well."""

from collections.abc import Iterator

from bayplan.model.evidence import Evidence
from bayplan.model.running import Container
from bayplan.model.stack import Service
from bayplan.probes.subject import Subject, ends, judged

ID = "health"


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that Docker calls every service healthy, and that every job ended with 0."""
    found = subject.containers()
    for part in subject.parts:
        claim = "ends with code 0" if ends(part) else "is healthy" if part.health else "keeps running"
        container = found.get(part.name)
        if container is None:
            yield judged(ID, part.name, claim, "it has no container", holds=False)
        elif ends(part):
            holds = container.state == "exited" and container.exit_code == 0
            yield judged(ID, part.name, claim, f"{container.state}, code {container.exit_code}", holds=holds)
        else:
            yield judged(ID, part.name, claim, _state(container), holds=_works(container, checked=bool(part.health)))
            if isinstance(part, Service) and part.replicas > 1:
                yield _replicas(subject, part)


def _replicas(subject: Subject, service: Service) -> Evidence:
    running = [each for each in subject.engine.containers() if each.service == service.name and each.settled]
    claim = f"runs {service.replicas} times"
    return judged(f"{ID}.replicas", service.name, claim, f"{len(running)} run", holds=len(running) == service.replicas)


def _works(container: Container, *, checked: bool) -> bool:
    return container.state == "running" and container.health in (("healthy",) if checked else ("", "healthy"))


def _state(container: Container) -> str:
    words = [container.state, container.health or "without a health check"]
    if container.restarts:
        words.append(f"restarted {container.restarts} times")
    if container.health != "healthy" and container.health_output:
        words.append(f"the check said: {container.health_output[-200:]}")
    return ", ".join(words)
