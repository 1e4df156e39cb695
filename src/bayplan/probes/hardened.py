"""Everything works with a read-only root file system, without capabilities, and within its limits."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bayplan.errors import BayplanError
from bayplan.model.evidence import Evidence
from bayplan.model.running import Container
from bayplan.model.stack import Service
from bayplan.probes.subject import Part, Subject, ends, judged, skipped

ID = "hardened"
CLAIM = "works read-only, without capabilities, within its limits"
MIB = 1 << 20
LONGEST = 300
DENIED = re.compile(r"\b(EACCES|EROFS|ENOSPC)\b|read-only file system|permission denied", re.IGNORECASE)
"""What a process says that was kept from writing; it may be healthy all the same."""
ADDED = " (in a second run, for the compose file does not ask for all of this)"


def probe(subject: Subject) -> Iterator[Evidence]:
    """Prove it on what runs, or start it once more with what is missing laid over the compose file."""
    found = subject.containers()
    if all(part.name in found and is_hard(found[part.name]) for part in subject.parts):
        yield from _judge(subject, found)
        return
    try:
        subject.start(override(subject.parts, found))
        yield from _judge(subject, subject.containers(), ADDED)
    except BayplanError as error:
        said = " ".join(getattr(error, "output", "").split())[:300]
        yield judged(ID, subject.stack.name, CLAIM, f"{error.message}. {said}", holds=False)
    subject.start("")


def is_hard(container: Container) -> bool:
    limited = container.memory and container.nano_cpus and container.pids_limit > 0
    return bool(container.read_only and container.sealed and "ALL" in container.dropped and limited)


def override(parts: tuple[Part, ...], found: Mapping[str, Container]) -> str:
    """Return a compose file that adds what each part lacks; JSON is YAML."""
    return json.dumps({"services": {part.name: _hard(part, found.get(part.name)) for part in parts}}, indent=1)


def _hard(part: Part, container: Container | None) -> dict[str, Any]:
    hard: dict[str, Any] = {
        "read_only": True,
        "mem_limit": f"{part.limits.memory_mb}m",
        "cpus": part.limits.cpus,
        "pids_limit": part.limits.pids,
    }
    # Compose joins lists and refuses what stands in one twice.
    known = container or Container("", "", part.name, "", "")
    added = {
        "tmpfs": [mount for mount in part.tmpfs if mount.partition(":")[0] not in known.tmpfs],
        "cap_drop": [] if "ALL" in known.dropped else ["ALL"],
        "security_opt": [] if known.sealed else ["no-new-privileges:true"],
    }
    if not isinstance(part, Service) and added["cap_drop"]:
        added["cap_add"] = list(part.capabilities)
    return hard | {key: values for key, values in added.items() if values}


def _judge(subject: Subject, found: Mapping[str, Container], how: str = "") -> Iterator[Evidence]:
    for part in subject.parts:
        container = found.get(part.name)
        if container is None:
            yield skipped(ID, part.name, CLAIM, "it has no container")
            continue
        well = container.settled and (container.state == "running" or ends(part))
        words = [
            "read-only root" if container.read_only else "writable root",
            f"drops {', '.join(container.dropped) or 'nothing'}",
            f"{container.memory // MIB} MB" if container.memory else "memory without a limit",
            f"{container.nano_cpus / 1e9:g} CPUs" if container.nano_cpus else "CPUs without a limit",
            f"{container.pids_limit} processes" if container.pids_limit > 0 else "processes without a limit",
            container.health or container.state,
        ]
        line = _denied(subject, part, container)
        words += [f"but its log says: {line}"] if line else []
        holds = is_hard(container) and well and not line
        yield judged(ID, part.name, CLAIM, ", ".join(words) + how, holds=holds)


def _denied(subject: Subject, part: Part, container: Container) -> str:
    """Return the first line of a service's log, since it started, that says it was kept from writing.

    Programs of others try what they may not do, say so, and go on; their health is what counts.
    """
    if not isinstance(part, Service):
        return ""
    log = subject.engine.logs(container, since=container.started)
    return next((line.strip()[:LONGEST] for line in log.splitlines() if DENIED.search(line)), "")
