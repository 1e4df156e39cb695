"""A registry on this machine, and a builder that pushes to it by digest, which the engine itself may not."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.e2e.system import free_port

PATH = f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"
DIAL = """\
import socket, subprocess, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
while True:
    connection, _ = server.accept()
    subprocess.Popen(["docker", "buildx", "dial-stdio", "--builder", "default"], stdin=connection, stdout=connection)
    connection.close()
"""
"""Offers the engine's own BuildKit on a socket, for Buildx refuses to push by digest through an engine."""
INDEX = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Registry:
    """A registry that answers on the loopback interface."""

    host: str

    def tags(self, name: str) -> set[str]:
        return set(self._get(f"{name}/tags/list").get("tags") or ())

    def index(self, name: str, reference: str) -> dict[str, Any]:
        return self._get(f"{name}/manifests/{reference}")

    def digest(self, name: str, tag: str) -> str:
        with urlopen(self._request(f"{name}/manifests/{tag}"), timeout=20) as answer:  # noqa: S310 - our own registry
            return str(answer.headers["Docker-Content-Digest"])

    def platforms(self, name: str, tag: str) -> set[str]:
        """Return the platforms of an index, without the entries that hold attestations."""
        each = [entry["platform"] for entry in self.index(name, tag)["manifests"]]
        return {f"{one['os']}/{one['architecture']}" for one in each} - {"unknown/unknown"}

    def labels(self, name: str, tag: str) -> dict[str, str]:
        """Return the labels of the first image of an index."""
        manifest = self.index(name, self.index(name, tag)["manifests"][0]["digest"])
        config: dict[str, Any] = self._get(f"{name}/blobs/{manifest['config']['digest']}")["config"]
        return config.get("Labels") or {}

    def _request(self, path: str) -> Request:
        return Request(f"http://{self.host}/v2/{path}", headers={"Accept": INDEX})

    def _get(self, path: str) -> dict[str, Any]:
        try:
            with urlopen(self._request(path), timeout=20) as answer:  # noqa: S310 - our own registry
                found: dict[str, Any] = json.load(answer)
                return found
        except HTTPError as error:
            if error.code != 404:
                raise
            return {}


@dataclass(frozen=True)
class Builder:
    """What a runner of GitHub has: an engine, Buildx and a registry to push to."""

    registry: Registry
    environment: dict[str, str]
    name: str

    def build(self, folder: Path, *words: str) -> str:
        """Build an image, and return the digest of what was made."""
        metadata = folder.parent / "metadata.json"
        command = ["docker", "buildx", "build", "--builder", self.name, "--metadata-file", str(metadata), *words]
        subprocess.run(command, cwd=folder, env=self.environment, check=True, capture_output=True, timeout=300)
        return str(json.loads(metadata.read_text(encoding="utf-8"))["containerimage.digest"])


@contextlib.contextmanager
def builder() -> Iterator[Builder]:
    """Start a registry and an engine of its own beside this machine's, and remove both."""
    folder = Path(tempfile.mkdtemp(prefix="bayplan"))
    host = f"127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "PATH": PATH,
        "DOCKER_HOST": f"unix://{folder}/engine",
        "BUILDX_CONFIG": str(folder / "buildx"),
        "DOCKER_CONFIG": str(folder / "docker"),
    }
    plugins = Path(os.environ.get("DOCKER_CONFIG", Path.home() / ".docker")) / "cli-plugins"
    (folder / "docker").mkdir()
    if plugins.is_dir():
        (folder / "docker" / "cli-plugins").symlink_to(plugins)
    try:
        with contextlib.ExitStack() as running:
            serve = ["docker-registry", "serve", str(_registry(folder, host))]
            running.enter_context(_started(serve, environment, lambda: Registry(host).tags("none") == set()))
            engine = ["dockerd", "--config-file", str(_engine(folder))]
            running.enter_context(_started(engine, environment, lambda: _succeeds(["docker", "info"], environment)))
            dial = [sys.executable, "-c", DIAL, f"{folder}/buildkit"]
            running.enter_context(_started(dial, environment, (folder / "buildkit").exists))
            create = ["docker", "buildx", "create", "--name", "by-digest", "--driver", "remote"]
            subprocess.run([*create, f"unix://{folder}/buildkit"], env=environment, check=True, capture_output=True)
            yield Builder(Registry(host), environment, "by-digest")
    finally:
        _unmount(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _registry(folder: Path, host: str) -> Path:
    config = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": f"{folder}/images"}}, "http": {"addr": host}}
    path = folder / "registry.yml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def _engine(folder: Path) -> Path:
    """Write the configuration of an engine that keeps images in containerd, has no network and disturbs no other."""
    config = {
        "features": {"containerd-snapshotter": True},
        "containerd-namespace": folder.name,
        "containerd-plugins-namespace": f"{folder.name}-plugins",
        "bridge": "docker0",  # with "none" it would remove this bridge of the machine's own engine
        "iptables": False,
        "ip6tables": False,
        "ip-forward": False,
        "data-root": f"{folder}/data",
        "exec-root": f"{folder}/exec",
        "pidfile": f"{folder}/pid",
        "hosts": [f"unix://{folder}/engine"],
    }
    path = folder / "engine.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def _unmount(folder: Path) -> None:
    """Take away what an engine that was stopped while it started has left mounted."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    for path in reversed([each for each in mounted if each.startswith(f"{folder}/")]):
        subprocess.run(["umount", "--lazy", path], check=False, capture_output=True, timeout=60)


@contextlib.contextmanager
def _started(command: list[str], environment: dict[str, str], is_there: Callable[[], bool]) -> Iterator[None]:
    """Start a program and wait until it is there; what it wrote is shown where the test fails."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _wait(lambda: process.poll() is not None or is_there())
            assert process.poll() is None, f"{command[0]} has ended"
            yield
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read()[-4000:].decode(errors="replace"))
            raise
        finally:
            process.terminate()
            process.wait(timeout=60)


def _succeeds(command: list[str], environment: dict[str, str]) -> bool:
    return subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False).returncode == 0


def _wait(is_there: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError, socket.error):
            if is_there():
                return
        time.sleep(0.2)
    raise TimeoutError
