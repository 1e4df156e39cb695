"""A throw-away server without a network, for backups to be proved in."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep

from bayplan.engines.backups.family import Family, Inside, Scratch
from bayplan.errors import CommandFailedError
from bayplan.run import PipeRunner, Step

LABEL = "bayplan.scratch"
PATIENCE = 180.0
QUICK = 60.0
SOME_LINES = 15


@dataclass(frozen=True, slots=True)
class Room:
    """What a throw-away server may take, and which image it runs."""

    image: str
    owner: str
    """The project it works for; what an earlier run of it left is removed."""
    memory_mb: int = 512
    capabilities: tuple[str, ...] = ()
    user: str = ""
    network: str = "none"


def start(room: Room, name: str, scratch: Scratch) -> Step:
    argv = ["docker", "run", "--detach", f"--network={room.network}", f"--name={name}", f"--label={LABEL}={room.owner}"]
    argv += [f"--user={room.user}"] if room.user else []
    argv += ["--cap-drop=ALL", *(f"--cap-add={each}" for each in room.capabilities)]
    argv += ["--security-opt=no-new-privileges", f"--memory={room.memory_mb}m", "--pids-limit=256", "--cpus=2"]
    argv += [word for variable, value in scratch.variables for word in ("--env", f"{variable}={value}")]
    return Step((*argv, room.image, *scratch.command), "start a throw-away server")


@contextmanager
def server(family: Family, room: Room, scratch: Scratch, runner: PipeRunner) -> Iterator[Inside]:
    """Run a server that takes connections while the block runs; nothing of it is left, whatever happens."""
    sweep(room.owner, runner)
    name = f"bayplan-scratch-{secrets.token_hex(6)}"
    try:
        runner.run(start(room, name, scratch))
        inside = family.inside(name, runner)
        _wait(family, inside, name, runner)
        yield inside
    finally:
        runner.run(_remove(name), check=False)


def sweep(owner: str, runner: PipeRunner) -> None:
    """Remove what a run that was killed has left."""
    listed = ("docker", "ps", "--all", "--quiet", f"--filter=label={LABEL}={owner}")
    for name in runner.run(Step(listed, "look for old throw-away servers", timeout=QUICK)).stdout.split():
        runner.run(_remove(name), check=False)


def _remove(name: str) -> Step:
    return Step(("docker", "rm", "--force", "--volumes", name), "remove the throw-away server", timeout=QUICK)


def _wait(family: Family, inside: Inside, name: str, runner: PipeRunner) -> None:
    began = monotonic()
    while runner.run(family.is_up(inside), check=False).code:
        state = runner.run(Step(("docker", "inspect", "--format={{json .State}}", name), "look at it", timeout=QUICK))
        is_running = json.loads(state.stdout)["Running"]
        if not is_running or monotonic() - began > PATIENCE:
            logs = runner.run(Step(("docker", "logs", f"--tail={SOME_LINES}", name), "read its log", timeout=QUICK))
            how = f"took no connections within {PATIENCE:.0f} s" if is_running else "ended at once"
            raise CommandFailedError(f"the throw-away server {how}", output=logs.stdout + logs.stderr)
        sleep(0.2)
