"""What an install from a private registry needs reaches it, and nothing else."""

from pathlib import Path

import pytest
import yaml

from bayplan.engines import docker
from bayplan.engines.builds import build_all
from bayplan.engines.environment import settle
from bayplan.engines.news import silent
from bayplan.errors import UsageError
from bayplan.model.finding import Finding
from bayplan.pipeline import Planned
from bayplan.reports import json as json_report
from bayplan.reports import text as text_report
from bayplan.run import Local, shown
from bayplan.tree import Tree
from tests.unit.planning import Repository, server
from tests.unit.reading import workspace
from tests.unit.shop import API, CASES, WEB, found, image

NPMRC = "@acme:registry=https://npm.example.com/\n//npm.example.com/:_authToken=${ACME_TOKEN}\n"
LITERAL = "//npm.example.com/:_authToken=swordfish-1\n"
GIVEN = {"ACME_TOKEN": "swordfish-1"}


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    return Repository(tmp_path).write(".npmrc", NPMRC).app("api", server(3000)).plan()


def variables(tmp_path: Path, npmrc: str) -> list[str]:
    found = workspace(tmp_path, {"package.json": {"packageManager": "pnpm@10.34.8"}, ".npmrc": npmrc})
    return [each.value for each in found.manager.variables]


def credentials(tmp_path: Path, npmrc: str) -> list[tuple[str, int]]:
    manager = workspace(tmp_path, {"package.json": {"packageManager": "pnpm@10.34.8"}, ".npmrc": npmrc}).manager
    assert "swordfish" not in repr(manager)
    return [(each.value, each.at.line) for each in manager.credentials]


def test_variables_are_found_wherever_the_file_refers_to_them(tmp_path: Path) -> None:
    npmrc = "//${HOST}/:_authToken=${B}\n_password = ${A}${B}\nregistry=https://${A}/\n"
    assert variables(tmp_path, npmrc) == ["A", "B", "HOST"]


@pytest.mark.parametrize(
    "line",
    [
        "# //x/:_authToken=${A}",
        "; ${A}",
        r"x=\${A}",
        "x=$A",
        "x=${A-fallback}",
        "x=${A; rm -rf /}",
        "x=${1A}",
        "cafile=${HOME}/ca.pem",
    ],
)
def test_what_is_no_variable_or_always_has_a_value_is_asked_of_nobody(tmp_path: Path, line: str) -> None:
    assert variables(tmp_path, f"{line}\n") == []


def test_credentials_are_known_by_their_names_alone(tmp_path: Path) -> None:
    npmrc = f'{LITERAL}_auth="swordfish-2"\n  //y/:_password = swordfish-3\n'
    assert credentials(tmp_path, npmrc) == [("//npm.example.com/:_authToken", 1), ("_auth", 2), ("//y/:_password", 3)]


@pytest.mark.parametrize(
    "line", ["//x/:_authToken=${A}", "//x/:_authToken=", "# _auth=x", "always-auth=true", "//x/:username=x"]
)
def test_what_gives_nothing_away_is_no_credential(tmp_path: Path, line: str) -> None:
    assert credentials(tmp_path, f"{line}\n") == []


def test_every_install_and_nothing_else_reads_the_secret(planned: Planned) -> None:
    text = planned.files["apps/api/Dockerfile"].text.replace("\\\n", " ")
    runs = [line for line in text.splitlines() if line.startswith("RUN")]
    installing = [line for line in runs if "pnpm install" in line]
    assert len(installing) == 2
    for line in installing:
        assert "--mount=type=secret,id=ACME_TOKEN,required=true" in line
        assert ' ACME_TOKEN="$(cat /run/secrets/ACME_TOKEN)" pnpm install ' in line
    assert not [line for line in text.splitlines() if "ACME_TOKEN" in line and line not in installing]


def test_an_install_without_variables_has_no_secret(tmp_path: Path) -> None:
    planned = Repository(tmp_path).write(".npmrc", "node-linker=hoisted\n").app("api", server(3000)).plan()
    assert "secret" not in planned.files["apps/api/Dockerfile"].text
    assert "secrets" not in yaml.safe_load(planned.files["docker-compose.prod.yml"].text)


