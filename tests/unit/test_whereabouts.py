"""What is written for the example whereabouts, as its description asks for it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan import pipeline

EXAMPLE = Path(__file__).parents[2] / "examples" / "whereabouts" / "repo"


@pytest.fixture(scope="module")
def written() -> Mapping[str, str]:
    return pipeline.plan(EXAMPLE).overlay


@pytest.fixture(scope="module")
def compose(written: Mapping[str, str]) -> Any:
    return yaml.safe_load(written["docker-compose.yml"])


@pytest.mark.requirement("WA-01")
def test_the_dockerfile_installs_and_builds_one_workspace_and_keeps_what_runs(written: Mapping[str, str]) -> None:
    text = written["packages/backend/Dockerfile"]
    stages = re.findall(r"^FROM (?:--platform=\S+ )?(\S+) AS (\S+)$", text, re.MULTILINE)
    assert len(stages) >= 3
    assert {source for source, _ in stages if ":" in source} == {"node:20-alpine"}
    assert re.search(r"npm ci .*--workspace packages/backend", text)
    assert "COPY tsconfig.json ./" in text, "the backend's tsconfig extends the root's"
    last = text.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER node$", last, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK (.|\n)*http://127\.0\.0\.1:3000/api/health", last, re.MULTILINE)
    assert "\nRUN " not in last


@pytest.mark.requirement("WA-01", "WA-02")
def test_production_dependencies_are_installed_without_those_of_development(written: Mapping[str, str]) -> None:
    text = written["packages/backend/Dockerfile"]
    production = text.split(" AS production\n")[1].split("\nFROM ")[0]
    assert "npm ci --omit=dev --workspace packages/backend" in production
    last = text.rsplit("\nFROM ", 1)[1]
    assert "--from=production /app/node_modules" in last
    assert "--from=build /app/packages/backend/dist" in last


@pytest.mark.requirement("WA-10")
def test_the_mobile_app_is_nowhere(written: Mapping[str, str], compose: Any) -> None:
    assert set(compose["services"]) == {"backend", "migrate", "postgres"}
    assert not [path for path in written if path.startswith("packages/mobile")]
    assert "packages/mobile" in written[".dockerignore"].splitlines()
    assert "mobile" not in written["packages/backend/Dockerfile"]


@pytest.mark.requirement("WA-10")
def test_the_backend_waits_for_a_healthy_database_that_it_alone_reaches(compose: Any) -> None:
    services = compose["services"]
    assert services["postgres"]["image"] == "postgres:16-alpine"
    assert services["postgres"]["healthcheck"]["test"][1] == "pg_isready"
    assert services["backend"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }
    assert services["postgres"]["networks"] == ["internal"]
    assert "ports" not in services["postgres"]
    assert compose["networks"]["internal"] == {"internal": True}
    assert set(services["backend"]["networks"]) == {"default", "internal"}
    assert services["backend"]["ports"] == ["3000:3000"]
    assert services["postgres"]["volumes"] == ["postgres_data:/var/lib/postgresql/data"]


@pytest.mark.requirement("WA-20")
def test_the_example_of_the_env_file_has_every_required_secret_and_how_to_make_it(written: Mapping[str, str]) -> None:
    text = written[".env.example"]
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", written["docker-compose.yml"]))
    assert needed == {"JWT_SECRET", "POSTGRES_PASSWORD"}
    for name in needed:
        assert re.search(rf"^# Required\. .*Secret: openssl rand -hex 32\n{name}=$", text, re.MULTILINE), name
