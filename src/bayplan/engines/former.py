"""What ran before a start: kept when it became healthy, brought back when its replacement does not."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from bayplan.engines.engine import DockerEngine
from bayplan.engines.folder import write
from bayplan.errors import BayplanError
from bayplan.model.running import Container
from bayplan.model.stack import Stack

KEPT = ".bayplan/running.json"
"""The settings of what runs, secrets included: it is as private as `run.env`."""
CONTAINERS = "x-bayplan-containers"


def keep(engine: DockerEngine, overrides: Sequence[str] = ()) -> None:
    """Remember the settings of what runs now; without them a later start can only not be brought back."""
    with suppress(BayplanError, OSError, ValueError):
        _write(engine, json.loads(engine.settings(overrides)))


def forget(engine: DockerEngine) -> None:
    (engine.project.root / engine.project.keeping(KEPT)).unlink(missing_ok=True)


def undo(stack: Stack, engine: DockerEngine, before: Sequence[Container], volumes: frozenset[str]) -> str:
    """Take back what a start did, and say what of it could not be. What had a container before keeps one."""
    if not before:
        engine.down(volumes=not volumes)
        return ""
    _name_again(stack, engine, before)
    had = {container.service for container in before}
    now = engine.containers()
    engine.remove([each for each in now if each.service not in had])
    ran = {each.service: each for each in before if each.state == "running"}
    running = {each.id for each in now if each.state == "running"}
    if all(each.id in running for each in ran.values()):
        return f"what ran before was not touched, and goes on: {', '.join(sorted(ran))}" if ran else ""
    if _bring_back(engine, ran, running):
        return f"what ran before runs again with its earlier settings: {', '.join(sorted(ran))}"
    return _go_on(engine, before, ran)


def _name_again(stack: Stack, engine: DockerEngine, before: Sequence[Container]) -> None:
    """Give our images' names back to those that ran: whoever starts the stack by hand next gets what worked."""
    own = {*(service.name for service in stack.services), *(each.name for each in stack.built)}
    for container in sorted(before, key=lambda each: each.state == "running"):  # of two that share a name it wins
        if container.service in own and container.image_name:
            with suppress(BayplanError):
                engine.tag(container.image, container.image_name)


def _bring_back(engine: DockerEngine, ran: dict[str, Container], running: set[str]) -> bool:
    """Start what ran with the settings that were kept, if they are those it ran with."""
    try:
        kept: dict[str, Any] = json.loads(
            (engine.project.root / engine.project.keeping(KEPT)).read_text(encoding="utf-8")
        )
        if any(kept[CONTAINERS].get(name) != container.id for name, container in ran.items()):
            return False
        engine.start_again(
            engine.project.keeping(KEPT), sorted(name for name, container in ran.items() if container.id not in running)
        )
        _write(engine, kept)
    except (BayplanError, OSError, ValueError, LookupError, TypeError, AttributeError):
        return False
    return True


def _go_on(engine: DockerEngine, before: Sequence[Container], ran: dict[str, Container]) -> str:
    """Start what was replaced or stopped on the way, for it ran before."""
    known = {container.id for container in before}
    for container in engine.containers():
        if container.service in ran and container.state in ("created", "exited"):
            with suppress(BayplanError):  # what is left is named below
                engine.start(container)
    now = [each for each in engine.containers() if each.service in ran]
    renewed = sorted({each.service for each in now if each.id not in known and each.state != "created"})
    stopped = sorted(ran.keys() - {each.service for each in now if each.state in ("running", "restarting")})
    said = [f"these run with the new settings now: {', '.join(renewed)}"] if renewed else []
    said += [f"these ran before and do not any more: {', '.join(stopped)}"] if stopped else []
    return "; ".join(said)


def _write(engine: DockerEngine, settings: dict[str, Any]) -> None:
    ids = {container.service: container.id for container in engine.containers()}
    write(engine.project.root, engine.project.keeping(KEPT), json.dumps(settings | {CONTAINERS: ids}))
