"""What is mounted into containers: missing, unchanged, or another text than the one that was there at their start."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bayplan.engines import mounted
from bayplan.errors import BayplanError
from bayplan.model.running import Container
from bayplan.model.stack import Stack
from tests.unit.planning import Repository, server

SETTINGS = """
proxy:
  certificate: certs/origin.pem
  key: certs/origin.key
  sites: { api.example.com: { to: api } }
"""
STARTED = "2026-01-01T00:00:00.000000000Z"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    planned = Repository(tmp_path).app("api", server(4100)).plan(SETTINGS).stack
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs/origin.pem").write_text("a certificate")
    (tmp_path / "certs/origin.key").write_text("its key")
    (tmp_path / "Caddyfile").write_text("api.example.com\n")
    return planned


def caddy(started: str = STARTED, state: str = "running") -> Container:
    return Container("id", "caddy", "caddy", "sha256:1", state, started=started)


def test_what_is_there_passes_and_what_is_not_is_named_with_its_remedy(stack: Stack, tmp_path: Path) -> None:
    mounted.refuse_missing(stack, tmp_path)
    (tmp_path / "Caddyfile").unlink()
    with pytest.raises(BayplanError, match="Caddyfile is not there, and caddy needs it") as refused:
        mounted.refuse_missing(stack, tmp_path)
    assert "bayplan write" in refused.value.remedy


def test_a_folder_that_docker_made_is_no_caddyfile(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "Caddyfile").unlink()
    (tmp_path / "Caddyfile").mkdir()
    with pytest.raises(BayplanError, match="is a folder, as Docker makes one where a file is missing"):
        mounted.refuse_missing(stack, tmp_path)


def test_what_was_started_with_the_same_texts_is_current(stack: Stack, tmp_path: Path) -> None:
    mounted.keep(stack, tmp_path, [caddy()])
    text = (tmp_path / "Caddyfile").read_text()
    (tmp_path / "Caddyfile").unlink()
    (tmp_path / "Caddyfile").write_text(text)  # another file, for a container that looks at the first one
    assert mounted.stale(stack, tmp_path, [caddy()]) == ()
    assert mounted.is_known(stack, tmp_path, [caddy()], "caddy")


@pytest.mark.parametrize("path", ["Caddyfile", "certs/origin.pem", "certs/origin.key", "certs/new.pem"])
def test_each_file_that_changes_makes_the_container_stale(stack: Stack, tmp_path: Path, path: str) -> None:
    mounted.keep(stack, tmp_path, [caddy()])
    (tmp_path / path).write_text("something else")
    assert mounted.stale(stack, tmp_path, [caddy()]) == (caddy(),)
    assert not mounted.is_known(stack, tmp_path, [caddy()], "caddy")


def test_a_container_that_nobody_remembers_is_current_when_it_is_younger_than_its_files(
    stack: Stack, tmp_path: Path
) -> None:
    later = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.0Z"
    assert mounted.stale(stack, tmp_path, [caddy(later)]) == ()
    assert mounted.stale(stack, tmp_path, [caddy()]) == (caddy(),)
    assert mounted.stale(stack, tmp_path, [caddy("no time")]) == (caddy("no time"),)


def test_one_that_was_started_again_since_is_not_taken_for_the_one_before(stack: Stack, tmp_path: Path) -> None:
    mounted.keep(stack, tmp_path, [caddy()])
    (tmp_path / "Caddyfile").write_text("something else")
    later = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.0Z"
    assert mounted.stale(stack, tmp_path, [caddy(later)]) == ()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"id": 1}'])
def test_a_broken_memory_is_none(stack: Stack, tmp_path: Path, text: str) -> None:
    mounted.keep(stack, tmp_path, [caddy()])
    (tmp_path / mounted.KEPT).write_text(text)
    assert mounted.stale(stack, tmp_path, [caddy()]) == (caddy(),)


def test_what_does_not_run_and_what_is_given_nothing_is_never_stale(stack: Stack, tmp_path: Path) -> None:
    stopped, api = caddy(state="exited"), replace(caddy(), service="api")
    assert mounted.stale(stack, tmp_path, [stopped, api]) == ()


def test_the_memory_is_private(stack: Stack, tmp_path: Path) -> None:
    mounted.keep(stack, tmp_path, [caddy()])
    assert (tmp_path / mounted.KEPT).stat().st_mode & 0o777 == 0o600


def test_a_key_that_may_not_be_read_counts_by_its_time(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes

    def guarded(path: Path) -> bytes:
        if path.name == "origin.key":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    mounted.keep(stack, tmp_path, [caddy()])
    assert mounted.stale(stack, tmp_path, [caddy()]) == ()
    os.utime(tmp_path / "certs/origin.key", (1, 1))
    assert mounted.stale(stack, tmp_path, [caddy()]) == (caddy(),)
