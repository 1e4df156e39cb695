"""A registry that asks who is there, and a machine that is reached over SSH: both real, both on this one."""

import contextlib
import ctypes
import getpass
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.system import docker, free_port, is_taken

USER, PASSWORD = "octocat", "what only GitHub knows"
SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"


def program(name: str) -> str:
    """Return where a program is; without it the test is skipped, or fails where an engine is required too."""
    found = shutil.which(name, path=SBIN)
    if found is None and os.environ.get("BAYPLAN_REQUIRE_ENGINE"):
        pytest.fail(f"{name} is missing: tests/standins/tools installs it")
    if found is None:
        pytest.skip(f"{name} is missing: tests/standins/tools installs it")
    return found


@contextlib.contextmanager
def _running(argv: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(argv, stdout=said, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + 30
            while not is_taken(port):
                assert process.poll() is None, log.read_text(encoding="utf-8")
                assert time.monotonic() < until, f"{argv[0]} does not listen"
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _hashed(password: str) -> str:
    """Return the password in the only form that the registry takes, with the least work for it: it is asked often."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    return str(library.crypt(password.encode(), b"$2b$04$" + b"a" * 21 + b"e").decode())


@dataclass(frozen=True)
class Registry:
    """A registry of this machine, and a configuration of docker's that may push to it."""

    host: str
    config: Path

    def push(self, *names: str) -> None:
        """Push images, and take them away here."""
        for name in names:
            docker("--config", str(self.config), "push", "--quiet", name)
            docker("image", "rm", name)


@contextlib.contextmanager
def registry(folder: Path) -> Iterator[Registry]:
    folder.mkdir()
    port = free_port()
    (folder / "users").write_text(f"{USER}:{_hashed(PASSWORD)}\n", encoding="utf-8")
    settings = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": f"127.0.0.1:{port}"},
        "auth": {"htpasswd": {"realm": "test", "path": str(folder / "users")}},
    }
    (folder / "config.yml").write_text(json.dumps(settings), encoding="utf-8")
    with _running([program("docker-registry"), "serve", str(folder / "config.yml")], port, folder / "log"):
        host, config = f"localhost:{port}", folder / "docker"
        docker("--config", str(config), "login", "--username", USER, "--password-stdin", host, stdin=PASSWORD)
        yield Registry(host, config)


@dataclass(frozen=True)
class Machine:
    """Where a stack is deployed to: this machine, behind an SSH server with keys of its own."""

    port: int
    key: str
    known_hosts: str
    stranger: str
    """What another machine at this address would show."""
    docker_config: Path
    """What docker remembers there of registries."""

    @property
    def known(self) -> dict[str, str]:
        """What GitHub has to know of it."""
        return {
            "secrets.DEPLOY_HOST": "127.0.0.1",
            "secrets.DEPLOY_USER": getpass.getuser(),
            "secrets.DEPLOY_KEY": self.key,
            "secrets.DEPLOY_KNOWN_HOSTS": self.known_hosts,
            "vars.DEPLOY_PORT": str(self.port),
        }


@contextlib.contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    folder.mkdir()
    server = program("sshd")
    for name in ("host", "other", "user"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(argv, check=True, timeout=30)
    Path("/run/sshd").mkdir(exist_ok=True)
    shutil.copy(folder / "user.pub", folder / "authorized_keys")
    port, config = free_port(), folder / "docker"
    settings = (
        f"ListenAddress 127.0.0.1:{port}",
        f"HostKey {folder / 'host'}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "StrictModes no",
        "PidFile none",
        f"SetEnv DOCKER_CONFIG={config} MESSAGE=of-the-machine TAG=of-the-machine",
    )
    (folder / "sshd_config").write_text("\n".join(settings) + "\n", encoding="utf-8")

    def known(name: str) -> str:
        kind, key = (folder / f"{name}.pub").read_text(encoding="utf-8").split()[:2]
        return f"[127.0.0.1]:{port} {kind} {key}\n"

    with _running([server, "-D", "-e", "-f", str(folder / "sshd_config")], port, folder / "log"):
        key = (folder / "user").read_text(encoding="utf-8")
        yield Machine(port, key, known("host"), known("other"), config)


def removed(project: str) -> None:
    """Remove all that is there of a project, its data too."""
    label = f"label=com.docker.compose.project={project}"
    for kind, listing, remove in (
        ("container", ("ls", "--all"), ("rm", "--force", "--volumes")),
        ("volume", ("ls",), ("rm",)),
        ("network", ("ls",), ("rm",)),
    ):
        names = docker(kind, *listing, "--quiet", "--filter", label).split()
        if names:
            docker(kind, *remove, *names)
