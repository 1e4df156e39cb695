"""docs/deployment.md: its commands parse, and whatever it names is in the other files."""

import re
import shlex
import subprocess
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml

from bayplan.model.config import FlyConfig, TargetsConfig
from bayplan.model.stack import Role
from bayplan.pipeline import Planned, plan
from bayplan.writers import deployment_guide, deployment_table
from bayplan.writers.deployment_text import anchor
from tests.unit.planning import Repository, server

EXAMPLES = Path(__file__).parents[2] / "examples"
SYSTEMS = ("forgestack", "cipherbox", "everyskill", "whereabouts")
BLOCK = re.compile(r"^```(?:sh|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
every_system = pytest.mark.parametrize("system", SYSTEMS)


@cache
def planned(system: str) -> Planned:
    return plan(EXAMPLES / system / "repo")


@cache
def guide(system: str) -> str:
    return planned(system).files[deployment_guide.PATH].text


def commands(system: str, program: str) -> list[list[str]]:
    """Return the words of each command of a program."""
    lines = "\n".join(BLOCK.findall(guide(system))).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.startswith(f"{program} ")]


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def section(system: str, title: str) -> str:
    found = re.split(r"^## ", guide(system), flags=re.MULTILINE)
    return next(part for part in found if part.startswith(title))


@pytest.mark.requirement("FS-50")
@every_system
def test_every_block_is_a_script_that_a_shell_can_read(system: str) -> None:
    blocks = BLOCK.findall(guide(system))
    assert len(blocks) > 10
    for block in blocks:
        result = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{result.stderr}\n{block}"
        assert result.stderr == ""


@pytest.mark.requirement("FS-50")
@pytest.mark.parametrize("title", ["Docker", "Fly.io", "Railway", "Render"])
def test_each_place_is_described_from_nothing_to_running_to_rolled_back(title: str) -> None:
    text = section("forgestack", title)
    steps = ["### From nothing to running", "### A new version", "### When something is wrong", "### Roll back"]
    assert [text.index(step) for step in steps] == sorted(text.index(step) for step in steps)


@pytest.mark.requirement("FS-50")
@every_system
def test_every_app_and_file_of_fly_is_one_that_is_written(system: str) -> None:
    files = {path: text.text for path, text in planned(system).files.items() if path.endswith(".toml")}
    apps = {path: tomllib.loads(text)["app"] for path, text in files.items()}
    deployed = set()
    for words in commands(system, "fly"):
        if words[1] == "deploy":
            folder = words[2] if not words[2].startswith("-") else "."
            path = (Path(folder) / option(words, "--config")).as_posix()
            assert path in files
            deployed.add(path)
        elif words[1:3] == ["apps", "create"]:
            assert words[3] in apps.values()
        elif words[1] != "auth":
            assert option(words, "--app") in apps.values()
    assert deployed == set(files)
    for address in re.findall(r"https://([a-z0-9-]+)\.fly\.dev", guide(system)):
        assert address in apps.values()


@pytest.mark.requirement("FS-50")
@every_system
def test_every_path_that_is_asked_is_one_that_the_files_check(system: str) -> None:
    fly = [tomllib.loads(text.text) for path, text in planned(system).files.items() if path.endswith(".toml")]
    checked = {each["app"]: each["http_service"]["checks"][0]["path"] for each in fly if "http_service" in each}
    asked = dict(re.findall(r"https://([a-z0-9-]+)\.fly\.dev(\S*)", guide(system)))
    assert asked == checked


@pytest.mark.requirement("FS-50")
@every_system
def test_every_service_and_port_of_railway_is_in_its_file(system: str) -> None:
    path, text = next((path, each.text) for path, each in planned(system).files.items() if path.startswith(".railway/"))
    services = set(re.findall(r'= service\("([^"]+)"', text))
    found = commands(system, "railway")
    for words in found:
        if "--service" in words:
            assert option(words, "--service") in services
        if "--port" in words:
            assert f'PORT: "{option(words, "--port")}"' in text
        if "--file" in words:
            assert option(words, "--file") == path
    assert f"`{path}`" in guide(system)
    initial = next(words for words in found if words[1] == "init")
    assert f'project("{option(initial, "--name")}"' in text


