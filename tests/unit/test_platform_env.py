"""The templates of values for platforms: complete, each with its command, and no value in an argv."""

import os
import re
import shlex
import subprocess
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bayplan.formats import dockerignore, dotenv
from bayplan.model.config import TargetsConfig
from bayplan.model.deployment import EnvFile
from bayplan.model.stack import Stack
from bayplan.pipeline import Planned, check_with, plan
from bayplan.writers import fly_apps, hosted, platform_env, platform_told
from tests.unit.shop import compose, found

EXAMPLES = Path(__file__).parents[2] / "examples"
SYSTEMS = ("forgestack", "cipherbox", "everyskill", "whereabouts")
GIVEN = "s3cret/of+mine=="


@cache
def planned(system: str) -> Planned:
    return plan(EXAMPLES / system / "repo")


def stack(system: str) -> Stack:
    return planned(system).stack


def template(system: str, platform: str) -> str:
    return planned(system).files[f"{stack(system).env_file_of(platform)}.example"].text


def parsed(system: str, platform: str) -> EnvFile:
    return dotenv.parse(template(system, platform), ".env.example")


def written(system: str) -> list[str]:
    """Return the platforms that a system has templates for."""
    return [
        name
        for name in ("fly", "railway", "render")
        if f"{stack(system).env_file_of(name)}.example" in planned(system).files
    ]


@pytest.mark.requirement("FS-33")
def test_there_is_a_template_for_each_platform() -> None:
    assert written("forgestack") == ["fly", "railway", "render"]
    assert ".env.staging.fly.example" in planned("cipherbox").files


def test_where_nothing_has_to_be_told_there_is_none() -> None:
    assert "render" not in written("whereabouts")


def test_nothing_is_written_for_a_platform_that_is_not_chosen() -> None:
    assert platform_env.write(replace(stack("forgestack"), targets=TargetsConfig())) == {}


@pytest.mark.requirement("FS-33")
@pytest.mark.parametrize("system", SYSTEMS)
def test_everything_that_an_app_on_fly_must_be_told_is_in_its_command(system: str) -> None:
    found = stack(system)
    commands = platform_env.telling("fly", found)
    for name in fly_apps.deployed(found):
        required = set(fly_apps.set_before(found, name))
        if required:
            command = next(each for each in commands if each.endswith(f" --app {fly_apps.app(found, name)}"))
            named = re.search(r"\^\(([A-Z0-9_|]+)\)", command)
            assert named
            assert required <= set(named[1].split("|"))


@pytest.mark.requirement("FS-33")
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_told_is_documented_and_what_is_required_must_be_filled_in(system: str) -> None:
    for platform in written(system):
        lines = {line.name: line for line in parsed(system, platform).lines}
        for told in platform_told.every(stack(system))[platform]:
            for wanted in told.variables:
                line = lines[wanted.variable.name]
                assert f"Read by {told.reader}" in line.comment or f", {told.reader}" in line.comment
                if wanted.required:
                    assert not line.documented_only
                    assert "Required" in line.comment


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_template_holds_a_secret_and_each_reads_back(system: str) -> None:
    for platform in written(system):
        file = parsed(system, platform)
        assert file.strays == ()
        for told in platform_told.every(stack(system))[platform]:
            for wanted in told.variables:
                if wanted.variable.secret and not hasattr(wanted.value, "parts"):
                    assert next(line for line in file.lines if line.name == wanted.variable.name).value == ""


def test_a_secret_that_can_be_made_has_the_command_that_makes_it() -> None:
    lines = {line.name: line.comment for line in parsed("forgestack", "fly").lines}
    assert "openssl rand -hex 32" in lines["JWT_SECRET"]
    assert "openssl rand -hex 32" in lines["POSTGRES_PASSWORD"]


def test_an_address_on_fly_is_put_together_with_the_host_and_the_names_that_the_store_has_there() -> None:
    line = next(line for line in parsed("forgestack", "fly").lines if line.name == "DATABASE_URL")
    store = tomllib.loads(planned("forgestack").files["fly.postgres.toml"].text)
    user, database = store["env"]["POSTGRES_USER"], store["env"]["POSTGRES_DB"]
    assert line.value == f"postgresql://{user}:POSTGRES_PASSWORD@{store['app']}.internal:5432/{database}"
    assert "Put the value of POSTGRES_PASSWORD in the place of its name." in line.comment.replace("\n", " ")


def test_one_secret_under_two_names_is_said_to_be_the_same() -> None:
    lines = {line.name: line.comment for line in parsed("cipherbox", "fly").lines}
    assert "The same value as POSTGRES_PASSWORD." in lines["DB_PASSWORD"]
    assert "The same value as REDISCLI_AUTH." in lines["REDIS_PASSWORD"]


def test_what_several_services_on_railway_share_is_set_once_for_the_project() -> None:
    lines = {line.name: line.comment for line in parsed("cipherbox", "railway").lines}
    assert "Shared Variables" in lines["TEE_WORKER_SECRET"]
    assert not any("TEE_WORKER_SECRET" in each for each in platform_env.telling("railway", stack("cipherbox")))


@pytest.mark.parametrize("system", SYSTEMS)
def test_filled_copies_reach_neither_git_nor_an_image(system: str) -> None:
    patterns = (EXAMPLES / system / "repo/.gitignore").read_text().split()
    ignores = [text.text for path, text in planned(system).files.items() if path.endswith(".dockerignore")]
    for platform in written(system):
        file = stack(system).env_file_of(platform)
        assert dockerignore.matches(patterns, file)
        assert not dockerignore.matches(patterns, f"{file}.example")
        for text in ignores:
            context = [each.value for each in dockerignore.parse(text, ".dockerignore").patterns]
            assert dockerignore.matches(context, file)


