"""The ports of this machine that a stack is published on."""

import errno
import socket
from collections.abc import Iterable, Iterator, Mapping

from bayplan.engines.docker import value_text
from bayplan.errors import BayplanError
from bayplan.model.running import Container
from bayplan.model.stack import Asked, Binding, Stack

EVERYWHERE = "0.0.0.0"  # noqa: S104 - where Docker publishes a port without an address


def refuse_taken(stack: Stack, running: Iterable[Container], values: Mapping[str, str]) -> None:
    """Raise before anything is started when another program has a port that this stack is to be published on."""
    own = {bound.port for container in running for bound in container.bound}
    for name, binding in _bindings(stack):
        address = value_text(binding.address, values) if isinstance(binding.address, Asked) else binding.address
        if binding.port not in own and _is_taken(address.strip("[]"), binding):
            raise BayplanError(
                f"port {binding.port} of this machine is taken by another program, and {name} needs it",
                at=binding.why.at,
                remedy=_remedy(stack, name, binding.port),
            )


def _bindings(stack: Stack) -> Iterator[tuple[str, Binding]]:
    yield from ((each.name, each.binding) for each in stack.services if each.binding is not None)
    parts = (*stack.stores, *((stack.proxy,) if stack.proxy else ()))
    yield from ((part.name, binding) for part in parts for binding in part.bindings)


def _remedy(stack: Stack, name: str, port: int) -> str:
    if stack.proxy is not None and name == stack.proxy.name:
        return "end that program, or bind the proxy to another address: proxy.publish in bayplan.yaml"
    kind = "services" if stack.service(name) else "stores"
    return f'end that program, or set {kind}.{name}.publish: "{_other(port)}" in bayplan.yaml'


def _is_taken(address: str, binding: Binding) -> bool:
    kind = socket.SOCK_DGRAM if binding.protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address or EVERYWHERE, binding.port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _other(port: int) -> int:
    return port + 1000 if port + 1000 < 2**16 else port - 1000
