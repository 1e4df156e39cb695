"""The example cipherbox deployed to a machine by its own workflow: images built by bayplan, pulled from a registry."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.authority import authority
from tests.e2e.cipherbox_stack import API, APP, COMPOSE, ENV, ENVIRONMENT, PROJECT, SECRETS, Staging, while_visited
from tests.e2e.deploy_target import PASSWORD, USER, Machine, Registry, machine, registry, removed
from tests.e2e.system import bayplan, copied, docker, fixed_ports
from tests.e2e.workflow_run import Run

pytestmark = pytest.mark.engine
PORTS = (80, 443, 3000, 3001, 4001, 5001, 5432, 6379, 8080)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Registry]:
    assert engine
    with registry(tmp_path_factory.mktemp("cipherbox") / "registry") as found:
        yield found
        left = docker("image", "ls", "--quiet", "--filter", f"reference={found.host}/*/*").split()
        if left:
            docker("image", "rm", "--force", *sorted(set(left)))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("cipherbox") / "machine") as found:
        yield found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, images: Registry) -> Path:
    """A checkout whose images lie in the registry in two versions: their pages differ."""
    folder = tmp_path_factory.mktemp("cipherbox")
    root = copied("cipherbox", folder)
    config, page, env = root / "bayplan.yaml", root / "apps/web/index.html", root / ENV
    said = config.read_text(encoding="utf-8").replace("ghcr.io/${GITHUB_OWNER}", f"{images.host}/acme")
    config.write_text(re.sub(r"github: \{.*?\}", f"github: {{ folder: {folder / 'srv'} }}", said), encoding="utf-8")
    bayplan(root, "write")
    bayplan(root, "env", "new", "--env", ENVIRONMENT)
    for tag in ("one", "two"):
        page.write_text(page.read_text(encoding="utf-8").replace("</title>", f" {tag}</title>"), encoding="utf-8")
        bayplan(root, "build", "--env", ENVIRONMENT)
        for service in ("api", "web", "tee-worker"):
            name = f"{images.host}/acme/cipherbox-{service}"
            docker("tag", f"{name}:latest", f"{name}:{tag}")
            images.push(f"{name}:{tag}")
    env.unlink()
    return root


@pytest.fixture(scope="module")
def staging(root: Path) -> Iterator[Staging]:
    """Staging before it is deployed: its certificate lies on the machine."""
    found = docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}")
    assert not found, f"a stack named {PROJECT} is here, whose data this would delete"
    folder = root.parent / "srv"
    (folder / "docker/certs").mkdir(parents=True)
    maker = authority(root.parent / "authority")
    maker.issue(folder / "docker/certs/origin.pem", folder / "docker/certs/origin.key", API, APP)
    with fixed_ports(*PORTS):
        try:
            yield Staging(root, COMPOSE, PROJECT, trusted=maker.certificate)
        finally:
            removed(PROJECT)


def deploy(staging: Staging, target: Machine, tag: str) -> Run:
    known = {
        **{f"secrets.{name}": f"{name} $ecret" for name in SECRETS},
        "secrets.TEE_SEAL_KEY": "ab" * 32,
        **target.known,
        "vars.REGISTRY_USER": USER,
        "secrets.REGISTRY_PASSWORD": PASSWORD,
        "inputs.tag": tag,
    }
    return Run(staging.root / f".github/workflows/deploy-{ENVIRONMENT}.yml", staging.root, known).all()


@pytest.mark.requirement("CB-11", "CB-17", "CB-18", "CB-31")
def test_the_first_deployment_answers_over_https(staging: Staging, target: Machine) -> None:
    done = deploy(staging, target, "one")
    assert done.succeeded, done.output
    assert "has been executed successfully" in done.output, "migrations"
    assert staging.ask(API, "/health")[0] == 200
    assert staging.ask(API, "/metrics")[0] == 403
    assert b"<title>cipherbox one</title>" in staging.ask(APP, "/")[2]
    assert "$ecret" not in done.output


@pytest.mark.requirement("CB-22")
def test_the_next_one_replaces_it_while_every_visitor_is_answered(staging: Staging, target: Machine) -> None:
    runs = {name: staging.running(name) for name in ("caddy", "postgres", "redis", "ipfs")}
    deployed: list[Run] = []
    answers = while_visited(staging, lambda: deployed.append(deploy(staging, target, "two")))
    assert deployed[0].succeeded, deployed[0].output
    assert b"<title>cipherbox one two</title>" in staging.ask(APP, "/")[2]
    assert {name: staging.running(name) for name in runs} == runs
    assert len(answers) > 20
    assert [each for each in answers if each[1] != 200] == []


def test_healthy_services_that_no_visitor_reaches_are_taken_back(staging: Staging, target: Machine) -> None:
    caddyfile = staging.root / "docker/Caddyfile"
    kept, runs = caddyfile.read_text(encoding="utf-8"), staging.running("caddy")
    caddyfile.write_text(kept.replace("reverse_proxy api:3000", "reverse_proxy api:3999"), encoding="utf-8")
    try:
        done = deploy(staging, target, "two")
    finally:
        caddyfile.write_text(kept, encoding="utf-8")
    assert not done.succeeded
    assert re.search(rf"https://{re.escape(API)}/health answers 50[23]\.", done.output), done.output
    assert "runs again" in done.output
    assert staging.ask(API, "/health")[0] == 200
    assert staging.running("caddy") == runs
