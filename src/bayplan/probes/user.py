"""The user of every process of ours, and what the kernel lets it do."""

from collections.abc import Iterator
from pathlib import Path

from bayplan.model.evidence import Evidence
from bayplan.model.running import Container
from bayplan.probes.subject import Subject, ends, judged, skipped

ID = "user"


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that no process of our services is root's, that it holds no capability, and that it cannot gain any."""
    found = subject.containers()
    for service in subject.stack.services:
        container = found.get(service.name)
        if ends(service) or container is None or container.state != "running":
            continue
        yield _user(subject, container)
        yield from _powers(container)


def _user(subject: Subject, container: Container) -> Evidence:
    claim = "runs as a user that is not root"
    processes = subject.engine.processes(container)
    if not processes:
        return skipped(ID, container.service, claim, "the engine does not list its processes")
    named = ", ".join(f"{one.name} is user {one.uid}'s" for one in processes[:4])
    return judged(ID, container.service, claim, named, holds=all(one.uid not in ("0", "root") for one in processes))


def _powers(container: Container) -> Iterator[Evidence]:
    status = _status(container)
    capabilities, privileges = f"{ID}.capabilities", f"{ID}.privileges"
    none, fixed = "holds no capability of the kernel", "cannot gain privileges"
    if status is None:
        dropped = "ALL" in container.dropped
        measured = f"the engine says: drops {', '.join(container.dropped) or 'none'}"
        yield judged(capabilities, container.service, none, measured, holds=dropped)
        said = ", ".join(container.security) or "no security option"
        yield judged(privileges, container.service, fixed, f"the engine says: {said}", holds=container.sealed)
        return
    held = {name: status.get(name, "?") for name in ("CapEff", "CapBnd")}
    empty = all(value.strip("0") == "" for value in held.values())
    measured = ", ".join(f"{name} {value}" for name, value in held.items())
    yield judged(capabilities, container.service, none, measured, holds=empty)
    value = status.get("NoNewPrivs", "?")
    yield judged(privileges, container.service, fixed, f"NoNewPrivs {value}", holds=value == "1")


def _status(container: Container) -> dict[str, str] | None:
    """Return what this machine's kernel says about the main process, when the container runs on this machine."""
    process = Path("/proc") / str(container.pid)
    try:
        if container.id not in (process / "cgroup").read_text(encoding="utf-8"):
            return None
        lines = (process / "status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
