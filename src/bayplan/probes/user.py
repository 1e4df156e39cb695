"""The user of every process of ours, and what the kernel lets everything that runs do."""

from collections.abc import Iterator
from pathlib import Path

from bayplan.model.evidence import Evidence
from bayplan.model.running import Container
from bayplan.model.stack import Service
from bayplan.probes.subject import Subject, ends, judged, skipped

ID = "user"
NAMES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE"
    " NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN"
    " SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE"
    " MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
CAPABILITIES = tuple(NAMES.split())
"""The kernel's names, each at its number."""


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove that no process of our services is root's, that nothing holds a capability too many, and can gain any."""
    found = subject.containers()
    for part in subject.parts:
        container = found.get(part.name)
        if ends(part) or container is None or container.state != "running":
            continue
        if isinstance(part, Service):
            yield _user(subject, container)
        yield from _powers(container, () if isinstance(part, Service) else part.capabilities)


def _user(subject: Subject, container: Container) -> Evidence:
    claim = "runs as a user that is not root"
    processes = subject.engine.processes(container)
    if not processes:
        return skipped(ID, container.service, claim, "the engine does not list its processes")
    named = ", ".join(f"{one.name} is user {one.uid}'s" for one in processes[:4])
    return judged(ID, container.service, claim, named, holds=all(one.uid not in ("0", "root") for one in processes))


def _powers(container: Container, planned: tuple[str, ...]) -> Iterator[Evidence]:
    status = _status(container)
    capabilities, privileges = f"{ID}.capabilities", f"{ID}.privileges"
    may, fixed = "holds no capability of the kernel", "cannot gain privileges"
    if planned:
        may = f"can have no capability of the kernel but {', '.join(planned)}"
    if status is None:
        dropped = "ALL" in container.dropped
        measured = f"the engine says: drops {', '.join(container.dropped) or 'none'}"
        yield judged(capabilities, container.service, may, measured, holds=dropped)
        said = ", ".join(container.security) or "no security option"
        yield judged(privileges, container.service, fixed, f"the engine says: {said}", holds=container.sealed)
        return
    held = {name: status.get(name, "?") for name in ("CapEff", "CapBnd")}
    few = all(_named(value) <= set(planned) for value in held.values()) and _named(held["CapBnd"]) == set(planned)
    measured = ", ".join(f"{name} {value}" for name, value in held.items())
    yield judged(capabilities, container.service, may, measured, holds=few)
    value = status.get("NoNewPrivs", "?")
    yield judged(privileges, container.service, fixed, f"NoNewPrivs {value}", holds=value == "1")


def _named(mask: str) -> set[str]:
    """Return the names of the capabilities in one of the kernel's masks; of one that cannot be read, all of them."""
    try:
        bits = int(mask, 16)
    except ValueError:
        return set(CAPABILITIES)
    known = {name for number, name in enumerate(CAPABILITIES) if bits >> number & 1}
    return known | ({"?"} if bits >> len(CAPABILITIES) else set())


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
