"""What is wrong with a Dockerfile of a package outside the workspace is found, whoever wrote it."""

import shutil
from pathlib import Path

import pytest

from bayplan import pipeline

CASE = Path(__file__).parent.parent / "cases" / "outside-package" / "repo"
DOCKERFILE = """FROM node:22-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build
USER node
CMD ["node", "dist/index.js"]
"""
COMPOSE = """services:
  tee-worker:
    build: ../tee-worker
    init: true
    ports: ["127.0.0.1:3001:3001"]
    environment:
      TEE_WORKER_SECRET: ${TEE_WORKER_SECRET:?}
    healthcheck:
      test: ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:3001/health"]
"""


def found(root: Path, dockerfile: str = DOCKERFILE, compose: str = COMPOSE) -> dict[str, list[str]]:
    """Return the rules that find something, with the files they name."""
    shutil.copytree(CASE, root, dirs_exist_ok=True)
    (root / "docker").mkdir()
    (root / "docker" / "compose.yml").write_text(compose)
    (root / "tee-worker" / "Dockerfile").write_text(dockerfile)
    (root / "tee-worker" / ".dockerignore").write_text("node_modules\ndist\n.env*\n")
    _, _, findings = pipeline.check(root)
    return {each.rule: [place.at.file for place in each.places] for each in findings}


def test_what_is_right_draws_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path) == {}


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("dist/index.js", "tee-worker/dist/index.js", "missing-start-file"),
        ("node:22-alpine", "node:latest", "floating-base-image"),
        ("RUN npm ci", "RUN npm install -g pnpm@latest && pnpm install", "floating-package-manager"),
        ("USER node\n", "", "root-user"),
        ('["node", "dist/index.js"]', '["npm", "start"]', "package-manager-as-init"),
    ],
)
def test_what_is_wrong_in_its_dockerfile_is_found(tmp_path: Path, right: str, wrong: str, rule: str) -> None:
    assert found(tmp_path, dockerfile=DOCKERFILE.replace(right, wrong))[rule][0] == "tee-worker/Dockerfile"


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("127.0.0.1:3001:3001", "127.0.0.1:3001:4001", "port-mismatch"),
        ("TEE_WORKER_SECRET: ${TEE_WORKER_SECRET:?}", "OTHER: x", "missing-variable"),
        ("/health", "/healthz", "unanswered-health-path"),
        ("wget", "curl", "missing-health-tool"),
    ],
)
def test_what_is_wrong_in_its_service_is_found(tmp_path: Path, right: str, wrong: str, rule: str) -> None:
    assert "docker/compose.yml" in found(tmp_path, compose=COMPOSE.replace(right, wrong))[rule]


def test_without_a_compose_file_its_own_folder_is_the_context(tmp_path: Path) -> None:
    wrong = DOCKERFILE.replace("dist/index.js", "tee-worker/dist/index.js")
    assert "missing-start-file" in found(tmp_path, dockerfile=wrong, compose="services: {}\n")
