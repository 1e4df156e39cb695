"""A port that another program has is said before anything starts."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from bayplan.engines.host_ports import refuse_taken
from bayplan.errors import BayplanError
from bayplan.model.stack import Stack
from tests.unit.planning import Repository, server


def _stack(folder: Path, port: int) -> Stack:
    settings = f'services:\n  api: {{publish: "127.0.0.1:{port}"}}\n'
    return Repository(folder).app("api", server(4100)).plan(settings).stack


def test_a_taken_port_is_refused_with_who_needs_it_and_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BayplanError, match=f"port {port} .* taken by another program, and api needs it") as refused:
            refuse_taken(_stack(tmp_path, port), (), {})
    assert "services.api.publish" in refused.value.remedy


def test_a_free_port_and_a_service_without_one_pass(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    stack = _stack(tmp_path, port)
    refuse_taken(stack, (), {})
    refuse_taken(replace(stack, services=tuple(replace(each, binding=None) for each in stack.services)), (), {})
