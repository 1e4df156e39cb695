"""What bayplan writes for the example cipherbox, read as its requirements read."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan import pipeline
from bayplan.formats import dockerignore
from bayplan.formats.dockerfile_parser import parse
from bayplan.model.deployment import ImageFile, Instruction
from bayplan.pipeline import Planned

REPOSITORY = Path(__file__).parents[2] / "examples" / "cipherbox" / "repo"
COMPOSE = "docker/docker-compose.staging.yml"
STAY = {"api", "postgres", "redis", "ipfs", "tee-worker", "caddy"}


@pytest.fixture(scope="module")
def planned() -> Planned:
    return pipeline.plan(REPOSITORY)


@pytest.fixture(scope="module")
def services(planned: Planned) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(planned.files[COMPOSE].text)["services"]
    return found


def image(planned: Planned, path: str) -> ImageFile:
    return parse(planned.files[path].text, path)


def copies(planned: Planned, path: str) -> Iterator[str]:
    """Yield what a Dockerfile copies from its context."""
    for stage in image(planned, path).stages:
        for each in stage.instructions:
            if each.word == "COPY" and each.flag("from") is None:
                yield from each.arguments[:-1]


def last(planned: Planned, path: str, word: str) -> list[Instruction]:
    return [each for each in image(planned, path).stages[-1].instructions if each.word == word]


@pytest.mark.requirement("CB-01")
def test_the_api_is_built_in_stages_from_the_root_with_its_part_of_the_workspace(planned: Planned) -> None:
    service = next(each for each in planned.stack.services if each.name == "api")
    assert (service.image.dockerfile, service.image.context) == ("apps/api/Dockerfile", ".")
    stages = image(planned, "apps/api/Dockerfile").stages
    assert len(stages) > 2
    bases = {stage.base.value for stage in stages} - {stage.name for stage in stages}
    assert bases == {"node:22-alpine"}
    text = planned.files["apps/api/Dockerfile"].text
    assert "pnpm@10.34.8" in text
    installs = re.findall(r"pnpm install .*", text)
    assert installs
    assert all("--frozen-lockfile" in each and "--filter @cipherbox/api..." in each for each in installs)
    copied = set(copies(planned, "apps/api/Dockerfile"))
    assert "tsconfig.base.json" in copied
    assert not [each for each in copied if re.search(r"web|desktop|crypto|tee", each)]


@pytest.mark.requirement("CB-02")
def test_the_last_stage_is_what_runs_as_a_user_of_its_own(planned: Planned) -> None:
    path = "apps/api/Dockerfile"
    assert [each.arguments for each in last(planned, path, "CMD")] == [("node", "dist/main.js")]
    assert not last(planned, path, "ENTRYPOINT")
    assert {"NODE_ENV=production", "PORT=3000"} <= {
        word for each in last(planned, path, "ENV") for word in each.arguments
    }
    assert [each.arguments for each in last(planned, path, "USER")] == [("appuser:appgroup",)]
    text = planned.files[path].text
    assert "addgroup -g 1001 appgroup" in text
    assert re.search(r"adduser .*-u 1001 .*appuser", text)
    assert not last(planned, path, "RUN")
    assert all(each.flag("from") for each in last(planned, path, "COPY"))


@pytest.mark.requirement("CB-03")
def test_the_tee_worker_is_installed_from_its_npm_lockfile(planned: Planned) -> None:
    service = next(each for each in planned.stack.services if each.name == "tee-worker")
    assert (service.image.dockerfile, service.image.context) == ("tee-worker/Dockerfile", "tee-worker")
    text = planned.files["tee-worker/Dockerfile"].text
    assert "COPY package.json package-lock.json ./" in text
    assert len(re.findall(r"\bnpm ci\b", text)) == 2
    assert "pnpm" not in text
    assert "npm install" not in text


@pytest.mark.requirement("CB-04")
def test_the_context_leaves_out_what_no_build_of_it_needs(planned: Planned) -> None:
    """The web app stays: its own image is built from the same context, and the api's copies nothing of it."""
    patterns = [
        each.value for each in dockerignore.parse(planned.files[".dockerignore"].text, ".dockerignore").patterns
    ]
    for path in (
        "apps/desktop/src/main.ts",
        "tee-worker/src/index.ts",
        "tools/store.mjs",
        "docs/api.md",
        ".planning/next.md",
        "README.md",
        ".env",
        "docker/.env.staging",
        "docker/certs/origin.key",
        "apps/api/.env.local",
        "apps/api/src/environment.test.ts",
        "apps/api/node_modules/x/index.js",
        ".git/HEAD",
    ):
        assert dockerignore.matches(patterns, path), path
    for path in ("apps/api/src/main.ts", "apps/api/tsconfig.build.json", "tsconfig.base.json", "pnpm-lock.yaml"):
        assert not dockerignore.matches(patterns, path), path


