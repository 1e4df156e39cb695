"""Every deployment file of a repository is found and read."""

from pathlib import Path

import pytest

from bayplan.model.deployment import Deployment
from bayplan.readers.deployment import read_deployment
from bayplan.tree import Tree


def read(tmp_path: Path, files: dict[str, str]) -> Deployment:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return read_deployment(Tree(tmp_path))


def test_an_empty_repository_has_no_deployment(tmp_path: Path) -> None:
    assert read(tmp_path, {}) == Deployment()


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Dockerfile",
            "apps/api/Dockerfile",
            "Dockerfile.prod",
            "api.Dockerfile",
            "docker/web.dockerfile",
            "Containerfile",
        ),
        *("apps/my app/Dockerfile", "Dockerfile.api.prod"),
    ],
)
def test_a_dockerfile_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    deployment = read(tmp_path, {name: "FROM scratch\n"})
    assert [image.path for image in deployment.images] == [name]
    assert deployment.image(name) is not None


@pytest.mark.parametrize("name", ["Dockerfile.md", "Dockerfile.j2", "MyDockerfile", "Dockerfile-x", "Dockerfiles/x"])
def test_other_names_are_no_dockerfiles(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, {name: "FROM scratch\n"}).images == ()


def test_a_dockerfile_with_any_name_is_found_when_a_service_names_it(tmp_path: Path) -> None:
    deployment = read(
        tmp_path,
        {
            "deploy/compose.yaml": "services: {a: {build: {context: .., dockerfile: images/api}}, b: {build: ./no}}",
            "fly.worker.toml": "app = 'worker'\n[build]\ndockerfile = 'images/worker'\n",
            "render.yaml": "services: [{type: web, name: web, runtime: docker, dockerfilePath: images/web}]\n",
            "images/api": "FROM a\n",
            "images/worker": "FROM b\n",
            "images/web": "FROM c\n",
        },
    )
    assert [image.path for image in deployment.images] == ["images/api", "images/web", "images/worker"]
    assert [service.name for service in deployment.services] == ["a", "b", "worker", "web"]
    assert deployment.broken == ()


@pytest.mark.parametrize("root", [True, False])
def test_a_railway_dockerfile_is_looked_for_at_the_root_and_then_beside_the_file(tmp_path: Path, *, root: bool) -> None:
    files = {"apps/api/railway.json": '{"build": {"dockerfilePath": "Dockerfile"}}', "apps/api/Dockerfile": "FROM a\n"}
    deployment = read(tmp_path, files | ({"Dockerfile": "FROM a\n"} if root else {}))
    (service,) = deployment.platform_services
    assert service.dockerfile is not None
    assert service.dockerfile.value == ("Dockerfile" if root else "apps/api/Dockerfile")


def test_every_kind_of_file_is_found(tmp_path: Path) -> None:
    deployment = read(
        tmp_path,
        {
            "docker-compose.prod.yml": "services: {api: {image: a}}",
            "compose.yaml": "services: {db: {image: b}}",
            ".env.example": "A=1",
            "apps/web/.env.production.example": "B=1",
            ".dockerignore": "node_modules",
            "apps/api/Dockerfile.dockerignore": "dist",
            ".github/workflows/docker.yml": "jobs: {build: {runs-on: x}}",
            "packages/x/.github/workflows/not-used.yml": "jobs: {}",
            "flyway.toml": "nothing to do with Fly",
            "composer.yml": "- nothing",
            "node_modules/x/Dockerfile": "FROM a",
        },
    )
    assert [file.path for file in deployment.composes] == ["compose.yaml", "docker-compose.prod.yml"]
    assert [file.path for file in deployment.env_files] == [".env.example", "apps/web/.env.production.example"]
    assert [file.path for file in deployment.ignores] == [".dockerignore", "apps/api/Dockerfile.dockerignore"]
    assert [file.path for file in deployment.workflows] == [".github/workflows/docker.yml"]
    assert (deployment.images, deployment.platform_services, deployment.broken) == ((), (), ())


def test_the_secrets_of_an_env_file_are_never_read(tmp_path: Path) -> None:
    secrets = {".env": "A=secret", ".env.production": "A=secret", "apps/api/.env.local": "A=secret"}
    assert read(tmp_path, secrets) == Deployment()


def test_a_broken_file_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    deployment = read(
        tmp_path,
        {
            "Dockerfile": "FROM a\nRNU b\n",
            "apps/api/Dockerfile": "FROM a\n",
            "compose.yaml": "services: [",
            "fly.toml": "a = ",
            "railway.json": "{",
            "render.yaml": "- a",
            ".github/workflows/a.yml": "*x",
        },
    )
    (tmp_path / ".env.example").write_bytes(b"A=\xff\n")
    deployment = read_deployment(Tree(tmp_path))
    assert [image.path for image in deployment.images] == ["apps/api/Dockerfile"]
    assert {broken.at.file for broken in deployment.broken} == {
        *(
            "Dockerfile",
            "compose.yaml",
            "fly.toml",
            "railway.json",
            "render.yaml",
            ".github/workflows/a.yml",
            ".env.example",
        )
    }
    assert all(broken.remedy and broken.message for broken in deployment.broken)
    assert next(broken.at.line for broken in deployment.broken if broken.at.file == "Dockerfile") == 2


def test_a_path_that_leaves_the_repository_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("FROM a\n")
    root = tmp_path / "root"
    deployment = read(root, {"compose.yaml": "services: {a: {build: {context: .., dockerfile: outside}}}"})
    assert deployment.images == ()
    (root / "Dockerfile").symlink_to(tmp_path / "outside")
    deployment = read_deployment(Tree(root))
    assert deployment.images == ()
    assert [broken.at.file for broken in deployment.broken] == ["Dockerfile"]


def test_texts_that_are_not_on_disk_yet_are_read_like_files(tmp_path: Path) -> None:
    tree = Tree(tmp_path).with_overlay({"apps/api/Dockerfile": "FROM a\n", "compose.yaml": "services: {a: {build: .}}"})
    deployment = read_deployment(tree)
    assert [image.path for image in deployment.images] == ["apps/api/Dockerfile"]
    assert len(deployment.composes) == 1
