"""Whether this machine has what a start needs: asked before anything is changed."""

import re
from collections.abc import Sequence

from bayplan.engines import docker, mounted
from bayplan.engines.certificates import refuse_unusable
from bayplan.engines.engine import DockerEngine
from bayplan.engines.host_ports import refuse_taken
from bayplan.errors import CommandFailedError
from bayplan.model.front import Proxy
from bayplan.model.running import Container
from bayplan.model.secret import hide
from bayplan.model.stack import Stack
from bayplan.source import At

BY_DOCKER = 125
"""What `docker run` ends with when the program never started."""
PLACE = re.compile(r"Caddyfile:(\d+)")
LONGEST = 600


def refuse_unready(stack: Stack, engine: DockerEngine, running: Sequence[Container]) -> None:
    """Raise when a port or an address is not to be had, a mounted file is missing, or a certificate is of no use."""
    refuse_taken(stack, running, engine.values)
    mounted.refuse_missing(stack, engine.project.root)
    refuse_unusable(stack, engine.project.root, engine.values)


def refuse_broken(stack: Stack, engine: DockerEngine, running: Sequence[Container]) -> None:
    """Raise when the proxy could not run with its configuration; one that runs with it already is proof enough."""
    proxy, root = stack.proxy, engine.project.root
    if proxy is None or mounted.is_known(stack, root, running, proxy.name):
        return
    step = docker.validate(proxy, engine.image_names(stack)[proxy.name], root, engine.values)
    done = engine.runner.run(step, check=False)
    if done.code == 0:
        return
    text = hide(done.stderr or done.stdout, engine.secrets)
    if done.code == BY_DOCKER:
        raise CommandFailedError(f"{proxy.caddyfile} could not be looked at by {proxy.name}", output=text.strip())
    error = _error(text)
    place = PLACE.search(error)
    raise CommandFailedError(
        f"{proxy.name} cannot run with {proxy.caddyfile}: {error}",
        at=At(proxy.caddyfile, int(place[1]), 1) if place else None,
        remedy=_remedy(proxy),
    )


def _error(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = next((line for line in reversed(lines) if line.startswith("Error:")), lines[-1] if lines else "no word")
    return found.removeprefix("Error:").strip()[:LONGEST]


def _remedy(proxy: Proxy) -> str:
    return f"nothing was changed; mend it, or take bayplan's text: `bayplan write --adopt {proxy.caddyfile}`"