@pytest.mark.requirement("FS-50")
@every_system
def test_every_service_of_render_is_in_the_blueprint(system: str) -> None:
    path = next(words for words in commands(system, "render") if words[1] == "blueprints")[3]
    blueprint = yaml.safe_load(planned(system).files[path].text)
    services = {each["name"]: each for each in blueprint["services"]}
    text = section(system, "Render")
    for name, path in re.findall(r"https://([a-z0-9-]+)\.onrender\.com(\S*)", text):
        assert services[name].get("healthCheckPath", "/") == path
    asked = re.search(r"It asks for the values of (.*?)\.\n", text, re.DOTALL)
    said = set()
    for part in asked[1].split("; of") if asked else ():
        service, _, names = part.partition(":")
        said |= {(name, service.strip()) for name in re.findall(r"`([A-Z0-9_]+)`", names)}
    wanted = {
        (each["key"], name)
        for name, service in services.items()
        for each in service.get("envVars", ())
        if each.get("sync") is False
    }
    assert said == wanted


@pytest.mark.requirement("FS-50")
@every_system
def test_every_compose_command_names_its_file_and_published_ports(system: str) -> None:
    stack = planned(system).stack
    document = yaml.safe_load(planned(system).files[stack.compose].text)
    for words in commands(system, "docker"):
        assert option(words, "-f") == stack.compose
        if "logs" in words:
            assert set(words[words.index("--tail") + 2 :]) <= set(document["services"])
    published = {port.split(":")[-2] for each in document["services"].values() for port in each.get("ports", ())}
    assert set(re.findall(r"http://localhost:(\d+)", guide(system))) <= published


@pytest.mark.requirement("FS-50")
@every_system
def test_every_file_that_is_named_is_written_or_filled_in_from_one_that_is(system: str) -> None:
    files = set(planned(system).files)
    copies = {path.removesuffix(".example") for path in files if path.endswith(".example")}
    words = {word for block in BLOCK.findall(guide(system)) for word in re.split(r"[\s\"'|();<]+", block)}
    named = {
        word for word in words if re.match(r"\.env|docker/\.env|deploy/|fly\..*toml$|render\..*yaml$|\.railway/", word)
    }
    for path in named:
        in_folder = {each for each in files if each.endswith(f"/{path}")}
        assert path in files | copies or in_folder, path
    for link in re.findall(r"\]\(\.\./([^)]+)\)", guide(system)):
        assert link in files


@pytest.mark.requirement("FS-50")
@every_system
def test_every_workflow_that_is_named_is_written(system: str) -> None:
    files = planned(system).files
    assert ("## GitHub Actions" in guide(system)) == (".github/workflows/docker-build.yml" in files)
    for words in commands(system, "gh"):
        if words[1:3] == ["workflow", "run"]:
            assert f".github/workflows/{words[3]}" in files
    for path in re.findall(r"`(\.github/[^`]+|deploy/[^`]+)`", guide(system)):
        assert path in files


def test_what_a_deployment_by_github_needs_is_what_its_workflow_reads() -> None:
    workflow = planned("cipherbox").files[".github/workflows/deploy-staging.yml"].text
    text = section("cipherbox", "A machine by way of GitHub")
    for name in re.findall(r"gh secret set ([A-Z_]+)", text):
        assert f"secrets.{name} " in workflow
    names = re.search(r"\^\(([A-Z0-9_|]+)\)", text)
    assert names
    assert all(f"secrets.{name} " in workflow for name in names[1].split("|"))
    assert "/srv/cipherbox-staging/releases" in workflow
    assert "/srv/cipherbox-staging/releases" in text


