"""The example cipherbox while it runs: what is known about its staging, and the people who use it."""

import base64
import contextlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.system import Event, System, asked

API, APP = "api.staging.example.com", "app.staging.example.com"
ENVIRONMENT = "staging"
PROJECT = f"cipherbox-{ENVIRONMENT}"
EVIDENCE = f".bayplan/evidence/evidence.{ENVIRONMENT}.json"
RUNNING = f".bayplan/running.{ENVIRONMENT}.json"
COMPOSE, ENV = f"docker/docker-compose.{ENVIRONMENT}.yml", f"docker/.env.{ENVIRONMENT}"
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "JWT_SECRET", "TEE_SEAL_KEY", "TEE_WORKER_SECRET")


@dataclass(frozen=True)
class Staging(System):
    """The stack, what the engine said while it came up first, and the authority that its visitors trust."""

    events: tuple[Event, ...] = ()
    trusted: Path = Path()

    def ask(self, host: str, path: str, **options: Any) -> tuple[int, dict[str, str], bytes]:
        """Ask over TLS by host name."""
        return asked(host, path, authority=self.trusted, **options)

    def query(self, words: str) -> str:
        """Ask the database itself."""
        return self.execute("postgres", "psql", "-U", "app", "-d", "cipherbox", "-tAc", words).strip()

    def secrets(self) -> list[str]:
        lines = (self.root / ENV).read_text(encoding="utf-8").splitlines()
        values = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
        return [values[name] for name in SECRETS]

    def running(self, service: str) -> tuple[str, str]:
        """Return which container a service is, and since when it runs."""
        found = self.container(service)
        return found["Id"], found["State"]["StartedAt"]

    def addresses(self, service: str) -> list[str]:
        """Return the addresses of a service within its networks."""
        networks = self.container(service)["NetworkSettings"]["Networks"].values()
        return [each["IPAddress"] for each in networks if each["IPAddress"]]

    def configured(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.command("config", "--format", "json"))
        return found


@dataclass(frozen=True)
class Drive:
    """An encrypted drive, used as a browser would use it."""

    stack: Staging
    token: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        shown = {"Authorization": f"Bearer {self.token}"}
        status, _, answer = self.stack.ask(API, path, body=body, headers=shown, method=method)
        assert status in (200, 201), (method, path, status, answer)
        return json.loads(answer)

    def store(self, content: bytes = b"what only its owner can read") -> Any:
        return self.call("POST", "/files", {"name": "letter", "contentBase64": base64.b64encode(content).decode()})


def new_drive(stack: Staging) -> Drive:
    status, _, answer = stack.ask(API, "/drives", method="POST", headers={"Content-Length": "0"})
    assert status == 201, answer
    return Drive(stack, json.loads(answer)["token"])


@dataclass
class Visitors:
    """People who go on asking while something changes, and what they were told."""

    stack: Staging
    answers: list[tuple[str, int, float]]

    def ask_until(self, ended: threading.Event, host: str, path: str) -> None:
        while not ended.is_set():
            began = time.monotonic()
            try:
                status = self.stack.ask(host, path)[0]
            except (OSError, HTTPException):
                status = 0
            self.answers.append((host, status, time.monotonic() - began))
            ended.wait(0.05)


def while_visited(stack: Staging, change: Callable[[], None]) -> list[tuple[str, int, float]]:
    ended, found = threading.Event(), Visitors(stack, [])
    asking = [
        threading.Thread(target=found.ask_until, args=(ended, host, path))
        for host, path in ((API, "/health"), (APP, "/"), (APP, "/files/x"))
    ]
    for each in asking:
        each.start()
    try:
        change()
    finally:
        ended.set()
        for each in asking:
            each.join()
    return found.answers


def until_it_answers(stack: Staging) -> None:
    """Compose is done when the last container has started; what runs in it may need a moment."""
    for _ in range(50):
        with contextlib.suppress(OSError):
            if stack.ask(API, "/health")[0] == 200:
                return
        time.sleep(0.2)
    pytest.fail("the api does not answer")
