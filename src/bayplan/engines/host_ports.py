"""The addresses and ports of this machine that a stack is published on."""

import errno
import os
import socket
from collections.abc import Iterable, Mapping

from bayplan.errors import BayplanError, MissingValueError
from bayplan.model.parts import Asked, Binding
from bayplan.model.running import Container
from bayplan.model.stack import Stack
from bayplan.model.values import address_of, bindings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - where Docker publishes a port without an address
HERE = "127.0.0.1"


def refuse_taken(stack: Stack, running: Iterable[Container], values: Mapping[str, str]) -> None:
    """Raise when a port or an address that this stack is to be published on is not to be had.

    Docker itself says so too, but late: when half of the stack runs.
    """
    if not os.environ.get("DOCKER_HOST", "unix:").startswith("unix:"):
        return  # the ports of another machine cannot be tried from here
    own = {(bound.port, bound.protocol) for container in running for bound in container.bound}
    for name, binding in bindings(stack):
        address = address_of(binding, values)
        if isinstance(binding.address, Asked) and binding.address.required and not address:
            raise MissingValueError(
                f"{name} is to be bound to {binding.address.name}, which has no value",
                at=binding.why.at,
                remedy=f"give {binding.address.name} in {stack.env_file}: an address of this machine",
            )
        found = _tried(address, binding)
        if found == errno.EADDRINUSE and (binding.port, binding.protocol) not in own:
            raise BayplanError(
                f"port {binding.port} of this machine is taken by another program, and {name} needs it",
                at=binding.why.at,
                remedy=_remedy(stack, name, binding.port),
            )
        if found == errno.EADDRNOTAVAIL:
            raise BayplanError(
                f"{address} is no address of this machine, and {name} is to be bound to it",
                at=binding.why.at,
                remedy=f"{_where(stack, binding)}; `ip -brief address` lists those of this machine",
            )


def _tried(address: str, binding: Binding) -> int:
    """Return the number of the error that binding this port gives; 0 where it can be bound, or nothing can be said."""
    kind = socket.SOCK_DGRAM if binding.protocol == "udp" else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address or EVERYWHERE, binding.port))
        except socket.gaierror:
            return errno.EADDRNOTAVAIL
        except PermissionError:  # a port below 1024, which Docker may bind and this user may not
            return errno.EADDRINUSE if kind == socket.SOCK_STREAM and _answers(address or HERE, binding.port) else 0
        except OSError as error:
            return error.errno or 0
    return 0


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def _where(stack: Stack, binding: Binding) -> str:
    if isinstance(binding.address, Asked):
        return f"change {binding.address.name} in {stack.env_file}"
    return "change it in bayplan.yaml"


def _remedy(stack: Stack, name: str, port: int) -> str:
    if stack.proxy is not None and name == stack.proxy.name:
        return "end that program, or bind the proxy to another address: proxy.publish in bayplan.yaml"
    kind = "services" if stack.service(name) else "stores"
    return f'end that program, or set {kind}.{name}.publish: "{_other(port)}" in bayplan.yaml'


def _other(port: int) -> int:
    return port + 1000 if port + 1000 < 2**16 else port - 1000
