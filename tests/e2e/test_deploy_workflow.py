"""Deployments as GitHub would run them: the steps of the workflow in bash, over SSH, with images from a registry."""

import contextlib
import json
import os
import random
import re
import shlex
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bayplan import catalog, writers
from bayplan.catalog.contract import contract
from bayplan.formats import dotenv
from bayplan.formats.dotenv_values import values
from bayplan.pipeline import plan
from tests.e2e.deploy_target import PASSWORD, USER, Machine, Registry, machine, registry, removed
from tests.e2e.deployed_stack import API, APP, deployed
from tests.e2e.system import bayplan, copied, docker, free_port
from tests.e2e.workflow_run import Run

pytestmark = pytest.mark.engine
SOURCE = Path(__file__).parent / "deployed"
WORKFLOW = ".github/workflows/deploy-staging.yml"
MESSAGE = 'it\'s "this" $HOME ${HOME} $$ `id` \\n \\ #no comment\n-----BEGIN KEY-----\r\n  two lines \\'
PIECES = (
    "$",
    "$$",
    "${",
    "}",
    "\\",
    '"',
    "'",
    "\n",
    "\r",
    " ",
    "#",
    "=",
    "n",
    "é",
    "`",
    "\t",
    "$HOME",
    "\\n",
    "{{",
    "%",
)
QUOTING = "# Quoted as compose reads it: any value arrives as it is"
VERSIONS = ("one", "two", "three", "four", "five", "stuck", "unwell", "falling", "crashing")


@dataclass(frozen=True)
class World:
    """A repository whose staging is deployed, and where it is deployed to."""

    checkout: Path
    project: str
    port: int
    folder: Path
    machine: Machine
    registry: Registry

    @property
    def known(self) -> dict[str, str]:
        return {
            **self.machine.known,
            "secrets.MESSAGE": MESSAGE,
            "secrets.REDIS_PASSWORD": "the password that nobody sees",
            "vars.OWNER": "acme",
            "vars.REGISTRY_USER": USER,
            "secrets.REGISTRY_PASSWORD": PASSWORD,
        }

    def run(self, tag: str, **changed: str) -> Run:
        more = {name.replace("__", "."): value for name, value in changed.items()}
        return Run(self.checkout / WORKFLOW, self.checkout, self.known | {"inputs.tag": tag} | more)

    def deploy(self, tag: str, **changed: str) -> Run:
        return self.run(tag, **changed).all()

    def running(self, tag: str) -> None:
        """See that a version runs, whatever ran before."""
        if self.current.endswith(f"-{tag}") and self.version() == tag:
            return
        done = self.deploy(tag)
        assert done.succeeded, done.output

    @property
    def current(self) -> str:
        return self.link("current")

    def link(self, name: str) -> str:
        """Return the release that a link of the machine leads to."""
        path = self.folder / name
        return str(path.readlink()) if path.is_symlink() else ""

    @property
    def releases(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "releases").glob("*"))

    def ask(self, host: str, path: str = "/") -> tuple[int, dict[str, str], str]:
        """Ask through the proxy, whose certificate is its own."""
        argv = ["curl", "--silent", "--insecure", "--max-time", "30", "--include"]
        url = f"https://{host}:{self.port}{path}"
        said = subprocess.run(
            [*argv, "--http1.1", "--connect-to", f"::127.0.0.1:{self.port}", url],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        head, _, body = said.partition("\n\n")
        first, *lines = head.splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), headers, body

    def answer(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask(API)[2])
        return found

    def version(self) -> str:
        return str(self.answer()["version"])

    def container(self, service: str) -> str:
        return docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", f"{self.project}-{service}-1").strip()

    def migrations(self) -> list[str]:
        return docker("exec", f"{self.project}-redis-1", "redis-cli", "LRANGE", "migrations", "0", "-1").split()

    def images(self) -> set[str]:
        names = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
        return {name for name in names if name.startswith(self.registry.host)}

    def machine_says(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as somebody who works on the machine."""
        environment = {**os.environ, "DOCKER_CONFIG": str(self.machine.docker_config)}
        return subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=False)


def built(world: World) -> None:
    """Build every version of every image, and push them."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
        Path(folder, "publish.sh").write_text(catalog.script("publish"), encoding="utf-8")
        for version in VERSIONS:
            names = []
            for service in ("api", "worker", "web"):
                names.append(f"{world.registry.host}/acme/deployed-{service}:{version}")
                docker("build", "-q", "--target", service, "--build-arg", f"VERSION={version}", "-t", names[-1], folder)
            world.registry.push(*names)


def written(world: World, **more: Any) -> None:
    stack = deployed(world.project, world.registry.host, str(world.folder), world.port, **more)
    for path, file in writers.write(stack).items():
        target = world.checkout / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.text, encoding="utf-8")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[World]:
    assert engine
    folder = tmp_path_factory.mktemp("deploy")
    project = f"deploy-workflow-{os.getpid()}"
    with registry(folder / "registry") as images, machine(folder / "machine") as target:
        found = World(folder / "check out", project, free_port(), folder / "srv", target, images)
        found.checkout.mkdir()
        try:
            built(found)
            written(found)
            yield found
        finally:
            removed(project)
            left = docker("image", "ls", "--quiet", "--filter", f"reference={images.host}/*/*").split()
            if left:
                docker("image", "rm", "--force", *sorted(set(left)))


