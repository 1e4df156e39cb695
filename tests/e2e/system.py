"""A copy of an example on a real engine, what is known about it, and a host beside this one that looks at it."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples"
CLUTTER = ("node_modules", "dist", ".next", ".turbo", ".bayplan")


def bayplan(root: Path, *words: str, expect: int | None = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run bayplan in a folder, and see that it ends as it should."""
    done = subprocess.run(
        [sys.executable, "-m", "bayplan", *words],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env={**os.environ, **variables},
    )
    assert expect is None or done.returncode == expect, done.stdout + done.stderr
    return done


def docker(*words: str, stdin: str | None = None) -> str:
    return subprocess.run(
        ["docker", *words], input=stdin, capture_output=True, text=True, timeout=600, check=True
    ).stdout


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def copied(example: str, folder: Path) -> Path:
    """Copy an example to a folder whose name no shell likes."""
    root = folder / f"{example} copy"
    shutil.copytree(EXAMPLES / example / "repo", root, ignore=shutil.ignore_patterns(*CLUTTER))
    return root


@contextlib.contextmanager
def fixed_ports(*ports: int) -> Iterator[None]:
    """Hold the ports that a stack cannot choose, such as 443: only one test at a time may."""
    until = time.monotonic() + 300
    with Path(tempfile.gettempdir(), "ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        while any(is_taken(port) for port in ports) and time.monotonic() < until:
            fcntl.flock(lock, fcntl.LOCK_UN)
            time.sleep(0.5)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return True
        return False


def quickest(limit: float, measure: Callable[[], float]) -> float:
    """Measure, and once more where it took too long: another program may have had the machine."""
    seconds = measure()
    return seconds if seconds < limit else min(seconds, measure())


def up_again(root: Path, *words: str) -> float:
    """Take a stack down, bring it up to where it is verified, and return how long the second took."""
    bayplan(root, "down", *words)
    began = time.monotonic()
    bayplan(root, "up", *words)
    return time.monotonic() - began


def grace_of(container: dict[str, Any]) -> int:
    """Return the seconds that a container has between SIGTERM and its end."""
    return int(container["Config"].get("StopTimeout") or 10)


@dataclass(frozen=True)
class System:
    """An example that is up, as `docker compose` and the evidence describe it."""

    root: Path
    compose: str
    project: str
    env_file: str = ""
    said: str = ""
    seconds: float = 0.0
    evidence: list[dict[str, Any]] = field(default_factory=list)

    def proofs(self, kind: str, subject: str | None = None) -> list[dict[str, Any]]:
        return [
            each
            for each in self.evidence
            if each["id"].split(".")[0] == kind and (subject is None or each["subject"] == subject)
        ]

    def command(self, *words: str) -> str:
        """Run compose as the README says, without bayplan."""
        given = ["--env-file", str(self.root / self.env_file)] if self.env_file else []
        return docker("compose", "--file", str(self.root / self.compose), *given, *words)

    def container(self, service: str) -> dict[str, Any]:
        """Return what the engine says about the container of a service."""
        labels = (f"label=com.docker.compose.project={self.project}", f"label=com.docker.compose.service={service}")
        names = docker("ps", "--all", "--quiet", "--filter", labels[0], "--filter", labels[1]).split()
        assert len(names) == 1, f"{service} has {len(names)} containers"
        found: dict[str, Any] = json.loads(docker("inspect", names[0]))[0]
        return found

    def execute(self, service: str, *argv: str, stdin: str | None = None) -> str:
        return docker("exec", "--interactive", self.container(service)["Id"], *argv, stdin=stdin)

    def reaches_from(self, service: str, address: str, port: int) -> bool:
        """Say whether a connection can be made from where a service stands, whatever tools its image has."""
        code = f"import socket; socket.create_connection(({address!r}, {port}), timeout=3).close()"
        inside = ("nsenter", "--net", "--target", str(self.container(service)["State"]["Pid"]))
        return subprocess.run([*inside, sys.executable, "-c", code], capture_output=True, check=False).returncode == 0

    def see_each_end(self, *services: str) -> None:
        """Stop the stack by compose, and see that each service ended by itself within its own grace period.

        The evidence says the same of the same period, and nothing of any other service.
        """
        proofs = {each["subject"]: each for each in self.evidence if each["id"] == "stop"}
        assert proofs.keys() == set(services)
        with watched(self.project) as events:
            self.command("stop")
        for name in services:
            found, proof = self.container(name), proofs[name]
            grace = grace_of(found)
            told, ended = (
                next(e.at for e in events if e.service == name and e.what == what) for what in ("kill", "die")
            )
            assert (ended - told) / 1e9 < grace, name
            assert found["State"]["ExitCode"] in (0, 143), name
            assert not found["State"]["OOMKilled"], name
            assert proof["status"] == "proved", name
            assert f"within {grace} s of SIGTERM" in proof["claim"]
            assert proof["seconds"] < grace, name

    def opened_to(self, world: "Outside") -> set[int]:
        """Return every TCP port that another host can reach here and could not before the stack came up.

        What another stack of this machine publishes meanwhile is not of this one.
        """
        now = set(world.open_ports())
        told = docker("ps", "--format", '{{.Label "com.docker.compose.project"}}|{{.Ports}}').splitlines()
        for project, _, ports in (line.partition("|") for line in told):
            for first, last in re.findall(r":(\d+)(?:-(\d+))?->", ports if project != self.project else ""):
                now -= set(range(int(first), int(last or first) + 1))
        return now - world.open_before

    def published(self) -> set[tuple[str, str, int, int, str]]:
        """Return every published port: service, address, port of the host, port inside, protocol."""
        label = f"label=com.docker.compose.project={self.project}"
        ids = docker("ps", "--quiet", "--filter", label).split()
        found = set()
        for each in json.loads(docker("inspect", *ids)):
            service = each["Config"]["Labels"]["com.docker.compose.service"]
            for inside, hosts in (each["NetworkSettings"]["Ports"] or {}).items():
                port, _, protocol = inside.partition("/")
                for host in hosts or ():
                    found.add((service, host["HostIp"], int(host["HostPort"]), int(port), protocol))
        return found


def evidence_of(root: Path, path: str = ".bayplan/evidence/evidence.json") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((root / path).read_text(encoding="utf-8"))["evidence"]
    return found


@dataclass(frozen=True)
class Outside:
    """A host of its own, in a network namespace, joined to this one by a cable."""

    name: str
    here: str
    """This machine's address on that cable: what the world would reach."""
    there: str = ""
    """The address of the other host: what this machine's containers can reach outside."""
    open_before: frozenset[int] = frozenset()
    """The TCP ports of this machine that it could reach at first."""

    def open_ports(self) -> frozenset[int]:
        """Try every TCP port of this machine."""
        done = self.run(sys.executable, str(Path(__file__).with_name("open_ports.py")), self.here)
        assert done.returncode == 0, done.stderr
        return frozenset(map(int, done.stdout.split()))

    @contextlib.contextmanager
    def serving(self, folder: Path, port: int = 9000) -> Iterator[str]:
        """Serve a folder over HTTP on the other host, at the address that is returned."""
        server = (sys.executable, "-m", "http.server", str(port), "--bind", self.there, "--directory", str(folder))
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.name, *server], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while not self.reaches(port, self.there):
                assert process.poll() is None, "the server outside has ended"
            yield f"http://{self.there}:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ip", "netns", "exec", self.name, *argv], capture_output=True, text=True, timeout=60, check=False
        )

    def reaches(self, port: int, address: str = "") -> bool:
        code = f"import socket; socket.create_connection(({address or self.here!r}, {port}), timeout=2).close()"
        return self.run(sys.executable, "-c", code).returncode == 0

    def curl(self, url: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Ask for an address by host name, which leads to this machine whatever DNS says."""
        return self.run(
            "curl", "--silent", "--show-error", "--max-time", "20", "--connect-to", f"::{self.here}:", *options, url
        )


@contextlib.contextmanager
def outside(number: int = 1) -> Iterator[Outside]:
    """Make the other host for a while."""
    name, here, there = f"bayplan{os.getpid() % 10000}n{number}", f"10.213.{number}.1", f"10.213.{number}.2"
    cable, end = f"bp{os.getpid() % 10000}h{number}", f"bp{os.getpid() % 10000}n{number}"

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30)

    ip("netns", "add", name)
    try:
        ip("link", "add", cable, "type", "veth", "peer", "name", end, "netns", name)
        ip("address", "add", f"{here}/24", "dev", cable)
        ip("link", "set", cable, "up")
        for words in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{there}/24", "dev", end),
            ("link", "set", end, "up"),
            ("route", "add", "default", "via", here),
        ):
            ip("-n", name, *words)
        host = Outside(name, here, there)
        yield replace(host, open_before=host.open_ports())
    finally:
        ip("netns", "delete", name)


@dataclass(frozen=True)
class Event:
    """What the engine said about a container of a service, and when, in nanoseconds."""

    at: int
    service: str
    what: str
    code: str


@contextlib.contextmanager
def watched(project: str) -> Iterator[list[Event]]:
    """Listen to the engine's own events about a stack; the list is filled when this ends."""
    found: list[Event] = []
    about = ("--filter", "type=container", "--filter", f"label=com.docker.compose.project={project}")
    service = '{{index .Actor.Attributes "com.docker.compose.service"}}'
    told = f"{{{{.TimeNano}}}}|{service}|{{{{.Action}}}}|{{{{.Actor.Attributes.exitCode}}}}"
    command = ["docker", "events", "--since", str(int(time.time())), *about, "--format", told]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as heard:
        listening = subprocess.Popen(command, stdout=heard)
        try:
            yield found
        finally:
            time.sleep(0.3)
            listening.terminate()
            listening.wait(timeout=30)
            heard.seek(0)
            for line in heard:
                at, service, what, code = line.rstrip("\n").split("|", 3)
                if not what.startswith("exec_"):
                    found.append(Event(int(at), service, what, code))


def asked(
    host: str,
    path: str = "/",
    *,
    authority: Path | None = None,
    address: str = "127.0.0.1",
    port: int = 0,
    body: Any = None,
    headers: dict[str, str] | None = None,
    method: str = "",
) -> tuple[int, dict[str, str], bytes]:
    """Ask by host name, over TLS with an authority; redirects are answers like others."""
    scheme_port = port or (443 if authority else 80)
    data = json.dumps(body).encode() if body is not None else None
    sent = {"Host": host, "Connection": "close", **(headers or {})}
    if data is not None:
        sent |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
    word = method or ("POST" if data is not None else "GET")
    head = f"{word} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items()) + "\r\n"
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(socket.create_connection((address, scheme_port), timeout=20))
        used: socket.socket = plain
        if authority:
            trusting = ssl.create_default_context(cafile=str(authority))
            used = stack.enter_context(trusting.wrap_socket(plain, server_hostname=host))
        used.sendall(head.encode() + (data or b""))
        answer = stack.enter_context(contextlib.closing(HTTPResponse(used, method=word)))
        answer.begin()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