@pytest.mark.requirement("CB-32")
@pytest.mark.parametrize(
    ("folder", "path"),
    [("", "apps/api/Dockerfile"), ("", "apps/web/Dockerfile"), ("tee-worker/", "tee-worker/Dockerfile")],
)
def test_nothing_that_is_copied_is_ignored(planned: Planned, folder: str, path: str) -> None:
    ignore = planned.files[f"{folder}.dockerignore"].text
    patterns = [each.value for each in dockerignore.parse(ignore, ".dockerignore").patterns]
    for source in copies(planned, path):
        assert f"{folder}{source}" in planned.files or (REPOSITORY / folder / source).exists(), source
        assert not dockerignore.matches(patterns, source), source


def test_staging_is_a_project_of_its_own(planned: Planned) -> None:
    assert yaml.safe_load(planned.files[COMPOSE].text)["name"] == "cipherbox-staging"


@pytest.mark.requirement("CB-10", "CB-30")
def test_six_services_stay_and_two_end(services: dict[str, dict[str, Any]]) -> None:
    """The two are jobs, which end before what waits for them starts: the migrations, and web's files for Caddy."""
    assert {name for name, each in services.items() if each["restart"] == "unless-stopped"} == STAY
    assert {name for name, each in services.items() if each["restart"] == "no"} == {"migrate", "web"}


@pytest.mark.requirement("CB-11")
def test_our_images_are_pulled_from_an_owner_that_a_variable_names(services: dict[str, dict[str, Any]]) -> None:
    assert not [name for name, each in services.items() if "build" in each]
    for name in ("api", "tee-worker", "web"):
        assert re.fullmatch(
            rf"ghcr\.io/\$\{{GITHUB_OWNER:\?.*\}}/cipherbox-{name}:\$\{{TAG:-latest\}}", services[name]["image"]
        )


@pytest.mark.requirement("CB-12")
def test_what_is_published_to_the_world_and_what_to_this_machine(services: dict[str, dict[str, Any]]) -> None:
    ports = {name: set(each.get("ports", ())) for name, each in services.items()}
    assert ports == {
        "caddy": {"80:80", "443:443", "443:443/udp"},
        "ipfs": {"127.0.0.1:5001:5001", "127.0.0.1:8080:8080", "4001:4001", "4001:4001/udp"},
        "api": {"127.0.0.1:3000:3000"},
        "tee-worker": {"127.0.0.1:3001:3001"},
        "postgres": {"127.0.0.1:5432:5432"},
        "redis": {"127.0.0.1:6379:6379"},
        "migrate": set(),
        "web": set(),
    }


@pytest.mark.requirement("CB-12", "CB-15")
def test_who_uses_no_database_shares_no_network_with_one(services: dict[str, dict[str, Any]]) -> None:
    """A port that is published needs a network with a way out: theirs is nobody else's."""
    networks = {name: set(each.get("networks", ())) for name, each in services.items()}
    stores = networks["postgres"] | networks["redis"] | networks["ipfs"]
    assert stores == {"internal", "stores"}
    assert networks["api"] == {"public", "internal"}
    for name in ("caddy", "tee-worker", "web"):
        assert not networks[name] & stores, name


