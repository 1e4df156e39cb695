"""The stack from nothing to healthy, watched; what does not get there is taken down again, with its reasons."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic, sleep

from bayplan.engines import docker, former, mounted
from bayplan.engines.engine import DockerEngine
from bayplan.engines.host_ports import refuse_taken
from bayplan.engines.news import Listener, News, State
from bayplan.engines.ready import refuse_broken, refuse_unready
from bayplan.engines.reasons import explained
from bayplan.errors import BayplanError, CommandFailedError
from bayplan.model.running import Container, Event
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
    ends = {service.name: service.ends for service in stack.services}
    proxy = {stack.proxy.name: False} if stack.proxy else {}
    return ends | {store.name: False for store in stack.stores} | proxy


def is_unchanged(stack: Stack, engine: DockerEngine) -> bool:
    """Say whether everything runs, healthy, with the settings, the images and the mounted files of now."""
    containers = engine.containers()
    return not changed(stack, engine, containers) and not mounted.stale(stack, engine.project.root, containers)


def changed(stack: Stack, engine: DockerEngine, containers: Iterable[Container]) -> tuple[str, ...]:
    """Return what must be started: what does not run as it should, or runs with other settings or another image."""
    found = latest(containers)
    hashes, images = engine.config_hashes(), engine.image_names(stack)
    ids = {name: engine.image_id(name) for name in set(images.values())}

    def is_as_planned(name: str, *, ends: bool) -> bool:
        container = found.get(name)
        if container is None or not container.settled or (container.state == "exited" and not ends):
            return False
        return hashes.get(name) == container.config_hash and ids[images[name]] == container.image

    return tuple(name for name, ends in expected(stack).items() if not is_as_planned(name, ends=ends))


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
    what ran before runs afterwards, with its earlier settings where they are known, and its data stays.
    """
    before, volumes = engine.containers(), engine.volumes()
    refuse_unready(stack, engine, before)
    refuse_broken(stack, engine, before)
    began, since = monotonic(), engine.now()
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        job = pool.submit(_bring_up, stack, engine, before, overrides)
        old = frozenset(container.id for container in before)
        events = _watch(stack, engine, job, old=old, since=since, deadline=began + timeout, listen=listen)
        former.keep(engine, overrides)
        mounted.keep(stack, engine.project.root, engine.containers())
        return Started(events, monotonic() - began)
    except BaseException as error:
        engine.runner.interrupt()
        pool.shutdown()
        failure = _failure(stack, engine, error, volumes, save_logs) if isinstance(error, BayplanError) else None
        try:
            outcome = former.undo(stack, engine, before, volumes)
        except BayplanError as another:
            outcome = f"what it started could not be taken back: {another.message}"
        if failure is not None:
            failure.output = f"{failure.output}\n\n{outcome}".rstrip()
            raise failure from error
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _bring_up(stack: Stack, engine: DockerEngine, before: Sequence[Container], overrides: Sequence[str]) -> None:
    """Start what is missing or has changed, then restart what still sees files as they were."""
    stale = mounted.stale(stack, engine.project.root, before)
    services: tuple[str, ...] = ()
    if before and not overrides:
        services = tuple(dict.fromkeys((*changed(stack, engine, before), *(each.service for each in stale))))
    for job in _jobs_first(stack, services):
        engine.runner.stream(docker.up(engine.project, overrides, (job,)), lambda _: None)
        if engine.ended(latest(engine.containers())[job]) != 0:
            raise CommandFailedError(f"{job} did not succeed, and nothing was replaced: what ran before goes on")
    engine.runner.stream(docker.up(engine.project, overrides, services), lambda _: None)
    grace = {part.name: part.grace_seconds for part in (*stack.services, *((stack.proxy,) if stack.proxy else ()))}
    for container in mounted.stale(stack, engine.project.root, engine.containers()):
        engine.restart(container, grace[container.service])


def _jobs_first(stack: Stack, services: Sequence[str]) -> tuple[str, ...]:
    """Return the jobs of a new version: compose would replace the old one before they have succeeded.

    Where a store is to be replaced as well, nothing could go on meanwhile, and compose's own order is right.
    """
    if any(store.name in services for store in stack.stores):
        return ()
    return tuple(each.name for each in stack.services if each.role.value is Role.JOB and each.name in services)


def _failure(
    stack: Stack,
    engine: DockerEngine,
    error: BayplanError,
    volumes: frozenset[str],
    save_logs: Callable[[str, str], None] | None,
) -> CommandFailedError:
    ends = expected(stack)
    found = {name: each for name, each in latest(engine.containers()).items() if name in ends}
    failure = explained(stack, engine, error, problems(ends, found), found, volumes, save_logs)
    try:
        refuse_taken(stack, found.values(), engine.values)
    except BayplanError as taken:  # by a program that was quicker
        return CommandFailedError(taken.message, remedy=taken.remedy, at=taken.at, output=failure.output)
    return failure


def latest(containers: Iterable[Container], old: frozenset[str] = frozenset()) -> dict[str, Container]:
    """Return the containers by service; while one is replaced there are two, and the new one counts.

    Of several that do the same, the one that is not yet what it should be stands for all.
    """
    return {each.service: each for each in sorted(containers, key=lambda each: (each.id not in old, not each.settled))}


def _watch(
    stack: Stack,
    engine: DockerEngine,
    job: "Future[None]",
    *,
    old: frozenset[str],
    since: float,
    deadline: float,
    listen: Listener,
) -> tuple[Event, ...]:
    ends = expected(stack)
    events: dict[Event, None] = {}
    while True:
        up_ended = job.done()
        found = latest(engine.containers(), old)
        events.update(dict.fromkeys(engine.events(since)))
        _tell(ends, found, frozenset() if up_ended else old, listen)
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


def _tell(ends: Mapping[str, bool], found: Mapping[str, Container], replaced: frozenset[str], listen: Listener) -> None:
    """Tell each service's state; one of `replaced` that has ended was told to, and another takes its place."""
    for name, ending in ends.items():
        container = found.get(name)
        if container is None or container.state == "created":
            listen(News(name, State.WAITING, "waits for what it needs" if container else ""))
        elif _is_lost(container, ends=ending) and container.id in replaced:
            listen(News(name, State.WAITING, "is started anew"))
        elif _is_lost(container, ends=ending):
            listen(News(name, State.FAILED, container.described))
        elif container.settled and (not ending or container.state == "exited"):
            listen(News(name, State.DONE, container.described))
        else:
            listen(News(name, State.RUNNING, container.described))
