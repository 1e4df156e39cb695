"""The example forgestack on a real engine: from its code to a proven running stack, and back to nothing."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.engine
EXAMPLE = Path(__file__).parents[2] / "examples" / "forgestack"
TARGETS = "targets: { railway: {} }\n"
"""As in the example: its builder takes no cache mounts, and the same images are built once for all tests."""


@dataclass(frozen=True)
class Running:
    """A copy of the example that is up, what `bayplan up` said, and what it proved."""

    root: Path
    name: str
    api: int
    web: int
    said: str
    evidence: list[dict[str, Any]]

    def proofs(self, kind: str, subject: str | None = None) -> list[dict[str, Any]]:
        return [
            each
            for each in self.evidence
            if each["id"].split(".")[0] == kind and (subject is None or each["subject"] == subject)
        ]


def bayplan(root: Path, *words: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "bayplan", *words], cwd=root, capture_output=True, text=True, timeout=900, check=False
    )
    assert expect is None or done.returncode == expect, done.stdout + done.stderr
    return done


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, timeout=600, check=True).stdout


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def copy(folder: Path, name: str, settings: str = "") -> Path:
    root = folder / "forge stack"
    shutil.copytree(EXAMPLE / "repo", root, ignore=shutil.ignore_patterns("node_modules", "dist", ".next", ".turbo"))
    (root / "bayplan.yaml").write_text(f"version: 1\nname: {name}\n{settings}{TARGETS}", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Running]:
    assert engine
    api, web = free_port(), free_port()
    name = f"bayplan-forge-{os.getpid()}"
    ports = f'services:\n  api: {{publish: "{api}"}}\n  web: {{publish: "{web}"}}\n'
    root = copy(tmp_path_factory.mktemp("forgestack"), name, ports)
    try:
        up = bayplan(root, "up", expect=None)
        evidence = json.loads((root / ".bayplan" / "evidence" / "evidence.json").read_text(encoding="utf-8"))
        assert up.returncode == 0, up.stdout + up.stderr
        yield Running(root, name, api, web, up.stdout, evidence["evidence"])
    finally:
        bayplan(root, "down", "--volumes", "--images", expect=None)


def fetch(port: int, path: str, body: dict[str, Any] | None = None) -> tuple[int, str, bytes]:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"} if data else {}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
        return answer.status, answer.headers["Content-Type"], answer.read()


@pytest.mark.requirement("FS-60", "FS-20")
def test_everything_that_was_promised_is_proved(running: Running) -> None:
    failed = [each for each in running.evidence if each["status"] == "failed"]
    assert failed == []
    assert f"http://localhost:{running.web}" in running.said
    for kind in ("health", "http", "user", "layers", "size", "hardened", "jobs", "stop", "cascade"):
        assert any(each["status"] == "proved" for each in running.proofs(kind)), kind


@pytest.mark.requirement("FS-60", "FS-07", "FS-04")
def test_the_api_answers_json_on_its_health_route(running: Running) -> None:
    status, kind, body = fetch(running.api, "/api/health")
    assert status == 200
    assert "json" in kind
    assert json.loads(body)


@pytest.mark.requirement("FS-60", "FS-09")
def test_the_web_app_answers_html_with_its_static_files_and_images(running: Running) -> None:
    status, kind, body = fetch(running.web, "/")
    assert status == 200
    assert "text/html" in kind
    page = body.decode()
    static = next(part.split('"')[0] for part in page.split('src="') if part.startswith("/_next/static/"))
    assert fetch(running.web, static)[0] == 200
    status, kind, _ = fetch(running.web, "/_next/image?url=%2Flogo.png&w=256&q=75")
    assert status == 200
    assert kind.startswith("image/")


@pytest.mark.requirement("FS-61")
def test_an_image_that_was_made_once_is_kept_also_after_a_restart(running: Running) -> None:
    image = f"http://127.0.0.1:{running.web}/_next/image?url=%2Flogo.png&w=384&q=75"
    for _ in range(20):  # the proofs have stopped and started every container once
        with urllib.request.urlopen(image, timeout=20) as answer:
            kept = answer.headers["X-Nextjs-Cache"]
        if kept == "HIT":
            break
        time.sleep(0.5)
    assert kept == "HIT"


@pytest.mark.requirement("FS-60", "FS-08")
def test_a_job_that_the_api_queues_is_processed_by_the_worker(running: Running) -> None:
    job = json.loads(fetch(running.api, "/api/jobs", {"topic": "proof", "workMs": 100})[2])
    for _ in range(60):
        state = json.loads(fetch(running.api, f"/api/jobs/{job['id']}")[2])
        if state["state"] == "completed":
            break
        time.sleep(0.5)
    assert state["state"] == "completed"
    logs = docker("compose", "--project-name", running.name, "logs", "worker")
    assert "waiting for jobs" in logs


@pytest.mark.requirement("FS-04", "FS-02")
def test_native_modules_work_where_nothing_was_compiled(running: Running) -> None:
    user = {"email": "someone@example.com", "password": "a long enough password"}
    assert fetch(running.api, "/api/users", user)[0] == 201


@pytest.mark.requirement("FS-06")
def test_nothing_of_ours_runs_as_root(running: Running) -> None:
    assert {each["subject"] for each in running.proofs("user")} >= {"api", "web", "worker"}
    assert all(each["status"] == "proved" for each in running.proofs("user"))


@pytest.mark.requirement("FS-61")
def test_the_stack_works_read_only_and_within_limits(running: Running) -> None:
    found = running.proofs("hardened")
    assert {each["subject"] for each in found} >= {"api", "web", "worker", "postgres", "redis"}
    for service in ("api", "web", "worker"):
        container = docker("compose", "--project-name", running.name, "ps", "-q", service).strip()
        host = json.loads(docker("inspect", container))[0]["HostConfig"]
        assert host["ReadonlyRootfs"]
        assert host["Memory"] > 0
        assert host["NanoCpus"] > 0
        assert host["CapDrop"] == ["ALL"]


@pytest.mark.requirement("FS-02", "FS-12")
def test_no_source_no_dev_dependency_and_no_secret_is_in_the_images(running: Running) -> None:
    assert all(each["status"] == "proved" for each in running.proofs("layers"))
    listing = docker(
        "run",
        "--rm",
        "--entrypoint",
        "find",
        f"{running.name}-api",
        "/app",
        "-type",
        "f",
        "-not",
        "-path",
        "*/node_modules/*",
    ).splitlines()
    assert "/app/apps/api/dist/main.js" in listing
    assert not [path for path in listing if path.endswith((".ts", ".tsx", ".map", ".tsbuildinfo")) or "/src/" in path]
    assert not [path for path in listing if "/.env" in path or "/.git/" in path or path.endswith(".npmrc")]


@pytest.mark.requirement("FS-23")
def test_the_address_browsers_use_is_in_the_page(running: Running) -> None:
    found = docker(
        "run",
        "--rm",
        "--entrypoint",
        "grep",
        f"{running.name}-web",
        "-rl",
        f"http://localhost:{running.api}",
        "/app/apps/web/.next/static",
    )
    assert found.strip()


@pytest.mark.requirement("FS-21")
def test_each_waits_until_what_it_needs_is_healthy(running: Running) -> None:
    found = running.proofs("cascade")
    assert {each["subject"] for each in found} >= {"api", "web", "worker"}
    assert all(each["status"] == "proved" for each in found)


@pytest.mark.requirement("FS-20")
def test_one_compose_command_is_all_it_takes(running: Running) -> None:
    values, file = running.root / ".bayplan" / "run.env", running.root / "docker-compose.prod.yml"
    said = docker("compose", "--env-file", str(values), "-f", str(file), "config", "--format", "json")
    services = json.loads(said)["services"]
    assert services["postgres"]["image"] == "postgres:15-alpine"
    assert services["redis"]["image"] == "redis:7-alpine"
    assert all("build" in services[name] for name in ("api", "web", "worker"))


@pytest.mark.requirement("FS-05")
def test_sizes_are_weighed_and_shown_by_package(running: Running) -> None:
    found = running.proofs("size")
    assert {each["subject"] for each in found} >= {"api", "web", "worker"}
    assert any("node_modules" in each["measured"] for each in found)


@pytest.mark.requirement("FS-05")
def test_a_budget_below_the_base_is_explained_and_one_that_could_hold_fails(running: Running) -> None:
    budgets = "".join(
        f"  {name}: {{budget: {size}}}\n" for name, size in (("api", "100MB"), ("worker", "130MB"), ("web", "150MB"))
    )
    config = running.root / "bayplan.yaml"
    before = config.read_text(encoding="utf-8")
    config.write_text(f"version: 1\nname: {running.name}\nservices:\n{budgets}{TARGETS}", encoding="utf-8")
    try:
        said = bayplan(running.root, "build", expect=1)
    finally:
        config.write_text(before, encoding="utf-8")
    text = said.stdout + said.stderr
    assert "impossible" in text, text
    assert "node:20-alpine" in text
    assert "bullmq" in text


@pytest.mark.requirement("FS-11")
def test_the_other_platform_gets_its_own_binaries_and_nothing_is_emulated(running: Running, tmp_path: Path) -> None:
    dockerfile = (running.root / "apps/api/Dockerfile").read_text(encoding="utf-8")
    last = dockerfile.rsplit("\nFROM ", 1)[1]
    assert "\nRUN" not in last
    production = ("--platform", "linux/arm64", "--target", "production", "--output", f"type=local,dest={tmp_path}")
    docker("buildx", "build", *production, "-f", str(running.root / "apps/api/Dockerfile"), str(running.root))
    binaries = [path.as_posix() for path in (tmp_path / "app").rglob("*.node")]
    assert binaries
    assert all("arm64" in path and "glibc" not in path for path in binaries), binaries


@pytest.mark.requirement("FS-60")
def test_a_second_up_has_nothing_to_do(running: Running) -> None:
    before = docker("compose", "--project-name", running.name, "ps", "-q")
    again = bayplan(running.root, "up")
    assert "nothing changed" in again.stdout
    assert docker("compose", "--project-name", running.name, "ps", "-q") == before


@pytest.mark.requirement("FS-60")
def test_down_leaves_nothing(running: Running) -> None:
    bayplan(running.root, "down", "--volumes", "--images")
    label = f"label=com.docker.compose.project={running.name}"
    assert docker("ps", "-aq", "--filter", label) == ""
    assert docker("volume", "ls", "-q", "--filter", label) == ""
    assert docker("network", "ls", "-q", "--filter", label) == ""
    assert running.name not in docker("images", "--format", "{{.Repository}}")
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        fetch(running.api, "/api/health")


@pytest.mark.requirement("FS-20", "FS-22")
def test_one_compose_command_brings_it_up_from_nothing(running: Running) -> None:
    """After the test above, nothing of it is there."""
    example = (running.root / ".env.example").read_text(encoding="utf-8")
    filled = [
        f"{line}a1b2c3d4e5f6a7b8c9d0" if re.fullmatch(r"[A-Z0-9_]+=", line) else line for line in example.splitlines()
    ]
    (running.root / ".env").write_text("\n".join(filled), encoding="utf-8")
    compose = ("compose", "--project-directory", str(running.root), "-f", str(running.root / "docker-compose.prod.yml"))
    try:
        docker(*compose, "up", "--build", "--detach")
        assert fetch(running.api, "/api/health")[0] == 200
    finally:
        docker(*compose, "down", "--volumes", "--rmi", "local")
