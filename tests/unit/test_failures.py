"""The fifteen failures seen in systems like forgestack, each planted into its deployment, are found in every file."""

import re
from functools import cache
from pathlib import Path

import pytest

from bayplan import pipeline
from bayplan.model.finding import Finding
from bayplan.readers.deployment import read_deployment
from bayplan.readers.workspace import read_workspace
from bayplan.rules import check
from bayplan.tree import Tree

REPO = Path(__file__).parents[2] / "examples" / "forgestack" / "repo"
COMPOSE = "docker-compose.prod.yml"
API, WEB, WORKER = (f"apps/{name}/Dockerfile" for name in ("api", "web", "worker"))

WORKFLOW = """\
on: push
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - uses: docker/setup-qemu-action@v3
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: apps/api/Dockerfile
          platforms: {platforms}
          tags: {tags}
          push: true
"""


@cache
def written() -> Tree:
    planned = pipeline.plan(REPO)
    return planned.tree.with_overlay(planned.overlay)


class Harm:
    """The example's deployment with something wrong in it."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def replace(self, path: str, pattern: str, text: str) -> "Harm":
        """Replace the first match of a pattern, which must be there."""
        before = self.texts.get(path) or written().text(path)
        after, count = re.subn(pattern, text, before, count=1, flags=re.MULTILINE)
        assert count == 1, f"{path} has no {pattern}"
        assert after != before
        self.texts[path] = after
        return self

    def add(self, path: str, text: str) -> "Harm":
        self.texts[path] = text
        return self

    def found(self) -> dict[str, list[Finding]]:
        tree = written().with_overlay({**written().overlay, **self.texts})
        found: dict[str, list[Finding]] = {}
        for finding in check(read_workspace(tree), read_deployment(tree), tree):
            found.setdefault(finding.rule, []).append(finding)
        return found


def files(finding: Finding) -> set[str]:
    return {place.at.file for place in finding.places}


def lines(finding: Finding) -> set[str]:
    return {str(place.at) for place in finding.places}


@pytest.mark.requirement("FS-12", "FS-21", "FS-22", "FS-34")
def test_what_bayplan_writes_has_no_finding() -> None:
    assert Harm().found() == {}


def test_failure_1_a_package_is_missing_from_one_list_of_copies() -> None:
    harm = Harm().replace(WORKER, r"^COPY packages/shared/package.json .*\n", "")
    (finding,) = harm.replace(WORKER, r"^COPY packages/shared .*\n", "").found()["missing-workspace-package"]
    assert files(finding) == {WORKER, "apps/worker/package.json"}
    assert finding.effect == "will not build"
    assert "@forgestack/shared" in finding.message


def test_failure_1_the_sources_alone_are_missing() -> None:
    (finding,) = Harm().replace(API, r"^COPY packages/db packages/db\n", "").found()["missing-workspace-package"]
    assert files(finding) == {API, "apps/api/package.json"}
    assert "sources of @forgestack/db" in finding.message


@pytest.mark.parametrize(
    ("path", "pattern", "line"),
    [
        (
            ".github/workflows/docker-build.yml",
            r"(forgestack-worker(?:.*\n)+?.*)packages/db ",
            "apps/worker/Dockerfile",
        ),
        ("render.yaml", r"^ *- packages/db/.*\n", "apps/api/"),
    ],
)
def test_failure_1_a_package_is_missing_from_what_starts_a_deployment(path: str, pattern: str, line: str) -> None:
    harm = Harm().replace(path, pattern, r"\1" if "(forge" in pattern else "")
    (finding,) = harm.found()["missed-change"]
    assert finding.places[0].at.file == path
    assert line in harm.texts[path].splitlines()[finding.places[0].at.line - 1]


FLOW = ".github/workflows/docker-build.yml"
PROJECT = ".railway/railway.ts"


@pytest.mark.requirement("FS-34")
@pytest.mark.parametrize(
    ("path", "pattern", "text", "rule"),
    [
        ("fly.api.toml", "internal_port = 4000", "internal_port = 4001", "port-mismatch"),
        ("fly.web.toml", "internal_port = 3000", "internal_port = 3001", "port-mismatch"),
        ("fly.api.toml", "sh /release.sh", "sh /app/release.sh", "missing-start-file"),
        ("fly.api.toml", 'path = "/api/health"', 'path = "/health"', "unanswered-health-path"),
        ("fly.api.toml", "apps/api/Dockerfile", "apps/apii/Dockerfile", "missing-dockerfile"),
        ("fly.redis.toml", 'destination = "[^"]+"', 'destination = "/cache"', "data-without-volume"),
        ("fly.postgres.toml", 'destination = "[^"]+"', 'destination = "/cache"', "data-without-volume"),
        (PROJECT, "apps/api/Dockerfile", "apps/apii/Dockerfile", "missing-dockerfile"),
        (PROJECT, 'healthcheck: "/api/health"', 'healthcheck: "/health"', "unanswered-health-path"),
        (PROJECT, "sh /release.sh", "sh release.sh", "missing-start-file"),
        (PROJECT, r" *JWT_SECRET: preserve\(\),\n", "", "missing-variable"),
        (PROJECT, r'"/packages/db/\*\*",\n', "", "missed-change"),
        ("render.yaml", "apps/api/Dockerfile", "apps/apii/Dockerfile", "missing-dockerfile"),
        ("render.yaml", "healthCheckPath: /api/health", "healthCheckPath: /health", "unanswered-health-path"),
        ("render.yaml", "sh /release.sh", "sh /app/release.sh", "missing-start-file"),
        ("render.yaml", r" *- key: JWT_SECRET\n.*\n", "", "missing-variable"),
        ("render.yaml", "noeviction", "allkeys-lru", "evicting-queue-store"),
        ("render.yaml", r" *- packages/shared/\*\*\n", "", "missed-change"),
        (FLOW, r"apps/web/Dockerfile \\", r"apps/webb/Dockerfile \\", "missing-deployed-file"),
        (FLOW, "packages/shared packages/ui", "packages/ui", "missed-change"),
    ],
)
def test_a_platforms_file_that_did_not_follow_is_found(path: str, pattern: str, text: str, rule: str) -> None:
    found = Harm().replace(path, pattern, text).found()
    (finding,) = found.pop(rule)
    assert finding.places[0].at.file == path
    assert finding.effect.fails
    assert found == {}


@pytest.mark.requirement("FS-09")
def test_failure_2_standalone_output_is_commented_out() -> None:
    harm = Harm().replace("apps/web/next.config.ts", r"^ *output: 'standalone',", "  // output: 'standalone',")
    (finding,) = harm.found()["missing-standalone-output"]
    assert files(finding) == {"apps/web/next.config.ts", WEB}


def test_failure_3_only_the_root_modules_are_copied() -> None:
    harm = Harm().replace(API, r"^COPY --from=production /app/apps/api apps/api\n", "")
    (finding,) = harm.found()["missing-app-modules"]
    assert files(finding) == {API, "apps/api/package.json"}
    assert finding.effect == "will not start"


FLY = """\
app = "forgestack"
[build]
dockerfile = "apps/api/Dockerfile"
[processes]
app = "node apps/api/dist/main.js"
"""
RAILWAY = """\
{
  "build": {"builder": "DOCKERFILE", "dockerfilePath": "apps/api/Dockerfile"},
  "deploy": {"startCommand": "node apps/api/dist/main.js"}
}
"""
CHECKED_FLY = """\
app = "forgestack"
[build]
dockerfile = "apps/api/Dockerfile"
[http_service]
internal_port = 4000
[[http_service.checks]]
path = "/api/v1/health"
"""


@pytest.mark.parametrize(("path", "text"), [("fly.toml", FLY), ("railway.json", RAILWAY)])
def test_failure_4_a_platform_starts_the_old_path(path: str, text: str) -> None:
    (finding,) = Harm().add(path, text).found()["missing-start-file"]
    assert files(finding) == {path, API}
    assert "/app/apps/api/dist/main.js" in finding.message


def test_failure_4_a_command_of_compose_or_of_the_image_kept_the_old_path() -> None:
    job = Harm().replace(COMPOSE, r'\["node", "dist/migrate.js"\]', '["node", "packages/db/dist/migrate.js"]')
    (finding,) = job.found()["missing-start-file"]
    assert files(finding) == {COMPOSE, API}
    assert finding.help == "start `node dist/migrate.js`"
    (finding,) = (
        Harm().replace(WEB, r'\["node", "server.js"\]', '["node", "apps/web/server.js"]').found()["missing-start-file"]
    )
    assert files(finding) == {WEB}


def test_failure_5_a_place_did_not_follow_the_health_route() -> None:
    harm = Harm().replace("apps/api/src/main.ts", r"setGlobalPrefix\('api'\)", "setGlobalPrefix('api/v1')")
    harm.add("fly.toml", CHECKED_FLY)
    found = harm.found()["unanswered-health-path"]
    assert {API, "render.yaml"} <= {finding.places[0].at.file for finding in found}
    for finding in found:
        assert files(finding) == {finding.places[0].at.file, "apps/api/src/health/health.controller.ts", "fly.toml"}
        assert finding.help.startswith("ask for /api/v1/health")


def test_failure_6_an_install_runs_under_emulation() -> None:
    harm = Harm().replace(API, r"^FROM --platform=\$BUILDPLATFORM ", "FROM ")
    harm.add(".github/workflows/images.yml", WORKFLOW.format(platforms="linux/amd64,linux/arm64", tags="x/api"))
    (finding,) = harm.found()["emulated-build"]
    assert files(finding) == {API, ".github/workflows/images.yml"}


def test_failure_6_a_platform_was_dropped_from_ci() -> None:
    harm = Harm().replace(
        COMPOSE,
        r"^    image: forgestack-api\n    build:",
        "    image: ghcr.io/x/api\n    platform: linux/arm64\n    build:",
    )
    harm.add(".github/workflows/images.yml", WORKFLOW.format(platforms="linux/amd64", tags="ghcr.io/x/api:1"))
    (finding,) = harm.found()["missing-platform"]
    assert files(finding) == {COMPOSE, ".github/workflows/images.yml"}


def test_failure_7_pg_isready_names_no_database() -> None:
    (finding,) = Harm().replace(COMPOSE, r', "-d", "forgestack"', "").found()["pg-isready-without-database"]
    assert files(finding) == {COMPOSE}
    assert len(lines(finding)) == 2


def test_failure_8_a_required_variable_is_missing() -> None:
    (finding,) = Harm().replace(COMPOSE, r"^ *JWT_SECRET: .*\n", "").found()["missing-variable"]
    assert files(finding) == {COMPOSE, "apps/api/src/env.ts", ".env.example"}
    assert finding.effect == "will not start"


def test_failure_8_a_required_variable_is_misspelt() -> None:
    (finding,) = Harm().replace(COMPOSE, r"^ *JWT_SECRET: ", "      JWT_SECRETS: ").found()["missing-variable"]
    assert finding.help == "did you mean JWT_SECRET where it says JWT_SECRETS?"


def test_failure_9_a_proxy_mounts_what_builds_replace() -> None:
    caddy = "services:\n  caddy:\n    image: caddy:2.10-alpine\n    volumes:\n      - ./apps/web/.next/static:/srv:ro\n"
    (finding,) = Harm().replace(COMPOSE, r"^services:\n", caddy).found()["mounted-build-output"]
    assert files(finding) == {COMPOSE, "apps/web/package.json"}


def test_failure_10_a_public_variable_is_set_at_run_time() -> None:
    harm = Harm().replace(COMPOSE, r"^      args:\n        NEXT_PUBLIC_API_URL: .*\n", "")
    harm.replace(COMPOSE, r"^( *)API_INTERNAL_URL: ", r"\1NEXT_PUBLIC_API_URL: http://api:4000\n\1API_INTERNAL_URL: ")
    found = harm.found()
    (late,) = found["public-variable-at-run-time"]
    assert files(late) == {COMPOSE, WEB, "apps/web/components/queue-job.tsx"}
    (inside,) = found["container-host-in-browser"]
    assert files(inside) == {COMPOSE, "apps/web/components/queue-job.tsx"}


def test_failure_11_the_package_manager_floats() -> None:
    (finding,) = Harm().replace(API, r"pnpm@[\d.]+", "pnpm@latest").found()["floating-package-manager"]
    assert files(finding) == {API, "package.json"}


def test_failure_12_a_stale_build_info_comes_along() -> None:
    harm = Harm().replace("packages/db/tsconfig.json", r'"outDir"', '"composite": true, "outDir"')
    harm.replace(".dockerignore", r"^\*\*/\*\.tsbuildinfo\n", "")
    found = harm.found()["stale-build-info"]
    assert {file for finding in found for file in files(finding)} == {".dockerignore", "packages/db/tsconfig.json"}


def test_failure_13_a_service_waits_for_the_start_only() -> None:
    harm = Harm().replace(
        COMPOSE, r"api:\n        condition: service_healthy", "api:\n        condition: service_started"
    )
    (finding,) = harm.found()["waiting-for-start-only"]
    assert files(finding) == {COMPOSE, API}


def test_failure_14_an_internal_network_has_no_way_out() -> None:
    harm = Harm().replace(
        COMPOSE,
        r'(?s)(dockerfile: apps/api/Dockerfile.*?)networks: \["default", "internal"\]',
        r'\1networks: ["internal"]',
    )
    (finding,) = harm.found()["no-way-out"]
    assert files(finding) == {COMPOSE, "apps/api/package.json"}


def test_failure_15_the_owner_of_an_image_may_be_in_upper_case() -> None:
    tags = "ghcr.io/${{ github.repository_owner }}/forgestack-api:latest"
    workflow = WORKFLOW.format(platforms="linux/amd64", tags=tags)
    (finding,) = Harm().add(".github/workflows/images.yml", workflow).found()["upper-case-image-name"]
    assert ".github/workflows/images.yml" in files(finding)
