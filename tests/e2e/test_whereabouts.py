"""The example whereabouts on a real engine: an npm workspace, of which the backend alone is deployed."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.system import (
    Outside,
    System,
    asked,
    bayplan,
    copied,
    docker,
    evidence_of,
    free_port,
    grace_of,
    outside,
    quickest,
    up_again,
    watched,
)
from tests.e2e.web_socket import RefusedError, connected

pytestmark = pytest.mark.engine

INSIDE = 3000
SOMEBODY = {"name": "ada", "password": "a long enough password"}


@dataclass(frozen=True)
class Backend:
    """The example, up, and a host outside."""

    system: System
    world: Outside
    port: int

    def ask(self, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        status, _, answer = asked("localhost", path, port=self.port, body=body, headers=headers)
        return status, json.loads(answer)

    def token(self, path: str = "/api/login") -> str:
        status, answer = self.ask(path, SOMEBODY)
        assert status in (200, 201), answer
        return str(answer["token"])

    def locations(self) -> list[Any]:
        status, answer = self.ask("/api/locations", token=self.token())
        assert status == 200
        return list(answer)

    def compose(self, *words: str) -> str:
        """Run compose as somebody who has never heard of bayplan."""
        return subprocess.run(
            ["docker", "compose", *words],
            cwd=self.system.root, capture_output=True, text=True, timeout=600, check=True,
        ).stdout  # fmt: skip


def fill(root: Path) -> None:
    """Make .env by hand: copy the example, and run the command that stands above each secret."""
    lines: list[str] = []
    for line in (root / ".env.example").read_text(encoding="utf-8").splitlines():
        made = re.search(r"Secret: (.+)$", lines[-1]) if lines else None
        if re.fullmatch(r"[A-Z_]+=", line):
            assert made, line
            done = subprocess.run(made[1].split(), capture_output=True, text=True, check=True)
            lines.append(line + done.stdout.strip())
        else:
            lines.append(line)
    (root / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (root / ".env").chmod(0o600)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Backend]:
    assert engine
    name, port = f"bayplan-where-{os.getpid()}", free_port()
    root = copied("whereabouts", tmp_path_factory.mktemp("whereabouts"))
    config = root / "bayplan.yaml"
    ours = f'name: {name}\nservices: {{ backend: {{ publish: "{port}" }} }}\n'
    config.write_text(ours + config.read_text(encoding="utf-8"), encoding="utf-8")
    bayplan(root, "write")
    fill(root)
    bayplan(root, "env", "check")
    with outside(6) as world:
        began = time.monotonic()
        try:
            up = bayplan(root, "up")
            seconds = time.monotonic() - began
            system = System(root, "docker-compose.yml", name, "", up.stdout, seconds, evidence_of(root))
            made = Backend(system, world, port)
            made.token("/api/users")
            yield made
        finally:
            bayplan(root, "down", "--volumes", "--images", expect=None)


@pytest.mark.requirement("WA-30")
def test_everything_that_was_promised_is_proved(
    backend: Backend, record_property: Callable[[str, object], None]
) -> None:
    record_property("figure", f"whereabouts: the first bayplan up {backend.system.seconds:.1f} s")
    assert [each for each in backend.system.evidence if each["status"] == "failed"] == []
    for kind in ("health", "http", "user", "layers", "size", "hardened", "stop", "cascade"):
        assert any(each["status"] == "proved" for each in backend.system.proofs(kind)), kind


@pytest.mark.requirement("WA-01")
def test_the_image_is_the_expected_one(backend: Backend) -> None:
    container = backend.system.container("backend")
    assert {"NODE_ENV=production", f"PORT={INSIDE}"} <= set(container["Config"]["Env"])
    assert "/api/health" in " ".join(container["Config"]["Healthcheck"]["Test"])
    assert container["State"]["Health"]["Status"] == "healthy"
    status = backend.system.execute("backend", "cat", "/proc/1/status")
    assert re.search(r"(?m)^Uid:\t1000\t1000\t", status), status
    assert backend.system.execute("backend", "node", "--version").startswith("v20.")


def installed(lock: dict[str, Any], package: str) -> set[str]:
    """Return the folders that the lockfile gives to what a package needs in production, as Node resolves it."""
    folders: dict[str, Any] = lock["packages"]
    found: set[str] = set()
    ahead = [(Path(package), name) for name in folders[package]["dependencies"]]
    while ahead:
        start, name = ahead.pop()
        places = ((above / "node_modules" / name).as_posix() for above in (start, *start.parents))
        place = next(each for each in places if each in folders)
        if place not in found:
            found.add(place)
            needs = {**folders[place].get("dependencies", {}), **folders[place].get("optionalDependencies", {})}
            ahead += [(Path(place), each) for each in needs]
    return found


@pytest.mark.requirement("WA-01", "WA-02")
def test_production_modules_of_the_backend_are_in_it_and_nothing_else(backend: Backend) -> None:
    lock = json.loads((backend.system.root / "package-lock.json").read_text(encoding="utf-8"))
    expected = installed(lock, "packages/backend")
    assert {"node_modules/express", "node_modules/pg", "node_modules/ws"} <= expected
    paths = backend.system.execute("backend", "find", "/app", "-name", "package.json", "-path", "*/node_modules/*")
    kept = {path.removeprefix("/app/").removesuffix("/package.json") for path in paths.split()}
    assert {each for each in kept if each in lock["packages"]} == expected
    ours = backend.system.execute("backend", "find", "/app", "-type", "f", "-not", "-path", "*/node_modules/*").split()
    assert "/app/packages/backend/dist/index.js" in ours
    assert [path for path in ours if path.endswith((".ts", ".map", ".tsbuildinfo")) or "/mobile" in path] == []


@pytest.mark.requirement("WA-02")
def test_the_image_is_well_below_200_mb(backend: Backend, record_property: Callable[[str, object], None]) -> None:
    image = json.loads(docker("image", "inspect", backend.system.container("backend")["Image"]))[0]
    base = json.loads(docker("image", "inspect", "node:20-alpine"))[0]
    megabytes, below = image["Size"] / 1e6, base["Size"] / 1e6
    told = "; ".join(each["measured"] for each in backend.system.proofs("size", "backend"))
    record_property("figure", f"whereabouts: the image {megabytes:.1f} MB, of which the base {below:.1f} MB: {told}")
    assert megabytes < 150
    assert megabytes - below < 12


@pytest.mark.requirement("WA-10")
def test_the_mobile_app_is_never_deployed(backend: Backend) -> None:
    assert set(backend.compose("config", "--services").split()) == {"backend", "migrate", "postgres"}
    assert set(backend.compose("ps", "--services").split()) == {"backend", "postgres"}
    lines = (backend.system.root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "packages/mobile" in lines


@pytest.mark.requirement("WA-10")
def test_the_database_is_on_the_internal_network_alone(backend: Backend) -> None:
    system, postgres = backend.system, backend.system.container("postgres")
    assert postgres["Config"]["Image"] == "postgres:16-alpine"
    assert {(service, inside) for service, _, _, inside, _ in system.published()} == {("backend", INSIDE)}
    assert set(postgres["NetworkSettings"]["Networks"]) == {f"{system.project}_internal"}
    (network,) = postgres["NetworkSettings"]["Networks"].values()
    assert json.loads(docker("network", "inspect", network["NetworkID"]))[0]["Internal"] is True
    assert system.opened_to(backend.world) == {backend.port}
    assert not backend.world.reaches(5432, network["IPAddress"])


@pytest.mark.requirement("WA-10", "WA-30")
def test_a_row_is_written_and_read_and_everybody_who_listens_hears_of_it(backend: Backend) -> None:
    token = backend.token()
    with connected(backend.port, f"/ws?token={token}") as near:
        code = (
            "import sys; from tests.e2e.web_socket import connected\n"
            f"with connected({backend.port}, '/ws?token={token}', '{backend.world.here}') as far: print(far.text())"
        )
        far = subprocess.Popen(
            ["ip", "netns", "exec", backend.world.name, "python3", "-c", code],
            cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        time.sleep(1)
        here = {"latitude": 52.52, "longitude": 13.405}
        status, stored = backend.ask("/api/locations", here, token)
        assert (status, stored["user"], stored["latitude"], stored["longitude"]) == (201, "ada", 52.52, 13.405)
        assert json.loads(near.text()) == stored
        assert json.loads(far.communicate(timeout=20)[0]) == stored
    assert backend.locations()[0] == stored
    words = ("psql", "-U", "app", "-d", "PLACE", "-qAt", "-c", "SELECT latitude, longitude FROM locations")
    database = backend.system.container("postgres")["Config"]["Env"]
    (name,) = (each.removeprefix("POSTGRES_DB=") for each in database if each.startswith("POSTGRES_DB="))
    written = backend.system.execute("postgres", *(name if word == "PLACE" else word for word in words))
    assert "52.52|13.405" in written.splitlines()


@pytest.mark.requirement("WA-30")
def test_who_is_not_signed_in_is_refused(backend: Backend) -> None:
    assert backend.ask("/api/locations")[0] == 401
    assert backend.ask("/api/login", {**SOMEBODY, "password": "another"})[0] == 401
    with pytest.raises(RefusedError, match="401"), connected(backend.port, "/ws?token=forged"):
        pass


@pytest.mark.requirement("WA-20")
def test_the_example_of_the_env_file_has_every_secret(backend: Backend) -> None:
    text = (backend.system.root / ".env.example").read_text(encoding="utf-8")
    asked_for = set(re.findall(r"\$\{([A-Z_]+)", (backend.system.root / "docker-compose.yml").read_text("utf-8")))
    assert set(re.findall(r"(?m)^([A-Z_]+)=$", text)) == asked_for == {"JWT_SECRET", "POSTGRES_PASSWORD"}


@pytest.mark.requirement("WA-30", "WA-10")
def test_data_survives_a_restart_and_the_backend_comes_back_by_itself(backend: Backend) -> None:
    before = backend.locations()
    assert before
    backend.compose("restart", "postgres", "backend")
    backend.compose("up", "--detach", "--wait", "backend")
    assert backend.locations() == before
    docker("exec", "--user", "postgres", backend.system.container("postgres")["Id"], "sh", "-c", "kill -INT 1")
    until = time.monotonic() + 30
    while backend.system.container("postgres")["RestartCount"] == 0 or backend.ask("/api/health")[0] != 200:
        assert time.monotonic() < until, "it did not come back"
        time.sleep(0.5)
    assert backend.locations() == before


@pytest.mark.requirement("WA-30")
def test_sigterm_ends_it_gracefully_with_a_goodbye_to_who_listens(backend: Backend) -> None:
    name = backend.system.container("backend")["Id"]
    with connected(backend.port, f"/ws?token={backend.token()}") as listener:
        began = time.monotonic()
        docker("kill", "--signal", "TERM", name)
        assert listener.closed() == 1001
        assert time.monotonic() - began < 2
    assert docker("wait", name).strip() == "0"
    assert time.monotonic() - began < grace_of(backend.system.container("backend"))
    assert "stopped" in docker("logs", "--tail", "2", name)
    backend.compose("up", "--detach", "--wait", "backend")


@pytest.mark.requirement("WA-10", "WA-30")
def test_data_survives_down_and_up(backend: Backend, record_property: Callable[[str, object], None]) -> None:
    before = backend.locations()
    seconds = quickest(60, lambda: up_again(backend.system.root))
    record_property("figure", f"whereabouts: bayplan up from a warm cache {seconds:.1f} s")
    assert seconds < 60
    assert backend.locations() == before


@pytest.mark.requirement("WA-10", "WA-30")
def test_docker_compose_up_alone_brings_it_up_in_order_from_nothing(
    backend: Backend, record_property: Callable[[str, object], None]
) -> None:
    bayplan(backend.system.root, "down", "--volumes", "--images")
    with watched(backend.system.project) as events:
        backend.compose("up", "--build", "--detach", "--wait", "backend")
    order = [
        next(each for each in events if each.service == service and each.what.startswith(what))
        for service, what in (
            ("postgres", "health_status: healthy"),
            ("migrate", "start"),
            ("migrate", "die"),
            ("backend", "start"),
            ("backend", "health_status: healthy"),
        )
    ]
    assert order == sorted(order, key=lambda each: each.at)
    assert order[2].code == "0"
    seconds = (order[-1].at - next(each for each in events if each.what == "create").at) / 1e9
    record_property("figure", f"whereabouts: docker compose up from nothing to healthy {seconds:.1f} s")
    assert seconds < 15
    backend.token("/api/users")
    assert backend.locations() == []


@pytest.mark.requirement("WA-30")
def test_everything_ends_by_itself_when_it_is_told_to(backend: Backend) -> None:
    backend.system.see_each_end("backend", "postgres")


@pytest.mark.requirement("WA-30")
def test_down_leaves_nothing(backend: Backend) -> None:
    bayplan(backend.system.root, "down", "--volumes", "--images")
    label = f"label=com.docker.compose.project={backend.system.project}"
    assert docker("ps", "--all", "--quiet", "--filter", label) == ""
    assert docker("volume", "ls", "--quiet", "--filter", label) == ""
    assert docker("network", "ls", "--quiet", "--filter", label) == ""
    assert backend.system.project not in docker("images", "--format", "{{.Repository}}")