def test_compose_takes_the_secret_from_the_environment_for_builds_alone(planned: Planned) -> None:
    written = yaml.safe_load(planned.files["docker-compose.prod.yml"].text)
    assert written["secrets"] == {"ACME_TOKEN": {"environment": "ACME_TOKEN"}}
    assert written["services"]["api"]["build"]["secrets"] == ["ACME_TOKEN"]
    assert "secrets" not in written["services"]["api"]
    assert "ACME_TOKEN" not in written["services"]["api"].get("environment", {})


def test_the_example_asks_for_the_secret_and_offers_no_way_to_make_one_up(planned: Planned) -> None:
    text = planned.files[".env.example"].text
    said = "# Required. Read by api when the image is built. Secret, from whoever issues it.\nACME_TOKEN=\n"
    assert said in text
    assert "openssl" not in text


def test_the_secret_is_in_the_environment_of_a_build_and_never_in_its_argv(planned: Planned) -> None:
    (api,) = planned.stack.services
    step = docker.build(planned.stack, api, Path("/repo"), GIVEN)
    assert "--secret=id=ACME_TOKEN,env=ACME_TOKEN" in step.argv
    assert step.environment == GIVEN
    assert "swordfish" not in shown(step.argv)


def test_a_token_is_never_made_up_and_never_shown(planned: Planned) -> None:
    missing, kept = settle(planned.stack, outside={}, theirs=None, made={}, token=lambda: "random")
    assert "ACME_TOKEN" not in {**missing.values, **kept}
    there, _ = settle(planned.stack, outside=GIVEN, theirs=None, made={}, token=lambda: "random")
    assert "swordfish-1" in [each.reveal() for each in there.secrets]


@pytest.mark.parametrize("values", [{}, {"ACME_TOKEN": ""}])
def test_nothing_is_built_without_the_secret(planned: Planned, values: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ACME_TOKEN") as failure:
        build_all(planned.stack, planned.stack.services, tmp_path, Local(), values=values, listen=silent)
    assert ".env.example" in failure.value.remedy
    assert not (tmp_path / ".bayplan").exists()


COPIES = ["COPY . .", "COPY package.json .npmrc ./", "COPY .npmrc* ./", "ADD .npmrc /root/.npmrc"]


def finding(files: dict[str, str]) -> list[Finding]:
    return found("token-in-npmrc", files)


@pytest.mark.parametrize("copy", COPIES)
def test_a_token_is_found_in_every_stage_that_copies_it(copy: str) -> None:
    dockerfile = f"FROM node:22-alpine AS deps\nWORKDIR /app\n{copy}\nFROM node:22-alpine\nCMD ['x']\n"
    compose = "services: {api: {build: {context: ., dockerfile: apps/api/Dockerfile}}}\n"
    (one,) = finding({".npmrc": LITERAL, API: dockerfile, "compose.yaml": compose})
    assert [(place.at.file, place.at.line) for place in one.places] == [(".npmrc", 0), (API, 3)]


def test_a_token_that_several_images_copy_is_one_finding() -> None:
    (one,) = finding({".npmrc": LITERAL, API: image(), WEB: image()})
    assert [place.at.file for place in one.places] == [".npmrc", API, WEB]


@pytest.mark.parametrize(
    "files",
    [
        {".npmrc": LITERAL, API: image(), ".dockerignore": ".npmrc\n"},
        {".npmrc": LITERAL, API: image().replace("COPY . .", "COPY apps apps")},
        {".npmrc": NPMRC, API: image()},
    ],
)
def test_a_token_that_no_image_is_built_with_is_no_finding(files: dict[str, str]) -> None:
    assert finding(files) == []


def test_no_report_shows_the_token() -> None:
    files = {".npmrc": LITERAL, API: image()}
    tree, found = Tree(CASES / "base", files), finding(files)
    assert "line 1 holds //npm.example.com/:_authToken itself" in text_report.render(found, (), tree)
    assert "swordfish" not in text_report.render(found, (), tree) + json_report.render(found, ())
