"""What a deployment runs on its machine, judged by the tools that people judge shell scripts with."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bayplan.model.front import Answer, Site
from bayplan.model.stack import Stack
from bayplan.writers import deploy, deploy_script
from tests.e2e.deployed_stack import WHY, deployed
from tests.unit.workflow_shop import CASES

ROOT = CASES.parents[1]
BIN = Path(sys.executable).parent
ODD = "an 'odd' path"


def _stacks() -> Iterator[Stack]:
    stack = deployed("shop", "ghcr.io", "/srv/shop", 8443)
    yield stack
    yield replace(stack, proxy=None, stores=(), services=stack.services[1:2])
    yield replace(stack, compose=f"{ODD}/compose.yml", env_file=f"{ODD}/.env")
    assert stack.proxy is not None
    site = Site(("a.${DOMAIN}",), WHY, (Answer("/`id`'\"/*", "api", 3000),))
    tls = replace(stack.proxy.tls, certificate=f"{ODD}/a.pem", key=f"{ODD}/a.key")
    yield replace(stack, proxy=replace(stack.proxy, caddyfile=f"{ODD}/Caddyfile", sites=(site,), tls=tls))


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The scripts of the examples, and those of stacks that have less, more, and odd names."""
    folder = tmp_path_factory.mktemp("scripts")
    found = sorted(ROOT.glob("examples/*/expected/deploy/*.sh"))
    assert found
    for number, stack in enumerate(_stacks()):
        path = folder / f"{number}.sh"
        path.write_text(deploy.write(stack)[deploy_script.path(stack)].text, encoding="utf-8")
        found.append(path)
    return found


def test_shellcheck_has_nothing_to_say(scripts: list[Path]) -> None:
    command = [str(BIN / "shellcheck"), *map(str, scripts)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_plain_shell_reads_them(scripts: list[Path]) -> None:
    for path in scripts:
        subprocess.run(["sh", "-n", str(path)], check=True, timeout=30)


def test_no_line_is_longer_than_a_reader_likes(scripts: list[Path]) -> None:
    assert [line for path in scripts for line in path.read_text(encoding="utf-8").splitlines() if len(line) > 120] == []
