"""The workflow that deploys an environment, and the script that it runs on the machine."""

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan import pipeline
from bayplan.catalog.contract import contract
from bayplan.errors import ConfigError
from bayplan.model.front import Answer, Proxy, Site, TlsKind
from bayplan.model.parts import Asked, Composed, Condition, Given, Health, Mount, Need, Variable
from bayplan.model.stack import Role, Stack
from bayplan.writers import deploy, deploy_script, deploy_workflow
from bayplan.writers.deploy_addresses import addresses
from tests.e2e.deployed_stack import WHY, deployed
from tests.unit.planning import Repository, server

EXAMPLES = Path(__file__).parents[2] / "examples"
IMAGES = "images: ghcr.io/${OWNER}/{name}-{service}:${TAG:-latest}\n"
GITHUB = "targets: { github: {} }\n"


@pytest.fixture
def stack() -> Stack:
    """A stack with a job, a store, files, a worker without a check, and a proxy."""
    return deployed("shop", "ghcr.io", "/srv/shop", 8443)


@pytest.fixture(scope="module")
def cipherbox() -> Stack:
    return pipeline.plan(EXAMPLES / "cipherbox" / "repo").stack


def workflow(stack: Stack) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(deploy.write(stack)[deploy_workflow.path(stack)].text)
    return found


def steps(stack: Stack) -> dict[str, Any]:
    return {step["name"]: step for step in workflow(stack)["jobs"]["deploy"]["steps"]}


def script(stack: Stack) -> str:
    return deploy.write(stack)[deploy_script.path(stack)].text


def commands(stack: Stack, function: str) -> list[str]:
    """Return the lines of a function of the script."""
    match = re.search(rf"^{function}\(\) {{.*?\n(.*?)^}}$", script(stack), re.DOTALL | re.MULTILINE)
    assert match is not None
    return [line.strip() for line in match[1].splitlines()]


# When it is written


def test_without_the_target_nothing_is_written(tmp_path: Path) -> None:
    files = Repository(tmp_path).app("api", server(3000)).plan(IMAGES).files
    assert not [path for path in files if path.startswith(("deploy/", ".github/workflows/deploy-"))]


def test_images_that_are_built_where_they_run_are_not_deployed_and_it_is_said_how_they_would_be(tmp_path: Path) -> None:
    planned = Repository(tmp_path).app("api", server(3000)).plan(GITHUB)
    assert deploy.write(planned.stack) == {}
    assert "set `images:` to have" in deploy.missing(planned.stack)


def test_each_environment_that_pulls_has_both_files(tmp_path: Path) -> None:
    settings = f"{GITHUB}environments:\n  staging: {{ {IMAGES.strip()} }}\n  production: {{}}\n"
    files = Repository(tmp_path).app("api", server(3000)).plan(settings.replace(IMAGES.strip(), _quoted(IMAGES))).files
    assert ".github/workflows/deploy-staging.yml" in files
    assert "deploy/staging.sh" in files
    assert "deploy/production.sh" not in files


def _quoted(line: str) -> str:
    key, _, value = line.strip().partition(": ")
    return f'{key}: "{value}"'