def test_a_first_deployment_answers(world: World) -> None:
    done = world.deploy("one")
    assert done.succeeded, done.output
    assert world.version() == "one"
    assert world.ask(APP)[2].strip() == "the page of one"
    assert world.migrations() == ["one"]


def test_values_arrive_as_they_are(world: World) -> None:
    world.running("one")
    assert world.answer()["message"] == MESSAGE
    assert world.answer()["other"] is None


def test_values_are_seen_by_nobody_else(world: World) -> None:
    world.running("one")
    done = world.deploy("one")
    assert done.succeeded, done.output
    for secret in (MESSAGE, "BEGIN KEY", "the password that nobody sees", PASSWORD, world.machine.key.splitlines()[1]):
        assert secret not in done.output
    (file,) = (world.folder / world.current).rglob(".env.staging")
    assert file.stat().st_mode & 0o777 == 0o600
    assert (world.folder / "deploy.log").stat().st_mode & 0o777 == 0o600


def test_the_machine_keeps_no_key_of_the_registry(world: World) -> None:
    world.running("one")
    kept = world.machine.docker_config / "config.json"
    assert world.registry.host not in kept.read_text(encoding="utf-8")


@contextlib.contextmanager
def visited(world: World) -> Iterator[list[tuple[str, int]]]:
    """Ask again and again, for what is served and for what is computed."""
    ended, found = threading.Event(), list[tuple[str, int]]()

    def visit(host: str) -> None:
        while not ended.is_set():
            try:
                found.append((host, world.ask(host)[0]))
            except (OSError, ssl.SSLError, subprocess.SubprocessError, IndexError):
                found.append((host, 0))
            ended.wait(0.05)

    visitors = [threading.Thread(target=visit, args=(host,)) for host in (API, APP)]
    for each in visitors:
        each.start()
    try:
        yield found
    finally:
        ended.set()
        for each in visitors:
            each.join()


def test_a_new_version_takes_the_place_of_the_old_one_and_every_visitor_is_answered(world: World) -> None:
    world.running("one")
    proxy, store, migrations = world.container("caddy"), world.container("redis"), world.migrations()
    with visited(world) as answers:
        done = world.deploy("two")
    assert done.succeeded, done.output
    assert world.version() == "two"
    assert world.ask(APP)[2].strip() == "the page of two"
    assert (world.container("caddy"), world.container("redis")) == (proxy, store)
    assert world.migrations() == [*migrations, "two"], "migrations run once"
    assert len(answers) > 20
    assert [each for each in answers if each[1] != 200] == []


def test_a_migration_that_fails_leaves_the_old_version_running(world: World) -> None:
    world.running("two")
    before = {name: world.container(name) for name in ("api", "worker", "caddy", "redis")}
    release = world.current
    done = world.deploy("stuck")
    assert not done.succeeded
    assert "this table is there already" in done.output
    assert "two runs again" in done.output
    assert {name: world.container(name) for name in before} == before
    assert (world.current, world.version()) == (release, "two")
    assert not [each for each in world.releases if each.endswith("-stuck")]
    assert not [each for each in world.images() if each.endswith(":stuck")]


WRONG = (
    ("unwell", "api says: I am not well"),
    ("falling", "worker says: I fall"),
    ("crashing", "worker says: I cannot begin"),
)


