"""The ports of this machine that a stack is published on."""

import errno
import socket
from collections.abc import Iterable

from bayplan.errors import BayplanError
from bayplan.model.running import Container
from bayplan.model.stack import Binding, Stack

EVERYWHERE = "0.0.0.0"  # noqa: S104 - where Docker publishes a port without an address


def refuse_taken(stack: Stack, running: Iterable[Container]) -> None:
    """Raise before anything is started when another program has a port that this stack is to be published on."""
    own = {bound.port for container in running for bound in container.bound}
    for service in stack.services:
        if service.binding is not None and service.binding.port not in own and _is_taken(service.binding):
            name, port = service.name, service.binding.port
            raise BayplanError(
                f"port {port} of this machine is taken by another program, and {name} needs it",
                at=service.binding.why.at,
                remedy=f'end that program, or set services.{name}.publish: "{_other(port)}" in bayplan.yaml',
            )


def _is_taken(binding: Binding) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in binding.address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((binding.address or EVERYWHERE, binding.port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _other(port: int) -> int:
    return port + 1000 if port + 1000 < 2**16 else port - 1000