def test_the_folder_of_the_machine_can_be_chosen(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("api", server(3000))
    planned = repository.plan(IMAGES + "targets: { github: { folder: /opt/stacks/shop } }\n")
    assert "release=/opt/stacks/shop/releases/" in steps(planned.stack)["Send the release"]["run"]


@pytest.mark.parametrize("folder", ["srv", "/", "/srv/../etc", "/srv/a b", "/srv/$(id)", "/srv/x'y", "/srv/${{ a }}"])
def test_a_folder_that_a_shell_would_take_for_more_is_refused(tmp_path: Path, folder: str) -> None:
    repository = Repository(tmp_path).app("api", server(3000))
    with pytest.raises(ConfigError):
        repository.plan(IMAGES + f"targets: {{ github: {{ folder: {folder!r} }} }}\n")


# What GitHub does


@pytest.mark.requirement("CB-17")
def test_every_variable_that_the_stack_asks_for_comes_from_a_secret_or_a_variable(cipherbox: Stack) -> None:
    given = steps(cipherbox)["Send the release"]["env"]
    asked = contract(cipherbox).asked
    assert {f"VALUE_{term.name}" for term in asked} == {name for name in given if name.startswith("VALUE_")}
    for term in asked:
        source = given[f"VALUE_{term.name}"]
        if term.secret:
            assert source == f"${{{{ secrets.{term.name} }}}}"
    assert given["VALUE_TAG"] == "${{ inputs.tag }}"
    assert given["VALUE_GITHUB_OWNER"] == "${{ github.repository_owner }}"


def test_what_is_required_is_looked_for_before_anything_is_sent(cipherbox: Stack) -> None:
    run = steps(cipherbox)["Send the release"]["run"]
    loop = run[run.index("for name in") : run.index("; do")].replace("\\\n", " ")
    needed = {term.name for term in contract(cipherbox).asked if term.required} - {"GITHUB_OWNER"}
    assert {name.removeprefix("VALUE_") for name in loop.split()[3:]} == needed | {*deploy_workflow.MACHINE}
    assert run.index("has no value for") < run.index("ssh -F")


def test_a_variable_whose_name_github_keeps_to_itself_is_stored_under_another(tmp_path: Path) -> None:
    code = "const id = process.env.GITHUB_CLIENT_SECRET;\nif (!id) throw new Error('GITHUB_CLIENT_SECRET');\n"
    planned = Repository(tmp_path).app("api", server(3000, code)).plan(IMAGES + GITHUB)
    given = steps(planned.stack)["Send the release"]["env"]
    assert given["VALUE_GITHUB_CLIENT_SECRET"] == "${{ secrets.APP_GITHUB_CLIENT_SECRET }}"  # noqa: S105


def test_no_expression_stands_in_a_script(cipherbox: Stack) -> None:
    for step in steps(cipherbox).values():
        assert "${{" not in step.get("run", "")


def test_a_path_cannot_bring_an_expression_into_a_script(stack: Stack) -> None:
    odd = replace(stack, compose="docker/${{ github.token }}'; id #/compose.yml", env_file="a ${{ b }}/.env")
    run = steps(odd)["Send the release"]["run"]
    assert "${{" not in run
    (line,) = (line for line in run.splitlines() if line.startswith("cp "))
    assert shlex.split(line)[4].replace("$''{{", "${{") == odd.compose


def test_two_deployments_never_run_at_once_and_none_is_broken_off(cipherbox: Stack) -> None:
    assert workflow(cipherbox)["concurrency"] == {"group": "deploy-staging", "cancel-in-progress": False}


def test_its_token_can_read_and_nothing_else(cipherbox: Stack) -> None:
    found = workflow(cipherbox)
    assert found["permissions"] == {}
    job = found["jobs"]["deploy"]
    assert job["permissions"] == {"contents": "read", "packages": "read"}
    assert job["environment"] == "staging"
    assert re.fullmatch(r"actions/checkout@[0-9a-f]{40}", job["steps"][0]["uses"])
    assert job["steps"][0]["with"] == {"persist-credentials": False}


def test_the_key_of_the_machine_is_known_beforehand(cipherbox: Stack) -> None:
    run = steps(cipherbox)["Send the release"]["run"]
    assert "StrictHostKeyChecking yes" in run
    assert "accept-new" not in run


def test_another_registry_is_asked_with_its_own_password() -> None:
    stack = deployed("shop", "registry.example.com", "/srv/shop", 8443)
    start = steps(stack)["Start it"]["env"]
    assert start["REGISTRY_USER"] == "${{ vars.REGISTRY_USER }}"
    assert start["REGISTRY_PASSWORD"] == "${{ secrets.REGISTRY_PASSWORD }}"  # noqa: S105
    assert workflow(stack)["jobs"]["deploy"]["permissions"] == {"contents": "read"}
    assert "--password-stdin registry.example.com" in script(stack)
    assert steps(stack)["Send the release"]["env"]["VALUE_OWNER"] == "${{ vars.OWNER }}"


def test_without_a_tag_in_the_name_of_images_none_is_asked_for(stack: Stack) -> None:
    fixed = Composed((Given("ghcr.io/"), Asked("OWNER"), Given("/shop-api:stable")))
    plain = replace(stack, services=tuple(replace(each, pulled=fixed) for each in stack.services))
    assert workflow(plain)[True] == {"workflow_dispatch": None}
    assert "No image can have this tag" not in steps(plain)["Send the release"]["run"]
    assert "with the tag" not in deploy.write(plain)[deploy_workflow.path(plain)].text


# What a release holds


@pytest.mark.requirement("CB-17", "CB-20")
def test_certificates_stay_on_the_machine_and_the_rest_travels(cipherbox: Stack) -> None:
    assert deploy_script.staying(cipherbox) == ("docker/certs",)
    assert deploy_script.travelling(cipherbox) == (
        "docker/docker-compose.staging.yml",
        "docker/Caddyfile",
        "deploy/staging.sh",
    )
    assert 'ln -sfn "$folder"/docker/certs "$release"/docker/certs' in script(cipherbox)


def test_a_certificate_and_a_key_that_lie_apart_stay_both(stack: Stack) -> None:
    assert stack.proxy is not None
    tls = replace(stack.proxy.tls, kind=TlsKind.FILES, certificate="tls/a.pem", key="keys/b.key")
    mounts = tuple(Mount(path, f"/etc/{path}", WHY, is_volume=False) for path in ("tls/a.pem", "keys/b.key"))
    proxy = replace(stack.proxy, tls=tls, mounts=(*stack.proxy.mounts, *mounts))
    assert deploy_script.staying(replace(stack, proxy=proxy)) == ("tls/a.pem", "keys/b.key")


# What the machine does


@pytest.mark.requirement("CB-18")
def test_stores_and_migrations_come_before_anything_is_replaced(cipherbox: Stack) -> None:
    lines = commands(cipherbox, "deploy")
    first = lines.index("if start ipfs postgres redis &&")
    assert lines[first + 1] == "compose run --rm --no-deps -T migrate &&"
    assert lines[first + 2].endswith("again locked; then")


def test_a_job_that_needs_a_service_runs_once_that_is_up(stack: Stack) -> None:
    (migrate,) = (each for each in stack.services if each.name == "migrate")
    seed = replace(migrate, name="seed", needs=(Need("api", Condition.HEALTHY, WHY),))
    lines = commands(replace(stack, services=(seed, *stack.services)), "deploy")
    assert lines.index('sh "$release"/deploy/staging.sh again locked &&') < lines.index(
        "compose run --rm --no-deps -T seed; then"
    )


@pytest.mark.requirement("CB-11")
def test_only_images_of_our_own_are_pulled_anew(cipherbox: Stack) -> None:
    assert "compose pull --quiet api web tee-worker || pulled=false" in commands(cipherbox, "deploy")


@pytest.mark.requirement("CB-22")
def test_services_are_replaced_before_the_proxy_which_is_told_of_a_new_caddyfile(cipherbox: Stack) -> None:
    lines = commands(cipherbox, "again")
    order = [line for line in lines if line.startswith(("start ", "publish "))]
    assert order == ["start ipfs postgres redis", "start --remove-orphans api tee-worker", "publish web", "start caddy"]
    assert any("caddy reload --config -" in line for line in lines)


def test_a_service_without_a_check_is_watched_for_a_while(stack: Stack, cipherbox: Stack) -> None:
    assert "stays worker" in commands(stack, "again")
    assert "stays" not in script(cipherbox)


def test_no_secret_is_an_argument_of_a_program(cipherbox: Stack) -> None:
    assert "--password-stdin" in script(cipherbox)
    for step in steps(cipherbox).values():
        for line in step.get("run", "").splitlines():
            used = re.findall(r"\$\{?!?(DEPLOY_KEY|REGISTRY_PASSWORD|value|name)\b", line)
            if used:
                assert line.strip().startswith(("printf", "if [", "value=", "for ", "done"))


def test_a_stack_without_proxy_stores_and_jobs_is_started_alone(stack: Stack) -> None:
    api = next(each for each in stack.services if each.name == "api")
    plain = replace(stack, services=(replace(api, needs=(), health=Health(WHY, path="/")),), stores=(), proxy=None)
    text = script(plain)
    assert 'if sh "$release"/deploy/staging.sh again locked; then' in text
    for word in ("caddy", "curl", "publish", "stays", "redis", "migrate", "@"):
        assert word not in text.replace('"$@"', "")


def test_every_line_of_both_files_has_a_reason(cipherbox: Stack) -> None:
    for file in deploy.write(cipherbox).values():
        for number, line in enumerate(file.text.splitlines(), 1):
            assert not line or file.why(number) is not None, line


# What is asked of each host name


def _with(stack: Stack, *sites: Site) -> Stack:
    assert stack.proxy is not None
    return replace(stack, proxy=replace(stack.proxy, sites=sites))


def asked(stack: Stack) -> dict[str, int]:
    return {address.url: address.below for address in addresses(stack)}


@pytest.mark.requirement("CB-21", "CB-22")
def test_each_host_name_is_asked_for_what_it_answers(cipherbox: Stack) -> None:
    assert asked(cipherbox) == {
        "https://api.staging.example.com/health": 400,
        "https://app.staging.example.com/": 400,
    }


def test_a_health_path_that_the_proxy_refuses_is_not_asked_for(stack: Stack) -> None:
    site = Site(("a.example.com",), WHY, (Answer("", "api", 3000),), refused=("/health",))
    assert asked(_with(stack, site)) == {"https://a.example.com/": 500}


def test_a_health_path_that_another_service_answers_is_not_asked_for(stack: Stack) -> None:
    site = Site(("a.example.com",), WHY, (Answer("/health/*", "worker", 1), Answer("", "api", 3000)))
    assert asked(_with(stack, site)) == {"https://a.example.com/health": 500, "https://a.example.com/": 500}


def test_files_below_a_path_and_sites_that_have_moved_are_asked_for(stack: Stack) -> None:
    files = Site(("a.example.com",), WHY, (Answer("/docs/*", "web", files="/srv/web/current"),))
    moved = Site(("b.example.com",), WHY, redirects=(("", "https://a.example.com"),))
    assert asked(_with(stack, files, moved)) == {"https://a.example.com/docs/": 400, "https://b.example.com/": 400}


def test_a_wildcard_has_no_name_to_ask_for_and_a_variable_is_read_from_the_proxy(stack: Stack) -> None:
    site = Site(("${DOMAIN}", "*.${DOMAIN}"), WHY, (Answer("", "api", 3000),))
    found = _with(stack, site)
    assert found.proxy is not None
    named = replace(found, proxy=replace(found.proxy, variables=(Variable("DOMAIN", Asked("DOMAIN"), WHY),)))
    assert asked(named) == {"https://${DOMAIN}/health": 400}
    assert "DOMAIN=$(compose exec -T caddy printenv DOMAIN)" in commands(named, "again")
    assert 'answers "https://${DOMAIN}/health" 400' in commands(named, "again")


def test_a_path_cannot_bring_a_command_into_the_script(stack: Stack) -> None:
    site = Site(("a.example.com",), WHY, (Answer('/$(id)`id`"x/*', "api", 3000),))
    (line,) = (line for line in commands(_with(stack, site), "again") if line.startswith("answers "))
    assert line == 'answers "https://a.example.com/\\$(id)\\`id\\`\\"x" 500'


def test_a_proxy_that_nobody_reaches_is_not_asked(stack: Stack) -> None:
    assert stack.proxy is not None
    hidden: Proxy = replace(stack.proxy, bindings=())
    assert addresses(replace(stack, proxy=hidden)) == ()
    assert "curl" not in script(replace(stack, proxy=hidden))


def test_files_are_published_by_their_own_container(stack: Stack) -> None:
    assert [each.name for each in stack.services if each.role.value is Role.FILES] == ["web"]
    assert "publish web" in commands(stack, "again")