@pytest.mark.parametrize(("tag", "said"), WRONG)
def test_a_version_that_is_not_well_is_taken_back(world: World, tag: str, said: str) -> None:
    world.running("two")
    release, proxy, migrations = world.current, world.container("caddy"), world.migrations()
    done = world.deploy(tag)
    assert not done.succeeded
    assert said in done.output
    assert "BEGIN KEY" not in done.output
    assert (world.current, world.version()) == (release, "two")
    assert world.ask(APP)[2].strip() == "the page of two"
    assert world.container("caddy") == proxy
    assert world.migrations() == [*migrations, tag], "the way back migrates nothing"
    assert world.link("verified") == release


def _state(world: World) -> Mapping[str, Any]:
    parts = {name: world.container(name) for name in ("api", "worker", "caddy", "redis")}
    return {**parts, "releases": world.releases, "current": world.current}


def test_all_values_that_are_missing_are_named_before_anything_is_touched(world: World) -> None:
    world.running("two")
    before = _state(world)
    done = world.deploy("three", secrets__MESSAGE="", secrets__REDIS_PASSWORD="", secrets__DEPLOY_KEY="")
    assert not done.succeeded
    for name in ("MESSAGE", "REDIS_PASSWORD", "DEPLOY_KEY"):
        assert name in done.output
    assert _state(world) == before


@pytest.mark.parametrize("tag", ["", "a b", "$(id)", "a'; id; '", "../../etc", "-x", "a\nb", "x" * 129])
def test_what_cannot_be_a_tag_is_refused(world: World, tag: str) -> None:
    world.running("two")
    before = _state(world)
    done = world.deploy(tag)
    assert not done.succeeded
    assert "No image can have this tag" in done.output
    assert "uid=" not in done.output
    assert _state(world) == before


def test_a_machine_that_shows_another_key_is_told_nothing(world: World) -> None:
    world.running("two")
    before = _state(world)
    done = world.deploy("three", secrets__DEPLOY_KNOWN_HOSTS=world.machine.stranger)
    assert not done.succeeded
    assert "Host key verification failed" in done.output
    assert _state(world) == before


def test_images_that_are_not_there_stop_it_before_anything_is_touched(world: World) -> None:
    world.running("two")
    before = _state(world)
    done = world.deploy("nowhere")
    assert not done.succeeded
    assert "Nothing was touched" in done.output
    assert _state(world) == before


def test_a_registry_that_knows_nobody_stops_it_before_anything_is_touched(world: World) -> None:
    world.running("two")
    before = _state(world)
    done = world.deploy("three", secrets__REGISTRY_PASSWORD="another")  # noqa: S106
    assert not done.succeeded
    assert _state(world) == before


def test_a_changed_caddyfile_is_read_without_a_restart(world: World) -> None:
    world.running("two")
    proxy = world.container("caddy")
    for headers in ((("X-Release", "new"),), ()):  # the second is what the container itself was started with
        written(world, headers=headers)
        done = world.deploy("two")
        assert done.succeeded, done.output
        assert world.ask(API)[1].get("x-release") == dict(headers).get("X-Release")
    assert world.container("caddy") == proxy


def test_a_run_that_is_cancelled_is_carried_through(world: World) -> None:
    world.running("two")
    run = world.run("four")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        send, start = run.steps()
        with run.begin(send, folder, 0) as process:
            assert process.wait(timeout=60) == 0
        run.remember(send, folder, 0)
        with run.begin(start, folder, 1) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if "Container" in line:
                    break
            os.killpg(process.pid, signal.SIGKILL)
    until = time.monotonic() + 90
    while not world.link("verified").endswith("-four"):
        assert time.monotonic() < until, (world.folder / "deploy.log").read_text(encoding="utf-8")
        time.sleep(0.5)
    assert world.version() == "four"


def test_an_older_release_is_started_by_hand(world: World) -> None:
    world.running("four")
    world.running("five")
    (older,) = (each for each in world.releases if each.endswith("-four"))
    done = world.machine_says(f"sh {world.folder}/releases/{older}/deploy/staging.sh again")
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.version() == "four"
    assert world.current == f"releases/{older}"


def test_three_releases_stay_with_their_images(world: World) -> None:
    for tag in ("one", "three", "two"):
        world.running(tag)
    assert [each.rpartition("-")[2] for each in world.releases] == ["one", "three", "two"]
    assert {name.rpartition(":")[2] for name in world.images()} == {"one", "three", "two"}


def test_a_tag_that_was_moved_does_not_spoil_the_way_back(world: World) -> None:
    """The registry's `two` is another image now; the release that runs was deployed with the one it had before."""
    world.running("two")
    for service in ("api", "worker", "web"):
        name = f"{world.registry.host}/acme/deployed-{service}"
        docker("--config", str(world.registry.config), "pull", "--quiet", f"{name}:unwell")
        docker("tag", f"{name}:unwell", f"{name}:two")
        world.registry.push(f"{name}:unwell")
    done = world.machine_says(f"sh {world.folder}/{world.current}/deploy/staging.sh again")
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.version() == "two"


