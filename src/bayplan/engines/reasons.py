"""Why a stack did not start: who is not what it should be, what it said, and what that means."""

import re
from collections.abc import Callable, Iterable, Mapping

from bayplan.engines.engine import DockerEngine
from bayplan.errors import BayplanError, CommandFailedError
from bayplan.model.running import Container
from bayplan.model.secret import hide
from bayplan.model.stack import Stack

LAST = 15
LONGEST = 400
ERROR = re.compile(
    r"(?<!no )(?<!\b0 )\b(\w*error|fatal|panic|\w*exception|failed|failure|refused|denied)\b", re.IGNORECASE
)
REFUSED = re.compile(
    r"password authentication failed|access denied for user|\bSCRAM\b.*fail|authentication failed|P1000\b",
    re.IGNORECASE,
)
READ_ONLY = re.compile(r"EROFS: read-only file system, \w+ '(?P<path>/[^'\n]{1,200})'")


def first_error(log: str, looks: re.Pattern[str] = ERROR) -> str:
    """Return the first line of a log that looks like an error."""
    return next((line.strip()[:LONGEST] for line in log.splitlines() if looks.search(line)), "")


def explained(
    stack: Stack,
    engine: DockerEngine,
    error: BayplanError,
    lost: Iterable[Container],
    found: Mapping[str, Container],
    volumes: frozenset[str],
    save_logs: Callable[[str, str], None] | None,
) -> CommandFailedError:
    """Say which services are not what they should be, what they said last, and what they said first of an error."""
    names = {container.service for container in lost}
    last, first, refused = [], [], False
    for name, container in found.items():
        log = engine.logs(container)
        if save_logs is not None:
            save_logs(name, log)
        if container.state != "created" and (name in names or not container.settled):
            last.append(_last_words(engine, container, log))
            line = first_error(log, REFUSED) or first_error(log)
            first += [f"{name} said: {line}"] if line else []
            first += _read_only(name, log)
            refused = refused or bool(REFUSED.search(log))
    said = getattr(error, "output", "") or error.message
    first += _old_password(stack, volumes) if refused else []
    unhealthy = sorted(names) or [name for name, each in found.items() if not each.settled and each.state != "created"]
    ending = {each.name for each in stack.services if each.ends}
    failed = "did not succeed" if ending.issuperset(unhealthy) else "did not become healthy"
    message = f"{', '.join(unhealthy)} {failed}" if unhealthy else error.message
    output = "\n\n".join([*last, *(["\n".join(first)] if first else [])]) or hide(said, engine.secrets)
    return CommandFailedError(message, remedy="the whole logs are in .bayplan/logs", output=output)


def _last_words(engine: DockerEngine, container: Container, log: str) -> str:
    lines = [f"{container.service}: {container.described}"]
    if container.health_output:
        lines.append(f"  its health check said: {hide(container.health_output, engine.secrets)[-LONGEST:]}")
    lines += [f"  | {line}" for line in log.splitlines()[-LAST:]]
    return "\n".join(lines)


def _read_only(name: str, log: str) -> list[str]:
    """Say what gives a program the folder that it may not write to."""
    found = READ_ONLY.search(log)
    if found is None:
        return []
    said = f"all but a few folders of {name} are read-only; if it may be empty again after each start, give it this one"
    return [f"{said} in bayplan.yaml: services.{name}.writable: [{found['path']}]"]


def _old_password(stack: Stack, volumes: frozenset[str]) -> list[str]:
    """Say what a refused password means where a store's data was there before."""
    project = stack.project_name
    return [
        f"a volume keeps the password it was made with, and that of {store.name} was made earlier:"
        " give the earlier one again, or delete its data with `bayplan down --volumes`"
        for store in stack.stores
        if f"{project}_{store.volume}" in volumes and any(variable.secret for variable in store.variables)
    ]
