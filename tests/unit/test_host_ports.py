"""A port or an address that is not to be had is said before anything starts."""

import errno
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bayplan.engines.host_ports import refuse_taken
from bayplan.errors import BayplanError, MissingValueError
from bayplan.model.parts import Asked
from bayplan.model.running import Bound, Container
from bayplan.model.stack import Stack
from tests.unit.planning import Repository, server


def _stack(folder: Path, port: int) -> Stack:
    settings = f'services:\n  api: {{publish: "127.0.0.1:{port}"}}\n'
    return Repository(folder).app("api", server(4100)).plan(settings).stack


def _bound_to(stack: Stack, address: str | Asked, protocol: str = "tcp") -> Stack:
    (api,) = stack.services
    assert api.binding is not None
    return replace(stack, services=(replace(api, binding=replace(api.binding, address=address, protocol=protocol)),))


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other


def test_a_taken_port_is_refused_with_who_needs_it_and_what_to_do(tmp_path: Path, taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    with pytest.raises(BayplanError, match=f"port {port} .* taken by another program, and api needs it") as refused:
        refuse_taken(_stack(tmp_path, port), (), {})
    assert "services.api.publish" in refused.value.remedy


def test_what_the_stack_itself_has_is_not_taken(tmp_path: Path, taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    own = Container("id", "api", "api", "sha256:1", "running", bound=(Bound(4100, "127.0.0.1", port),))
    refuse_taken(_stack(tmp_path, port), (own,), {})
    of_udp = replace(own, bound=(Bound(4100, "127.0.0.1", port, "udp"),))
    with pytest.raises(BayplanError, match="taken"):
        refuse_taken(_stack(tmp_path, port), (of_udp,), {})


def test_a_free_port_and_a_service_without_one_pass(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    stack = _stack(tmp_path, port)
    refuse_taken(stack, (), {})
    refuse_taken(_bound_to(stack, "127.0.0.1", "udp"), (), {})
    refuse_taken(replace(stack, services=tuple(replace(each, binding=None) for each in stack.services)), (), {})


@pytest.mark.parametrize("address", ["203.0.113.9", "no address at all", "2001:db8::1", "256.1.1.1"])
def test_an_address_that_this_machine_has_not_is_refused(tmp_path: Path, address: str) -> None:
    stack = _bound_to(_stack(tmp_path, 4100), address)
    with pytest.raises(BayplanError, match="is no address of this machine, and api is to be bound to it") as refused:
        refuse_taken(stack, (), {})
    assert "bayplan.yaml" in refused.value.remedy


def test_an_address_that_the_operator_gives_is_looked_at_and_must_be_given(tmp_path: Path) -> None:
    stack = _bound_to(_stack(tmp_path, 4100), Asked("PUBLIC_IP"))
    with pytest.raises(BayplanError, match=r"203\.0\.113\.9 is no address") as refused:
        refuse_taken(stack, (), {"PUBLIC_IP": "203.0.113.9"})
    assert "change PUBLIC_IP in .env" in refused.value.remedy
    with pytest.raises(MissingValueError, match="PUBLIC_IP, which has no value"):
        refuse_taken(stack, (), {})


def test_the_ports_of_another_machine_are_not_tried_here(
    tmp_path: Path, taken: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://far.example.com")
    refuse_taken(_stack(tmp_path, taken.getsockname()[1]), (), {})


def test_a_user_who_may_not_bind_a_port_asks_whether_it_answers(
    tmp_path: Path, taken: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forbidding(socket.socket):
        def bind(self, address: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", address)

    port = taken.getsockname()[1]
    monkeypatch.setattr(socket, "socket", Forbidding)
    with pytest.raises(BayplanError, match="taken"):
        refuse_taken(_stack(tmp_path / "a", port), (), {})
    taken.close()
    refuse_taken(_stack(tmp_path / "b", port), (), {})
