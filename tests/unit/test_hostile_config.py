"""What `bayplan.yaml` says and no file can hold is refused before anything is written."""

from pathlib import Path

import pytest

from bayplan.errors import BayplanError, ConfigError, UsageError
from bayplan.readers.config import parse_config
from tests.unit.planning import Repository, server


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).app("api", server(3000)).app("admin", server(4000))


@pytest.mark.parametrize(
    "said",
    [
        f"services: {{api: {{memory: {'9' * 400}MB}}}}",
        f"services: {{api: {{grace: {'9' * 5000}s}}}}",
        "compose: docker//prod.yml",
        "compose: docker/./prod.yml",
        "compose: .",
        "proxy: {caddyfile: 'a:b'}",
        'publish: "[...]"',
        'publish: "[:::::]"',
        'publish: "[:1:2:3:4:5:6:7]"',
        "publish: 01.2.3.4",
        "stores: {postgres: {volume: x}}",
        'compose: "a\\0b"',
        'backups: {to: "/x\\0"}',
        'variables: {A: {value: "\\e[31m"}}',
        'proxy: {sites: {a.example: {paths: {"/a\\a": api}}}}',
    ],
)
def test_what_no_program_takes_is_no_value(said: str) -> None:
    with pytest.raises(ConfigError):
        parse_config(f"version: 1\n{said}\n")


@pytest.mark.parametrize("address", ["::1", "::", "1:2:3:4:5:6:7:8", "2001:db8::1", "fe80::"])
def test_addresses_of_version_six_are_taken(address: str) -> None:
    assert parse_config(f'version: 1\npublish: "[{address}]"\n').publish == f"[{address}]"


@pytest.mark.parametrize(
    "said",
    [
        "compose: stack\nproxy: {caddyfile: stack, sites: {shop.example: {to: api}}}",
        "compose: docker-compose.yml\nenv_file: docker-compose.yml",
        "services: {api: {dockerfile: Dockerfile}, admin: {dockerfile: Dockerfile}}",
    ],
)
def test_one_path_is_one_file(repository: Repository, said: str) -> None:
    with pytest.raises(UsageError, match="would have to be"):
        repository.plan(said)


@pytest.mark.parametrize("user", ["{name: root}", "{name: node}", "{group: users}", "{id: 1000}", "{id: 82}"])
def test_a_user_that_the_base_image_has_is_refused(repository: Repository, user: str) -> None:
    with pytest.raises(BayplanError, match="base image"):
        repository.plan(f"services: {{api: {{user: {user}}}}}")


def test_a_default_that_compose_would_cut_off_is_refused(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("api", server(3000) + "console.log(process.env.LIMITS!);\n")
    with pytest.raises(UsageError, match="default of LIMITS"):
        repository.plan("variables: {LIMITS: {default: '{\"a\": 1}'}}")


def test_a_folder_that_git_ignores_is_in_no_file_that_all_machines_share(repository: Repository) -> None:
    repository.write(".gitignore", "certs/\n/tmp\n*.pem\n").write("certs/a.pem", "x").write("tmp/x", "x").write(
        "legal/x", "x"
    )
    text = repository.plan().files[".dockerignore"].text.splitlines()
    assert "legal" in text
    assert not {"certs", "tmp"} & set(text)
