"""Jobs put into a worker's queue with the worker's own library."""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from bayplan.model.running import Container
from bayplan.model.stack import Role, Service
from bayplan.probes.subject import Subject

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the script in the container says; `problem` where it could do nothing."""

    id: str = ""
    state: str = ""
    reason: str = ""
    seconds: float = 0.0
    workers: int = 0
    problem: str = ""

    def proves(self, *, example: bool) -> bool:
        """Say whether this is how a job should end: an example of the user's well, an empty one in any way."""
        return self.ended and not (example and self.state == "failed")

    @property
    def ended(self) -> bool:
        """Whether a worker took the job and was done with it, well or not."""
        return self.state in ("completed", "failed", "unknown")


def consumers(subject: Subject) -> tuple[tuple[Service, str], ...]:
    """Return each worker with each of its queues."""
    workers = (service for service in subject.stack.services if service.role.value is Role.WORKER)
    return tuple((worker, queue) for worker in workers for queue in worker.queues if queue)


def ask(subject: Subject, worker: Service, container: Container, queue: str, do: str, job: str = "") -> Outcome:
    """Run the script in the worker's container: `run`, `add` or `see`."""
    told = {
        "do": do,
        "queue": queue,
        "id": job,
        "package": worker.package,
        "payload": json.loads(subject.payloads.get(worker.name) or "{}"),
        "variables": [each.name for each in worker.variables],
    }
    script = f"const input = {json.dumps(told)};\n" + _script()
    code, text = subject.engine.execute(container, ("node", "--input-type=commonjs", "-"), script, PATIENCE)
    return _outcome(code, text)


def _script() -> str:
    return files("bayplan.probes").joinpath("queue.cjs").read_text(encoding="utf-8")


def _outcome(code: int, text: str) -> Outcome:
    last = text.strip().rpartition("\n")[2]
    try:
        said: Any = json.loads(last)
        known = {key: said[key] for key in Outcome.__slots__ if key in said}
        return Outcome(**known)
    except (ValueError, TypeError):
        return Outcome(problem=f"node ended with code {code}: {last[:200]}")
