"""The stack from nothing to healthy, watched; what does not get there is taken down again, with its reasons."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep

from bayplan.engines import docker
from bayplan.engines.engine import DockerEngine
from bayplan.engines.host_ports import refuse_taken
from bayplan.engines.news import Listener, News, State
from bayplan.errors import BayplanError, CommandFailedError
from bayplan.model.running import Container, Event
from bayplan.model.secret import hide
from bayplan.model.stack import Role, Stack

TIMEOUT = 300.0
EVERY = 0.7
RESTARTS = 3
"""A container that started this often again will not stay up by itself."""


@dataclass(frozen=True, slots=True)
class Started:
    """A stack that is healthy, and what was seen while it became so."""

    events: tuple[Event, ...]
    seconds: float


def expected(stack: Stack) -> dict[str, bool]:
    """Return the names of what must run, and whether each runs to its end."""
    ends = {service.name: service.role.value is Role.JOB for service in stack.services}
    return ends | {store.name: False for store in stack.stores}


def is_unchanged(stack: Stack, engine: DockerEngine) -> bool:
    """Say whether everything runs, healthy, with the settings and the images of now."""
    wanted = expected(stack)
    found = {each.service: each for each in engine.containers() if each.service in wanted}
    if problems(wanted, found) or not _all_settled(stack, found):
        return False
    hashes = engine.config_hashes()
    if any(hashes.get(name) != container.config_hash for name, container in found.items()):
        return False
    images = {service.name: docker.image_name(stack, service) for service in stack.services}
    images |= {store.name: store.image.value for store in stack.stores}
    ids = {name: engine.image(name) for name in set(images.values())}
    return all((image := ids[images[name]]) is not None and image.id == each.image for name, each in found.items())


def _all_settled(stack: Stack, found: Mapping[str, Container]) -> bool:
    return all(name in found and found[name].settled for name in expected(stack))


def problems(ends: Mapping[str, bool], found: Mapping[str, Container]) -> tuple[Container, ...]:
    """Return the containers that will not become what they should by waiting longer."""
    return tuple(each for name, each in found.items() if name in ends and _is_lost(each, ends=ends[name]))


def _is_lost(container: Container, *, ends: bool) -> bool:
    if container.health == "unhealthy" or container.restarts >= RESTARTS or container.state == "dead":
        return True
    return container.state == "exited" and (container.exit_code != 0 or not ends)


def start(
    stack: Stack,
    engine: DockerEngine,
    *,
    listen: Listener,
    overrides: Sequence[str] = (),
    timeout: float = TIMEOUT,
    save_logs: Callable[[str, str], None] | None = None,
) -> Started:
    """Start what does not run yet and wait until all of it is healthy.

    When it fails or is interrupted, what this call started is removed again, with the volumes it made;
    what ran before and what it kept is left alone.
    """
    before, volumes = engine.containers(), engine.volumes()
    refuse_taken(stack, before)
    began, since = monotonic(), engine.now()
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        step = docker.up(engine.project, overrides)
        job = pool.submit(engine.runner.stream, step, lambda _: None)
        events = _watch(stack, engine, job, since=since, deadline=began + timeout, listen=listen)
        return Started(events, monotonic() - began)
    except BaseException as error:
        engine.runner.interrupt()
        pool.shutdown()
        explained = _explained(stack, engine, error, save_logs) if isinstance(error, BayplanError) else None
        with suppress(BayplanError):
            _undo(engine, before, volumes)
        if explained is not None:
            raise explained from error
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _watch(
    stack: Stack, engine: DockerEngine, job: "Future[int]", *, since: float, deadline: float, listen: Listener
) -> tuple[Event, ...]:
    ends = expected(stack)
    events: dict[Event, None] = {}
    while True:
        up_ended = job.done()
        found = {container.service: container for container in engine.containers()}
        events.update(dict.fromkeys(engine.events(since)))
        _tell(ends, found, listen)
        if up_ended:
            if all(name in found and found[name].settled for name in ends):
                job.result()
                return tuple(sorted(events, key=lambda event: event.time))
            lost = problems(ends, found)
            if lost or job.exception() is not None:
                job.result()
                raise CommandFailedError("the stack did not start")
        if monotonic() > deadline:
            engine.runner.interrupt()
            raise CommandFailedError("the stack did not become healthy in time")
        sleep(EVERY)


def _tell(ends: Mapping[str, bool], found: Mapping[str, Container], listen: Listener) -> None:
    for name, ending in ends.items():
        container = found.get(name)
        if container is None or container.state == "created":
            listen(News(name, State.WAITING, "waits for what it needs" if container else ""))
        elif _is_lost(container, ends=ending):
            listen(News(name, State.FAILED, describe(container)))
        elif container.settled and (not ending or container.state == "exited"):
            listen(News(name, State.DONE, describe(container)))
        else:
            listen(News(name, State.RUNNING, describe(container)))


def describe(container: Container) -> str:
    """Return a container's state in a few words."""
    if container.state == "running":
        return container.health or "running"
    if container.state == "exited" and container.exit_code == 0:
        return "done"
    killed = ", out of memory" if container.out_of_memory else ""
    again = f", restarted {container.restarts} times" if container.restarts else ""
    return f"{container.state} with code {container.exit_code}{killed}{again}"


def _explained(
    stack: Stack, engine: DockerEngine, error: BayplanError, save_logs: Callable[[str, str], None] | None
) -> CommandFailedError:
    """Say which services are not what they should be, and what they said last."""
    ends = expected(stack)
    found = {container.service: container for container in engine.containers()}
    lost = {container.service for container in problems(ends, found)}
    parts = []
    for name in ends:
        container = found.get(name)
        if container is not None and save_logs is not None:
            save_logs(name, engine.logs(container))
        if container is not None and (name in lost or not container.settled) and container.state != "created":
            parts.append(_last_words(engine, name, container))
    said = getattr(error, "output", "") or error.message
    first = sorted(lost) or [name for name, each in found.items() if not each.settled and each.state != "created"]
    message = f"{', '.join(first)} did not become healthy" if first else error.message
    output = "\n\n".join(parts) or hide(said, engine.secrets)
    return CommandFailedError(message, remedy="the whole logs are in .bayplan/logs", output=output)


def _last_words(engine: DockerEngine, name: str, container: Container) -> str:
    lines = [f"{name}: {describe(container)}"]
    if container.health_output:
        lines.append(f"  its health check said: {hide(container.health_output, engine.secrets)[-400:]}")
    lines += [f"  | {line}" for line in engine.logs(container, 15).splitlines()]
    return "\n".join(lines)


def _undo(engine: DockerEngine, before: Sequence[Container], volumes: frozenset[str]) -> None:
    known = {container.id for container in before}
    if not known:
        engine.down(volumes=not volumes)
    else:
        engine.remove([each for each in engine.containers() if each.id not in known])
