"""The scripts that make an engine and base images appear: what they say and leave alone. No engine is touched here."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

STANDINS = Path(__file__).parents[1] / "standins"
DEBIAN = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'
UNREACHED = 'failed to do request: Head "https://example.invalid/v2/library/alpine/manifests/3.20": no such host'
HEALTHY = """
case "$*" in
  info*) exit 0 ;;
  'compose version') echo 'Docker Compose version v2.26.1' ;;
  'buildx version') echo 'github.com/docker/buildx 0.13.1' ;;
  'image inspect '*) exit ${IMAGES_THERE:-0} ;;
  pull*) echo "${PULL_SAYS:-}"; exit ${PULL_ENDS:-0} ;;
esac
"""


class Machine:
    """A machine made of stand-in programs, first on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(folder),
            "STANDIN_OS_RELEASE": str(folder / "os-release"),
        }
        self.release(DEBIAN)

    def release(self, text: str) -> None:
        (self.folder / "os-release").write_text(text)

    def program(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run(self, *argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, env=self.environment | variables, capture_output=True, text=True, timeout=20, check=False
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.program("docker", HEALTHY)
    return made


def engine(machine: Machine, **variables: str) -> subprocess.CompletedProcess[str]:
    return machine.run(str(STANDINS / "engine"), **variables)


def images(machine: Machine, *names: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return machine.run(str(STANDINS / "images"), *names, **variables)


def test_an_engine_that_answers_is_left_alone_in_silence(machine: Machine) -> None:
    done = engine(machine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_elsewhere_than_debian_and_ubuntu_it_says_what_to_install(machine: Machine) -> None:
    machine.program("docker", "exit 1")
    machine.release("ID=fedora\nVERSION_ID=42\n")
    done = engine(machine)
    assert done.returncode == 3
    assert "docker-compose-plugin" in done.stderr


def test_who_is_not_root_learns_the_command_to_type(machine: Machine) -> None:
    machine.program("docker", "exit 1")
    machine.program("id", '[ "$1" = -u ] && echo 1000 || echo ada')
    done = engine(machine)
    assert done.returncode == 3
    assert "sudo usermod -aG docker ada" in done.stderr


def test_an_engine_named_by_docker_host_is_never_replaced(machine: Machine) -> None:
    machine.program("docker", "exit 1")
    done = engine(machine, DOCKER_HOST="tcp://192.0.2.1:2375")
    assert done.returncode == 3
    assert "DOCKER_HOST" in done.stderr


def test_programs_that_are_there_are_not_installed_again(machine: Machine) -> None:
    for program in ("age", "docker-registry", "git", "gpg", "gpg-agent", "ip", "jq", "openssl", "rclone", "apt-get"):
        machine.program(program, "echo $0 ran")
    done = machine.run(str(STANDINS / "tools"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_who_is_not_root_learns_which_programs_tests_miss(machine: Machine) -> None:
    for program in ("bash", "dirname"):
        (machine.bin / program).symlink_to(f"/usr/bin/{program}")
    machine.program("id", "echo 1000")
    done = machine.run("bash", str(STANDINS / "tools"), PATH=str(machine.bin))
    assert done.returncode == 0
    assert "age" in done.stdout
    assert "rclone" in done.stdout


def test_images_that_are_there_are_left_alone_in_silence(machine: Machine) -> None:
    done = images(machine, PULL_ENDS="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("ends", "says"),
    [("0", "alpine:3.20"), ("1", "toomanyrequests: slow down"), ("1", "pull access denied for alpine")],
)
def test_where_a_registry_answers_nothing_is_built(machine: Machine, ends: str, says: str) -> None:
    done = images(machine, IMAGES_THERE="1", PULL_ENDS=ends, PULL_SAYS=says)
    assert (done.returncode, done.stdout) == (0, "")


def test_where_stand_ins_cannot_be_built_it_names_the_images_to_load(machine: Machine) -> None:
    machine.release("ID=fedora\n")
    done = images(machine, "redis:7-alpine", IMAGES_THERE="1", PULL_ENDS="1", PULL_SAYS=UNREACHED)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("No image registry can be reached")
    assert done.stderr.endswith("redis:7-alpine\n")


def test_an_image_without_a_stand_in_is_named_with_the_file_to_write(machine: Machine) -> None:
    done = images(machine, "ghost/mysql:8", IMAGES_THERE="1", PULL_ENDS="1")
    assert done.returncode == 3
    assert "tests/standins/bases/mysql.sh" in done.stderr


@pytest.mark.parametrize(
    ("given", "runs"),
    [
        (["server.js"], "node server.js"),
        (["--version"], "node --version"),
        (["echo", "hello"], "hello"),
    ],
)
def test_the_node_image_runs_what_is_no_program_with_node(machine: Machine, given: list[str], runs: str) -> None:
    machine.program("node", 'echo node "$@"')
    done = machine.run("sh", str(STANDINS / "files/node-entrypoint"), *given)
    assert done.stdout.strip() == runs


@pytest.mark.parametrize(
    ("given", "runs"),
    [
        (["redis-server"], "--protected-mode no"),
        (["--appendonly", "yes"], "--protected-mode no --appendonly yes"),
        (["/etc/redis.conf", "--save", ""], "/etc/redis.conf --protected-mode no --save"),
        (["redis-server", "--version"], "--version"),
    ],
)
def test_the_redis_image_is_reachable_unless_told_otherwise(machine: Machine, given: list[str], runs: str) -> None:
    machine.program("id", "echo 999")
    machine.program("redis-server", 'echo "$@"')
    done = machine.run("sh", str(STANDINS / "files/redis-entrypoint"), *given)
    assert done.stdout.strip() == runs


def test_postgres_refuses_to_start_without_a_password(machine: Machine) -> None:
    machine.program("id", "echo 70")
    machine.program("mkdir", "")
    machine.program("chmod", "")
    done = machine.run(
        "bash", str(STANDINS / "files/postgres-entrypoint"), "postgres", PGDATA=str(machine.folder / "data")
    )
    assert done.returncode == 1
    assert "superuser password is not specified" in done.stderr


def test_the_scripts_hold_no_syntax_error() -> None:
    scripts = [path for path in STANDINS.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}]
    assert len(scripts) > 8
    for script in scripts:
        assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0, script
