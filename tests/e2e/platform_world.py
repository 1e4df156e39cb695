"""A platform's private network on this machine's engine, and services started in it as their platform starts them."""

import contextlib
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from http.client import HTTPException
from typing import Any

from tests.e2e.platform_run import Check, PlatformRun
from tests.e2e.system import asked

LABEL = "bayplan.platform"
PATIENCE = 60
"""How many seconds something may take at most, on a machine that has other things to do."""
ANSWERS = {
    "postgres": ("pg_isready", "--host", "{host}"),
    "pgvector": ("pg_isready", "--host", "{host}"),
    "redis": ("redis-cli", "-h", "{host}", "ping"),
    "valkey": ("redis-cli", "-h", "{host}", "ping"),
    "kubo": ("ipfs", "--api", "/dns/{host}/tcp/5001", "id"),
}
"""What in the image of a store asks one by host name; a refusal for want of a password is an answer too."""


class Names(Enum):
    """The addresses that host names of a private network have."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"
    BOTH = "both"


@dataclass
class World:
    """Services of one system on one platform, and all that was asked of them."""

    name: str
    names: Names
    runs: tuple[PlatformRun, ...]
    prefix: str
    requests: int = 0
    checks: int = 0
    began: dict[str, float] = field(default_factory=dict)
    released: dict[str, float] = field(default_factory=dict)

    def run(self, name: str) -> PlatformRun:
        return next(each for each in self.runs if each.name == name)

    def deploy(self) -> None:
        """Do what a platform does with a new version: stores, release commands, services, checks."""
        stores = [each for each in self.runs if each.kind == "store"]
        services = [each for each in self.runs if each.kind not in ("store", "job")]
        for store in stores:
            self.start(store)
        for store in stores:
            self.until_it_takes_connections(store)
        for each in self.runs:
            self.release(each)
        for service in services:
            self.start(service)
        for service in services:
            for check in service.checks:
                self.until_it_answers(service, check)

    def release(self, run: PlatformRun) -> None:
        for argv in run.releases:
            began = time.monotonic()
            words = (*self._options(run), "--rm", *_command(replace(run, entrypoint=None), argv))
            done = subprocess.run(["docker", "run", *words], capture_output=True, text=True, timeout=300, check=False)
            assert done.returncode == 0, f"{run.name}: {argv}\n{done.stdout}{done.stderr}"
            self.released[run.name] = time.monotonic() - began

    def start(self, run: PlatformRun) -> None:
        words = [*self._options(run), "--detach", "--name", self.container(run)]
        if run.port is not None:
            words += ["--publish", f"127.0.0.1::{run.port}"]
        for index, path in enumerate(run.mounts):
            volume = f"{self.container(run)}-{index}"
            docker("volume", "create", "--label", f"{LABEL}={self.name}", volume)
            self._as_a_new_disk(volume, run.image)
            words += ["--volume", f"{volume}:{path}"]
        docker("run", *words, *_command(run, run.argv))
        self.began[run.name] = time.monotonic()

    def _as_a_new_disk(self, volume: str, image: str) -> None:
        """Put into a volume what every new disk has, owned by root; Docker copies nothing into it then."""
        make = ("--user", "0", "--entrypoint", "mkdir", "--volume", f"{volume}:/disk:nocopy", image)
        docker("run", "--rm", "--network", "none", *make, "-m", "700", "/disk/lost+found")

    def _options(self, run: PlatformRun) -> list[str]:
        words = ["--label", f"{LABEL}={self.name}", "--network", self.name]
        if self.names is Names.IPV6:
            index = self.runs.index(run)
            hosts = [(host, self._address(number)) for number, each in enumerate(self.runs) for host in each.hosts]
            words += [word for host, address in hosts for word in ("--add-host", f"{host}:{address}")]
            words += ["--ip6", self._address(index)]
        else:
            words += [word for host in run.hosts for word in ("--network-alias", host)]
        if run.memory_mb is not None:
            words += ["--memory", f"{run.memory_mb}m"]
        if run.init:
            words.append("--init")
        for name, value in run.environment.items():
            words += ["--env", f"{name}={value}"]
        return words

    def _address(self, number: int) -> str:
        return f"{self.prefix}::{number + 16:x}"

    def container(self, run: PlatformRun) -> str:
        return f"{self.name}-{run.name}"

    def until_it_takes_connections(self, run: PlatformRun) -> None:
        family = next((kind for kind in ANSWERS if kind in run.image.rpartition(":")[0]), None)
        assert family, f"{run.image} is a store that nothing here knows how to ask"
        argv = [word.format(host=run.hosts[0]) for word in ANSWERS[family]]
        while self.seconds(run) < PATIENCE:
            done = self.tried(run, *argv)
            if done.returncode == 0 or "NOAUTH" in done.stdout:
                return
            time.sleep(0.2)
        raise AssertionError(f"{run.name} takes no connections: {done.stdout}{done.stderr}\n{self.logs(run)}")

    def until_it_answers(self, run: PlatformRun, check: Check) -> None:
        """Wait for an answer; a service that took too long beside all the others is started once more, alone."""
        if self._seconds_until(run, check) > check.within:
            docker("restart", self.container(run))
            self.began[run.name] = time.monotonic()
            assert self._seconds_until(run, check) <= check.within, f"{run.name} has {check.within} s to answer"

    def _seconds_until(self, run: PlatformRun, check: Check) -> float:
        last = "nothing"
        while self.seconds(run) < PATIENCE:
            self.checks += 1
            try:
                status, _, _ = asked("health", check.path, port=self.port(run), headers=dict(check.headers))
                last = str(status)
                if status in check.good:
                    return self.seconds(run)
            except (OSError, HTTPException) as error:
                last = str(error)
            assert self.state(run)["Running"], f"{run.name} has ended\n{self.logs(run)}"
            time.sleep(0.2)
        raise AssertionError(f"{run.name} answers {check.path} with {last}\n{self.logs(run)}")

    def seconds(self, run: PlatformRun) -> float:
        """Return for how long a service has been running."""
        return time.monotonic() - self.began[run.name]

    def port(self, run: PlatformRun) -> int:
        return int(docker("port", self.container(run), f"{run.port}/tcp").rpartition(":")[2])

    def ask(self, name: str, path: str, **options: Any) -> tuple[int, dict[str, str], bytes]:
        """Ask a service by itself, as the platform's proxy does."""
        self.requests += 1
        return asked("localhost", path, port=self.port(self.run(name)), **options)

    def json(self, name: str, path: str, body: Any = None, **options: Any) -> Any:
        status, _, answer = self.ask(name, path, body=body, **options)
        assert status in range(200, 300), (name, path, status, answer, self.logs(self.run(name)))
        return json.loads(answer)

    def tried(self, run: PlatformRun, *argv: str) -> "subprocess.CompletedProcess[str]":
        words = ["docker", "exec", self.container(run), *argv]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    def state(self, run: PlatformRun) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(docker("inspect", self.container(run)))[0]["State"]
        return found

    def logs(self, run: PlatformRun) -> str:
        words = ["docker", "logs", "--tail", "40", self.container(run)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr

    def users(self, run: PlatformRun) -> set[str]:
        """Return the numbers of the users that the processes of a container belong to."""
        lines = docker("top", self.container(run), "-eo", "pid,uid").splitlines()
        return {line.split()[1] for line in lines[1:]}

    def told_to_end(self, run: PlatformRun) -> None:
        docker("kill", "--signal", run.signal, self.container(run))

    def ended(self, run: PlatformRun) -> tuple[float, int]:
        """Wait until a service has ended by itself, and return how long that took and its exit code."""
        began = time.monotonic()
        while time.monotonic() - began < run.seconds:
            state = self.state(run)
            if not state["Running"]:
                return time.monotonic() - began, int(state["ExitCode"])
            time.sleep(0.1)
        raise AssertionError(f"{run.name} still runs {run.seconds} s after {run.signal}\n{self.logs(run)}")

    def remove(self) -> None:
        about = ("--quiet", "--filter", f"label={LABEL}={self.name}")
        for kind, remove in ((("ps", "--all"), ("rm", "--force", "--volumes")), (("volume", "ls"), ("volume", "rm"))):
            if found := docker(*kind, *about).split():
                docker(*remove, *found)
        docker("network", "rm", self.name)


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"docker {' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


def _command(run: PlatformRun, argv: tuple[str, ...] | None) -> list[str]:
    """Return what Docker is told to run; where it is told an entrypoint, it forgets the image's CMD."""
    if run.entrypoint is None:
        return [run.image, *(argv or ())]
    if argv is None:
        argv = tuple(json.loads(docker("inspect", "--format", "{{json .Config.Cmd}}", run.image)) or ())
    first, *others = (*run.entrypoint, *argv)
    return ["--entrypoint", first, run.image, *others]


@contextlib.contextmanager
def world(title: str, runs: tuple[PlatformRun, ...], names: Names) -> Iterator[World]:
    """Make a private network for a while, and leave nothing of what is started in it."""
    prefix = f"fd{secrets.token_hex(1)}:{secrets.token_hex(2)}:{secrets.token_hex(2)}:1"
    made = World(f"bayplan-{title}-{os.getpid()}", names, runs, prefix)
    ipv6 = () if names is Names.IPV4 else ("--ipv6", "--subnet", f"{prefix}::/64")
    docker("network", "create", *ipv6, made.name)
    try:
        yield made
    finally:
        made.remove()