@pytest.mark.requirement("FS-50")
@every_system
def test_the_table_compares_every_part_in_every_place(system: str) -> None:
    rows = [line for line in guide(system).splitlines() if line.startswith("|")]
    cells = [row.strip("|").split(" | ") for row in rows]
    assert {len(each) for index, each in enumerate(cells) if index != 1} == {5}
    said = {each[0].strip(): each[1:] for each in cells}
    stack = planned(system).stack
    running = [each.name for each in stack.services if each.role.value is not Role.JOB]
    assert {*running, *(each.name for each in stack.stores)} <= set(said)
    facts = ["Private network", "Fixed address", "Scale to zero", "arm64", "Secrets", "Roll back"]
    assert all(cell.strip() for fact in facts for cell in said[fact])
    headings = {anchor(line.lstrip("# ")) for line in guide(system).splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\((#[^)]+)\)", guide(system))) <= headings


@pytest.mark.requirement("FS-50")
@every_system
def test_everything_that_the_plan_says_of_a_platform_stands_in_its_section(system: str) -> None:
    flat = " ".join(guide(system).split()).lower()
    for note in planned(system).stack.notes:
        if note.about in deployment_table.HOSTS:
            first, _, rest = note.text.partition("; ")
            assert f"{first}. nearest: {rest}.".lower() in flat


@every_system
def test_no_command_takes_a_value_that_is_secret(system: str) -> None:
    for block in BLOCK.findall(guide(system)):
        for line in block.splitlines():
            assert not re.search(r"(fly secrets set|--set \S+=|--build-secret)", line)
            assert not re.search(r"gh secret set (?!DEPLOY_(HOST|USER)\b).*--body", line)


def test_only_the_chosen_places_are_described(tmp_path: Path) -> None:
    found = Repository(tmp_path).app("api", server(4100)).plan("targets: {fly: {region: ams}}\n")
    text = found.files[deployment_guide.PATH].text
    assert "## Fly.io" in text
    assert "## Docker" in text
    assert not any(word in text for word in ("Railway", "Render", "GitHub"))


def test_without_a_target_there_is_no_guide(tmp_path: Path) -> None:
    assert deployment_guide.PATH not in Repository(tmp_path).app("api", server(4100)).plan().files


def test_environments_share_the_guide_and_each_has_its_own_sections(tmp_path: Path) -> None:
    told = "targets: {fly: {}}\nenvironments: {staging: {}, production: {}, development: {apps: false}}\n"
    found = (
        Repository(tmp_path)
        .app(
            "api",
            server(4100),
        )
        .plan(told)
    )
    text = found.files[deployment_guide.PATH].text
    assert "## Fly.io (staging)" in text
    assert "## Fly.io\n" in text
    assert "## Fly.io (development)" not in text
    assert "## Docker (development)" in text
    assert "fly deploy --config fly.staging.api.toml" in text


def test_more_than_one_machine_is_asked_for_by_its_command(tmp_path: Path) -> None:
    told = "targets: {fly: {}}\nservices: {api: {replicas: 3}}\n"
    text = Repository(tmp_path).app("api", server(4100)).plan(told).files[deployment_guide.PATH].text
    assert re.search(r"^fly scale count 3 --app \S+-api$", text, re.MULTILINE)


def test_a_rollback_runs_no_migration_of_the_past() -> None:
    lines = [words for words in commands("forgestack", "fly") if "--image" in words and words[1] == "deploy"]
    assert {option(words, "--config") for words in lines if "--skip-release-command" in words} == {"fly.api.toml"}


def test_a_stack_without_platforms_has_nothing_to_compare() -> None:
    only = replace(planned("forgestack").stack, targets=TargetsConfig(fly=FlyConfig()))
    assert deployment_table.table(only, ["github"]) == []
    assert deployment_table.table(only, ["fly"])[0] == "|  | Docker | Fly.io |"


def test_a_store_that_railway_pulls_starts_again_with_its_password_before_what_needs_it() -> None:
    found = [" ".join(words) for words in commands("everyskill", "railway")]
    again = found.index("railway redeploy --service postgres --yes")
    assert again < found.index("railway up --service migrate --ci")
    assert not [line for line in (" ".join(each) for each in commands("forgestack", "railway")) if "redeploy" in line]


def test_a_certificate_of_ones_own_is_imported_and_none_is_asked_for() -> None:
    found = [words[2] for words in commands("cipherbox", "fly") if words[1] == "certs"]
    assert found == ["import", "setup", "import", "setup"]
