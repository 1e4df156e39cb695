"""The image that serves files by itself, built and run as Fly.io does: as plain HTTP, behind a proxy of its own."""

import json
import shutil
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bayplan import pipeline
from bayplan.probes.web import Reply, Server, get
from tests.e2e.system import CLUTTER, EXAMPLES, docker, free_port

pytestmark = pytest.mark.engine
FILE = "fly.staging.web.toml"
ADDRESS = "https://api.staging.example.com"
SECONDS = 30
"""How long a container has until it answers."""


@dataclass(frozen=True)
class Served:
    """A container of the image, and where it answers."""

    container: str
    server: Server

    def get(self, path: str) -> Reply:
        return get(self.server, path)

    @property
    def logged(self) -> list[dict[str, str]]:
        words = ["docker", "logs", self.container]
        lines = subprocess.run(words, capture_output=True, text=True, check=True).stderr.splitlines()
        return [json.loads(line) for line in lines]

    def execute(self, *argv: str) -> str:
        return docker("exec", self.container, *argv)

    @property
    def script(self) -> str:
        """The path of the script that the page names."""
        return self.get("/").body.decode().split('src="')[1].split('"')[0]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[str]:
    assert engine
    root = tmp_path_factory.mktemp("cipherbox") / "repository"
    shutil.copytree(EXAMPLES / "cipherbox" / "repo", root, ignore=shutil.ignore_patterns(*CLUTTER))
    for path, text in pipeline.plan(root).overlay.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    asked = tomllib.loads((root / FILE).read_text(encoding="utf-8"))["build"]
    given = [f"--build-arg={key}={value}" for key, value in asked["args"].items()]
    name = f"static-serve-{free_port()}"
    docker("build", "--quiet", f"--tag={name}", f"--file={root / asked['dockerfile']}", *given, str(root))
    yield name
    docker("rmi", "--force", name)


@pytest.fixture
def served(image: str) -> Iterator[Served]:
    port = free_port()
    docker("run", "--detach", f"--name={image}", f"--publish=127.0.0.1:{port}:8080", "--memory=256m", image)
    found = Served(image, Server("127.0.0.1", port))
    try:
        until = time.monotonic() + SECONDS
        while not found.get("/").status:
            assert time.monotonic() < until, found.logged
            time.sleep(0.05)
        yield found
    finally:
        docker("rm", "--force", image)


def test_pages_and_files_are_served_as_the_proxy_of_compose_does(served: Served) -> None:
    page = served.get("/")
    assert (page.status, page.kind, page.header("cache-control")) == (200, "text/html", "no-cache")
    linked = served.get("/files/7/sealed?from=mail")
    assert (linked.status, linked.body, linked.header("cache-control")) == (200, page.body, "no-cache")
    script = served.get(served.script)
    assert (script.status, script.kind) == (200, "text/javascript")
    assert script.header("cache-control") == "public, max-age=31536000, immutable"
    missing = served.get("/assets/of-the-version-before.js")
    assert (missing.status, missing.header("cache-control")) == (404, "")


def test_what_browsers_are_told_is_in_it_and_compressed_for_those_who_ask(served: Served) -> None:
    url = f"http://127.0.0.1:8080{served.script}"
    assert ADDRESS in served.execute("wget", "-qO-", url)
    plain, packed = (
        int(served.execute("sh", "-c", f"wget -qO- {wish} {url} | wc -c"))
        for wish in ("", "--header 'Accept-Encoding: gzip'")
    )
    assert packed < plain / 2


def test_nothing_is_root_and_nothing_else_listens_or_is_written(served: Served) -> None:
    uids = served.execute("sh", "-c", "cat /proc/[0-9]*/status").split("Uid:")[1:]
    assert {number for each in uids for number in each.split()[:4]} == {"1000"}
    changed = [line.split()[1] for line in docker("diff", served.container).splitlines()]
    assert not [path for path in changed if path.split("/")[1] != "tmp"]
    listening = served.execute("sh", "-c", "netstat -tln | tail -n +3").splitlines()
    assert [line.split()[3] for line in listening] == [":::8080"]
    assert served.logged
    assert not [line for line in served.logged if line["level"] == "error"]


def test_it_ends_when_it_is_told_to(served: Served, record_property: Callable[[str, object], None]) -> None:
    began = time.monotonic()
    docker("kill", "--signal=SIGTERM", served.container)
    assert docker("wait", served.container).strip() == "0"
    seconds = time.monotonic() - began
    assert seconds < 2
    record_property("figure", f"files that are served by themselves: ended {seconds:.2f} s after SIGTERM")