def test_a_first_deployment_that_fails_is_left_as_it_is_and_the_next_one_takes_its_place(
    world: World, tmp_path: Path
) -> None:
    other = replace(
        world, checkout=tmp_path / "checkout", project=f"{world.project}-new", port=free_port(), folder=tmp_path / "srv"
    )
    written(other)
    try:
        done = other.deploy("unwell")
        assert not done.succeeded
        assert "what was started is left as it is" in done.output
        assert other.link("verified") == ""
        done = other.deploy("one")
        assert done.succeeded, done.output
        assert other.version() == "one"
    finally:
        removed(other.project)


@pytest.mark.parametrize("seed", range(3))
def test_any_value_is_what_compose_makes_of_it(world: World, tmp_path: Path, seed: int) -> None:
    """The very lines of the workflow write values, and the compose of this machine reads them."""
    (send, _) = world.run("one").steps()
    lines = send["run"].splitlines()
    writing = "\n".join(lines[lines.index(QUOTING) :]).partition("\ntar ")[0]
    chosen = random.Random(seed)  # noqa: S311
    meant = {f"V{each}": "".join(chosen.choices(PIECES, k=chosen.randint(1, 9))) for each in range(300)}
    (tmp_path / "docker").mkdir()
    given = {f"VALUE_{name}": value for name, value in meant.items()}
    script = f"files={shlex.quote(str(tmp_path))}\n{writing}"
    subprocess.run(["bash", "-eo", "pipefail", "-c", script], env={**os.environ, **given}, check=True, timeout=60)
    names = {name: f"${{{name}?}}" for name in meant}
    (tmp_path / "compose.yml").write_text(json.dumps({"services": {"a": {"image": "x", "environment": names}}}))
    files = ("--file", str(tmp_path / "compose.yml"), "--env-file", str(tmp_path / "docker/.env.staging"))
    read = json.loads(docker("compose", *files, "config", "--format", "json"))["services"]["a"]["environment"]
    assert {name: text.replace("$$", "$") for name, text in read.items()} == meant


@pytest.mark.requirement("CB-17")
def test_cipherbox_gets_its_env_file_from_secrets_and_for_one_pair_of_eyes(world: World, tmp_path: Path) -> None:
    checkout, folder = copied("cipherbox", tmp_path), tmp_path / "srv"
    config = checkout / "bayplan.yaml"
    text = re.sub(r"github: \{.*?\}", f"github: {{ folder: {folder} }}", config.read_text(encoding="utf-8"))
    config.write_text(text, encoding="utf-8")
    bayplan(checkout, "write")
    asked = [term.name for term in contract(plan(checkout, "staging").stack).asked]
    secrets = {f"secrets.{name}": f"the $ecret of {name}" for name in asked}
    github = {"github.repository_owner": "Acme-Corp", "inputs.tag": "abc123"}
    run = Run(checkout / WORKFLOW, checkout, {**world.known, **secrets, **github})
    with tempfile.TemporaryDirectory() as temporary, run.begin(run.steps()[0], Path(temporary), 0) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    (release,) = (folder / "releases").iterdir()
    env = release / "docker/.env.staging"
    assert env.stat().st_mode & 0o777 == 0o600
    assert not (checkout / "docker/.env.staging").exists()
    found = values(dotenv.parse(env.read_text(encoding="utf-8"), ".env.staging"), {})
    assert found.keys() == set(asked)
    assert (found.pop("TAG"), found.pop("GITHUB_OWNER")) == ("abc123", "acme-corp")
    assert found == {name: f"the $ecret of {name}" for name in found}
    assert {path.name for path in (release / "docker").iterdir()} == {
        ".env.staging",
        "Caddyfile",
        "docker-compose.staging.yml",
    }
    compose = ("compose", "--file", str(release / "docker/docker-compose.staging.yml"), "--env-file", str(env))
    assert "ghcr.io/acme-corp/cipherbox-api:abc123" in docker(*compose, "config", "--images")


def test_the_script_runs_only_as_part_of_a_release(world: World) -> None:
    """The script refuses to run where it is not part of a release: a checkout is no machine."""
    done = subprocess.run(
        ["sh", "deploy/staging.sh", "again"], cwd=world.checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "part of a release" in done.stderr