@pytest.mark.requirement("CB-13", "CB-18")
def test_each_waits_for_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    waits = {
        name: {other: each["condition"] for other, each in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }
    assert waits["api"].items() >= {"postgres": "service_healthy", "redis": "service_healthy"}.items()
    assert waits["api"]["migrate"] == "service_completed_successfully"
    assert waits["migrate"] == {"postgres": "service_healthy"}
    assert waits["caddy"]["api"] == "service_healthy"
    assert services["migrate"]["command"] == ["node_modules/.bin/typeorm", "migration:run", "-d", "dist/data-source.js"]


@pytest.mark.requirement("CB-17")
def test_what_runs_knows_no_secret_that_it_does_not_read(services: dict[str, dict[str, Any]]) -> None:
    knows = {
        name: {word for word in re.findall(r"\$\{(\w+):\?", str(each.get("environment"))) if word != "GITHUB_OWNER"}
        for name, each in services.items()
    }
    assert knows == {
        "api": {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "JWT_SECRET", "TEE_WORKER_SECRET"},
        "migrate": {"POSTGRES_PASSWORD"},
        "tee-worker": {"TEE_SEAL_KEY", "TEE_WORKER_SECRET"},
        "postgres": {"POSTGRES_PASSWORD"},
        "redis": {"REDIS_PASSWORD"},
        "caddy": set(),
        "ipfs": set(),
        "web": set(),
    }


@pytest.mark.requirement("CB-17")
def test_no_written_file_holds_a_value_of_a_secret(planned: Planned) -> None:
    example = planned.files["docker/.env.staging.example"].text
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "JWT_SECRET", "TEE_SEAL_KEY", "TEE_WORKER_SECRET"):
        assert re.search(rf"Secret: openssl rand -hex 32\n{name}=\n", example), name
    for path, file in planned.files.items():
        assert not re.search(r"(?<!@)\b[0-9a-f]{32,}\b|BEGIN .*PRIVATE KEY", file.text), path


@pytest.mark.requirement("CB-20", "CB-21", "CB-22")
def test_the_caddyfile_says_what_each_host_answers(planned: Planned) -> None:
    text = planned.files["docker/Caddyfile"].text
    assert "\tauto_https off\n" in text
    assert "http:// {\n\tredir https://{host}{uri} permanent\n}" in text
    api = text.partition("\napi.staging.example.com {\n")[2].partition("\n}\n")[0]
    app = text.partition("\napp.staging.example.com {\n")[2].partition("\n}\n")[0]
    for site in (api, app):
        assert "\ttls /etc/caddy/certs/origin.pem /etc/caddy/certs/origin.key" in site
    assert "@refused path /metrics /metrics/*" in api
    assert "respond @refused 403" in api
    assert "reverse_proxy api:3000" in api
    assert "try_files {path} /index.html" in app


@pytest.mark.requirement("CB-22")
def test_the_files_of_web_travel_in_a_volume_that_caddy_reads(services: dict[str, dict[str, Any]]) -> None:
    assert "web_files:/srv/site" in services["web"]["volumes"]
    assert "web_files:/srv/web:ro" in services["caddy"]["volumes"]


def test_nothing_of_the_desktop_app_is_deployed(planned: Planned) -> None:
    named = {path for path, file in planned.files.items() if "desktop" in file.text}
    assert named == {".dockerignore"}


def test_a_check_of_what_is_written_finds_nothing(planned: Planned) -> None:
    texts = {path: file.text for path, file in planned.files.items()}
    _, deployment, findings = pipeline.check_with(planned, texts)
    assert deployment.broken == ()
    assert [(each.rule, each.message) for each in findings] == []