def test_no_rule_misreads_them() -> None:
    for system in SYSTEMS:
        _, deployment, findings = check_with(planned(system), planned(system).overlay)
        assert [each for each in findings if ".env" in str(each.places[0].at)] == []
        assert {f"{stack(system).env_file_of(each)}.example" for each in written(system)} <= {
            file.path for file in deployment.env_files
        }


def test_the_template_of_a_platform_documents_no_compose_file() -> None:
    files = {
        "docker-compose.staging.yml": compose(api="{image: 'example.com/api:1', environment: {TOKEN: '${TOKEN}'}}"),
        ".env.staging.example": "OTHER=\n",
        ".env.staging.fly.example": "TOKEN=\n",
    }
    (finding,) = found("undocumented-variable", files)
    assert finding.help == "add TOKEN to .env.staging.example"


STUB = """#!/bin/bash
printf '%s\\n' "$(basename "$0") $*" >> "$STUBS/argv"
case "$(basename "$0") $*" in
  "render services"*) printf '[{"service": null}, {"service": {"id": "srv-1", "name": "forgestack-api"}}]' ;;
  "render "*) ;;
  *) for word; do case $word in /dev/fd/*) cat "$word" >> "$STUBS/config" ;; esac; done
     { echo "== $*"; cat; echo; } >> "$STUBS/input" ;;
esac
"""


def given(folder: Path, system: str, platform: str, values: dict[str, str]) -> tuple[str, str]:
    """Fill a copy in and run its commands with stand-ins of the clients; return their argv and their input."""
    for name in ("fly", "railway", "render", "curl"):
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    example = f"{stack(system).env_file_of(platform)}.example"
    (folder / example).write_text(template(system, platform))
    copying, *telling = platform_env.telling(platform, stack(system))
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "STUBS": str(folder), "RENDER_API_KEY": "rnd_key"}
    run(folder, [copying], environment)
    copy = folder / example.removesuffix(".example")
    assert copy.stat().st_mode & 0o777 == 0o600
    lines = copy.read_text().splitlines()
    for name, value in values.items():
        lines = [f"{name}={value}" if line.lstrip("# ").startswith(f"{name}=") else line for line in lines]
    copy.write_text("\n".join(lines) + "\n")
    run(folder, telling, environment)
    return (folder / "argv").read_text(), (folder / "input").read_text()


def run(folder: Path, commands: list[str], environment: dict[str, str]) -> None:
    script = "set -euo pipefail\n" + "\n".join(commands)
    subprocess.run(["bash", "-c", script], cwd=folder, env=environment, check=True)


@pytest.mark.requirement("FS-33")
def test_each_app_on_fly_gets_its_own_values_and_no_argv_holds_one(tmp_path: Path) -> None:
    url = f"postgresql://app:{GIVEN}@forgestack-postgres.internal:5432/forgestack"
    values = {
        "POSTGRES_PASSWORD": GIVEN,
        "DATABASE_URL": url,
        "JWT_SECRET": "jwt",
        "S3_BUCKET": "files",
        "LOG_LEVEL": "warn",
        "WORKER_CONCURRENCY": "9",
    }
    argv, told = given(tmp_path, "forgestack", "fly", values)
    assert GIVEN not in argv
    by_app = dict(part.split("\n", 1) for part in told.split("== ")[1:])
    apps = {shlex.split(head)[-1]: set(body.split()) for head, body in by_app.items()}
    assert apps == {
        "forgestack-postgres": {f"POSTGRES_PASSWORD={GIVEN}"},
        "forgestack-api": {f"DATABASE_URL={url}", "JWT_SECRET=jwt", "S3_BUCKET=files", "LOG_LEVEL=warn"},
        "forgestack-worker": {f"DATABASE_URL={url}", "WORKER_CONCURRENCY=9"},
    }


@pytest.mark.requirement("FS-33")
def test_each_service_on_railway_gets_its_own_values_and_no_argv_holds_one(tmp_path: Path) -> None:
    argv, told = given(tmp_path, "forgestack", "railway", {"JWT_SECRET": GIVEN, "S3_BUCKET": "files"})
    assert GIVEN not in argv
    where = "--stdin --skip-deploys --service api --environment production"
    assert told == f"== variable set JWT_SECRET {where}\n{GIVEN}\n== variable set S3_BUCKET {where}\nfiles\n"


@pytest.mark.requirement("FS-33")
def test_a_service_on_render_gets_a_value_and_no_argv_holds_it_or_the_key(tmp_path: Path) -> None:
    argv, told = given(tmp_path, "forgestack", "render", {"S3_BUCKET": GIVEN})
    assert GIVEN not in argv
    assert "rnd_key" not in argv
    assert (tmp_path / "config").read_text() == 'oauth2-bearer = "rnd_key"'
    assert "https://api.render.com/v1/services/srv-1/env-vars/S3_BUCKET" in told
    assert f'"value": "{GIVEN}"' in told


def test_an_environment_without_apps_runs_on_no_platform(tmp_path: Path) -> None:
    from tests.unit.planning import Repository, server

    told = "targets: {fly: {}}\nenvironments: {development: {apps: false}, production: {}}\n"
    found = Repository(tmp_path).app("api", server(4100)).plan(told)
    assert all(each.targets == TargetsConfig() for each in found.stacks if each.environment == "development")
    assert not any("development" in path for path in found.files if path.startswith((".env.development.fly", "fly.")))


def test_what_runs_on_a_platform_is_told_under_the_names_of_its_own_file() -> None:
    names = {each.reader: each.name for each in platform_told.every(stack("forgestack"))["render"]}
    text = planned("forgestack").files["render.yaml"].text
    assert set(names) == {each.name for each in hosted.running(stack("forgestack"))}
    assert all(f"name: {name}\n" in text for name in names.values())
