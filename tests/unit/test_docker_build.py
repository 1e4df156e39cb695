"""The image workflow: what it builds, under which names, with which rights, and what it says nothing of."""

import json
import os
import re
import subprocess
from itertools import product
from pathlib import Path

import pytest
import yaml

from bayplan.errors import UsageError
from bayplan.pipeline import Planned, check_with
from bayplan.writers.docker_build_scripts import quoted
from bayplan.writers.published import OWNER
from tests.unit.planning import Repository, server
from tests.unit.workflow_shop import FILE, calls, jobs, planned_case, scripts, shop, text

GITHUB = "targets: { github: {} }\n"
HOSTILE = ["a b", "$(touch x)", "`touch x`", "a'b", 'a"b', "${{ secrets.X", "a\\b", "a;b&&c", "*", "é", "$HOME", "#"]
BRACED = ["a}b", "${{ secrets.X }}", "${X}"]
"""What compose takes as a fixed value only."""
BROWSER = "export default function Page() { return <p>{process.env.NEXT_PUBLIC_API_URL}</p>; }\n"
NEXT = {
    "name": "web",
    "scripts": {"build": "next build", "start": "next start"},
    "dependencies": {"next": "15.5.4", "react": "19.1.0", "react-dom": "19.1.0"},
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return shop(tmp_path)


def test_without_the_target_there_is_no_workflow(repository: Repository) -> None:
    assert FILE not in repository.plan().files


@pytest.mark.requirement("FS-40")
def test_it_runs_for_main_for_pull_requests_each_week_and_by_hand(repository: Repository) -> None:
    on = yaml.safe_load(text(repository.plan(GITHUB)))[True]
    assert on.keys() == {"push", "pull_request", "schedule", "workflow_dispatch"}
    assert on["push"] == {"branches": ["main"]}


def test_another_branch_takes_the_place_of_main_everywhere(repository: Repository) -> None:
    settings = "environments:\n  staging:\n    images: ghcr.io/${OWNER}/{name}-{service}:${TAG:-latest}\n"
    files = repository.plan(f"{settings}    targets: {{ github: {{ branch: release/next }} }}\n").files
    workflow = yaml.safe_load(files[FILE].text)
    assert workflow[True]["push"] == {"branches": ["release/next"]}
    assert "github.ref == 'refs/heads/release/next'" in workflow["jobs"]["deploy-staging"]["if"]
    assert '[ "$GITHUB_REF" = refs/heads/release/next ]' in files[FILE].text
    assert "with each push to release/next" in files["docs/deployment.md"].text
    assert "refs/heads/main" not in files[FILE].text


@pytest.mark.parametrize("hostile", ["'$(x)'", "'a b'", '"a\'b"', "-x", "'${{ x }}'"])
def test_what_is_no_name_of_a_branch_is_refused(repository: Repository, hostile: str) -> None:
    with pytest.raises(UsageError):
        repository.plan(f"targets: {{ github: {{ branch: {hostile} }} }}\n")


@pytest.mark.requirement("FS-40")
def test_each_architecture_is_built_on_a_runner_of_its_own(repository: Repository) -> None:
    matrix = jobs(repository.plan(GITHUB))["build"]["strategy"]["matrix"]
    assert [(each["platform"], each["runner"]) for each in matrix["include"]] == [
        ("linux/amd64", "ubuntu-24.04"),
        ("linux/arm64", "ubuntu-24.04-arm"),
    ]
    assert "qemu" not in text(repository.plan())


def test_caches_of_images_and_architectures_are_apart(repository: Repository) -> None:
    steps = jobs(repository.plan(GITHUB))["build"]["steps"]
    caches = {step["with"]["cache-from"] for step in steps if "cache-from" in step.get("with", {})}
    assert caches == {"type=gha,scope=${{ matrix.image.name }}-${{ matrix.arch }}"}


@pytest.mark.requirement("FS-41")
def test_a_job_may_only_do_what_it_has_to(repository: Repository) -> None:
    planned = repository.plan(GITHUB)
    assert yaml.safe_load(text(planned))["permissions"] == {}
    assert {name: job["permissions"] for name, job in jobs(planned).items()} == {
        "plan": {"contents": "read", "packages": "read"},
        "build": {"contents": "read", "packages": "write"},
        "tag": {"packages": "write"},
    }
    assert all("timeout-minutes" in job for job in jobs(planned).values())


@pytest.mark.requirement("FS-41")
def test_every_action_is_pinned_by_its_commit_with_the_version_beside(repository: Repository) -> None:
    lines = [line.strip() for line in text(repository.plan(GITHUB)).splitlines() if "uses:" in line]
    assert lines
    assert all(re.fullmatch(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in lines)


@pytest.mark.requirement("FS-40", "FS-41")
def test_pull_requests_never_push_nor_log_in_to(repository: Repository) -> None:
    found = jobs(repository.plan(GITHUB))
    steps = found["build"]["steps"]
    scanned = next(index for index, step in enumerate(steps) if "scan-action" in step.get("uses", ""))
    assert all("if" not in step for step in steps[: scanned + 1])
    assert {step["if"] for step in steps[scanned + 1 :]} == {"${{ github.event_name != 'pull_request' }}"}
    assert "github.event_name != 'pull_request'" in found["tag"]["if"]


@pytest.mark.requirement("FS-41")
def test_nothing_is_pushed_before_it_is_scanned_and_each_image_has_an_sbom(repository: Repository) -> None:
    steps = jobs(repository.plan(GITHUB))["build"]["steps"]
    scan = next(step["with"] for step in steps if "scan-action" in step.get("uses", ""))
    assert (scan["severity-cutoff"], scan["only-fixed"]) == ("critical", True)
    built, pushed = (step["with"] for step in steps if "build-push" in step.get("uses", ""))
    assert built["load"] is True
    assert built["tags"] == scan["image"]
    assert pushed["sbom"] is True
    assert pushed["provenance"] == "mode=max"
    assert "push-by-digest=true" in pushed["outputs"]


@pytest.mark.requirement("FS-41")
def test_names_are_lower_cased_in_the_shell_and_no_expression_stands_in_a_script(repository: Repository) -> None:
    found = scripts(repository.plan(GITHUB))
    assert '"ghcr.io/$GITHUB_REPOSITORY_OWNER/shop-api"' in found["Compare with what is in the registry"]
    assert "repository=${2,,}" in found["Compare with what is in the registry"]
    assert not [name for name, script in found.items() if "${{" in script]


def test_an_image_is_made_from_its_closure_and_no_more(repository: Repository) -> None:
    found = calls(repository.plan(GITHUB))
    assert found.keys() == {"api", "worker"}
    assert " apps/api/Dockerfile -- .dockerignore apps/api package.json pnpm-lock.yaml" in found["api"]
    assert "apps/worker" not in found["api"]


def test_images_are_named_as_the_configuration_pulls_them(repository: Repository) -> None:
    planned = repository.plan(GITHUB + "images: ghcr.io/${ACCOUNT}/{name}/{service}:${TAG:-latest}\n")
    assert '"ghcr.io/$GITHUB_REPOSITORY_OWNER/shop/api"' in calls(planned)["api"]
    assert "vars.ACCOUNT" not in text(planned)


def test_another_registry_is_logged_in_to_with_what_the_repository_has(repository: Repository) -> None:
    planned = repository.plan(GITHUB + "images: registry.example.com:5000/${TEAM}/{service}:${TAG:-latest}\n")
    assert '"registry.example.com:5000/$TEAM/api"' in calls(planned)["api"]
    steps = jobs(planned)["plan"]["steps"]
    login = next(step for step in steps if "login" in step.get("uses", ""))
    assert login["if"] == "${{ github.event_name != 'pull_request' }}", "a fork's pull request has no password"
    assert login["with"] == {
        "registry": "registry.example.com:5000",
        "username": "${{ vars.REGISTRY_USER }}",
        "password": "${{ secrets.REGISTRY_PASSWORD }}",
    }
    assert next(step["env"]["TEAM"] for step in steps if "env" in step) == "${{ vars.TEAM }}"
    assert jobs(planned)["tag"]["permissions"] == {}


def test_an_image_of_docker_hub_has_no_host(repository: Repository) -> None:
    login = jobs(repository.plan(GITHUB + "images: example/{name}-{service}\n"))["tag"]["steps"][1]
    assert "registry" not in login["with"]


def test_what_no_registry_takes_as_a_name_is_refused(repository: Repository) -> None:
    with pytest.raises(UsageError, match="no registry takes"):
        repository.plan(GITHUB + "images: ghcr.io/a$b/{service}\n")


def test_tags_that_tell_environments_apart_keep_doing_so(repository: Repository) -> None:
    planned = repository.plan(GITHUB + "images: ghcr.io/${OWNER}/{service}:{environment}-${TAG:-latest}\n")
    assert calls(planned)["api"].startswith("prefix=production- latest=production-latest image api ")
    script = scripts(planned)["Compare with what is in the registry"]
    assert 'tags=("${prefix-}$GITHUB_SHA"' in script
    assert 'tags+=("${latest-latest}")' in script


def test_a_fixed_tag_moves_with_main_and_others_begin_with_it(repository: Repository) -> None:
    planned = repository.plan(GITHUB + "images: ghcr.io/${OWNER}/{service}:{environment}\n")
    assert calls(planned)["api"].startswith("prefix=production- latest=production image api ")


def test_environments_share_an_image_into_which_the_same_is_built(tmp_path: Path) -> None:
    planned = planned_case("environments", tmp_path)
    assert calls(planned).keys() == {"api", "production-web", "staging-web"}
    assert '"ghcr.io/$GITHUB_REPOSITORY_OWNER/shop-api"' in calls(planned)["api"]


def test_an_image_into_which_something_else_is_built_has_another_name(tmp_path: Path) -> None:
    found = calls(planned_case("environments", tmp_path))
    assert '/shop-web" . apps/web/Dockerfile VITE_API_URL=https://api.example.com --' in found["production-web"]
    assert (
        '/shop-staging-web" . apps/web/Dockerfile VITE_API_URL=https://api.staging.example.com' in found["staging-web"]
    )


def test_each_environment_has_variables_of_its_own_for_what_is_built_in(tmp_path: Path) -> None:
    settings = "images: ghcr.io/${OWNER}/{environment}-{service}:${TAG:-latest}\nenvironments:\n  staging: {}\n"
    planned = next_app(tmp_path).plan(f"{GITHUB}{settings}  production: {{}}\n")
    found = calls(planned)
    given = '${NEXT_PUBLIC_API_URL_STAGING:+"NEXT_PUBLIC_API_URL=$NEXT_PUBLIC_API_URL_STAGING"}'
    assert given in found["staging-web"], "left out where nobody gives it"
    assert given.replace("STAGING", "PRODUCTION") in found["production-web"]
    told = next(step["env"] for step in jobs(planned)["plan"]["steps"] if "env" in step)
    assert told["NEXT_PUBLIC_API_URL_STAGING"] == "${{ vars.NEXT_PUBLIC_API_URL_STAGING }}"


@pytest.mark.parametrize(("tag", "field"), [("${TAG:-latest}", ' --field "tag=$GITHUB_SHA"'), ("latest", "")])
def test_what_is_not_production_is_deployed_when_all_is_tagged(repository: Repository, tag: str, field: str) -> None:
    settings = f"environments:\n  staging:\n    images: ghcr.io/${{OWNER}}/{{name}}-{{service}}:{tag}\n    {GITHUB}"
    planned = repository.plan(settings)
    deploy = jobs(planned)["deploy-staging"]
    assert deploy["permissions"] == {"actions": "write"}
    assert "needs.tag.result == 'success' && github.ref == 'refs/heads/main'" in deploy["if"]
    assert deploy["steps"][0]["run"] == f'gh workflow run deploy-staging.yml --ref "$GITHUB_REF_NAME"{field}'
    started = yaml.safe_load(planned.files[".github/workflows/deploy-staging.yml"].text)
    assert bool((started[True]["workflow_dispatch"] or {}).get("inputs")) == bool(field), "it takes what it is given"


def test_production_and_what_is_built_where_it_runs_are_deployed_by_people(repository: Repository) -> None:
    pulls = "images: ghcr.io/${OWNER}/{name}-{service}:${TAG:-latest}\n"
    assert jobs(repository.plan(GITHUB + pulls)).keys() == {"plan", "build", "tag"}
    assert jobs(repository.plan(f"environments:\n  staging:\n    {GITHUB}")).keys() == {"plan", "build", "tag"}


def test_secrets_of_a_build_come_from_the_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("api", server(4000))
    repository.write(".npmrc", "@shop:registry=https://npm.example.com\n//npm.example.com/:_authToken=${NPM_TOKEN}\n")
    steps = jobs(repository.plan(GITHUB))["build"]["steps"]
    builds = [step["with"] for step in steps if "build-push" in step.get("uses", "")]
    assert [each["secrets"] for each in builds] == ["NPM_TOKEN=${{ secrets.NPM_TOKEN }}"] * 2


def test_every_line_has_a_reason(repository: Repository) -> None:
    file = repository.plan(GITHUB).files[FILE]
    number = next(number for number, line in enumerate(file.text.splitlines(), 1) if "packages: write" in line)
    why = file.why(number)
    assert why is not None
    assert why.because == "a token can do no more than its job needs"


def test_what_is_written_draws_no_finding(repository: Repository) -> None:
    planned = repository.plan(GITHUB)
    assert check_with(planned, planned.overlay)[2] == ()


def given(planned: Planned, **variables: str) -> list[str]:
    """Return what the plan says of its images, word by word, as bash understands it."""
    script = scripts(planned)["Compare with what is in the registry"]
    called = script[script.index("{\n  image ") :].partition('} >"$RUNNER_TEMP')[0]
    said = f"image() {{ printf '%s\\0' \"$@\"; }}\n{called}}}"
    environment = {"PATH": os.environ["PATH"], OWNER: "Ada", **variables}
    done = subprocess.run(["bash", "-ec", said], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.split("\0")


def next_app(root: Path) -> Repository:
    repository = Repository(root).app("web", server(3000)).manifest("apps/web", NEXT)
    return repository.write("apps/web/app/page.tsx", BROWSER).write("apps/web/next.config.mjs", "")


@pytest.mark.parametrize(("key", "hostile"), [*product(["value", "default"], HOSTILE), *product(["value"], BRACED)])
def test_what_is_built_in_arrives_as_it_is(tmp_path: Path, key: str, hostile: str) -> None:
    told = {"NEXT_PUBLIC_API_URL": {key: hostile}}
    planned = next_app(tmp_path).plan(f"{GITHUB}variables: {json.dumps(told)}\n")
    assert "${{" not in "".join(scripts(planned).values())
    assert f"NEXT_PUBLIC_API_URL={hostile}" in given(planned)


@pytest.mark.parametrize("hostile", [*HOSTILE, *BRACED])
def test_what_the_operator_gives_arrives_as_it_is(tmp_path: Path, hostile: str) -> None:
    planned = next_app(tmp_path).plan(GITHUB)
    assert f"NEXT_PUBLIC_API_URL={hostile}" in given(planned, NEXT_PUBLIC_API_URL=hostile)
    assert not [word for word in given(planned) if word.startswith("NEXT_PUBLIC")], "nothing where nothing is given"


def test_a_platform_that_no_runner_has_is_built_beside_the_others(repository: Repository) -> None:
    planned = repository.plan(GITHUB + "platforms: [linux/arm64, linux/arm/v7]\n")
    assert jobs(planned)["build"]["strategy"]["matrix"]["include"] == [
        {"platform": "linux/arm64", "arch": "arm64", "runner": "ubuntu-24.04-arm"},
        {"platform": "linux/arm/v7", "arch": "arm-v7", "runner": "ubuntu-24.04"},
    ]


@pytest.mark.parametrize("hostile", [*HOSTILE, *BRACED, "-x", "--"])
def test_a_path_is_one_word_of_bash_and_no_expression_of_github(hostile: str) -> None:
    word = quoted(hostile)
    assert "${{" not in word
    done = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, text=True, check=True)
    assert done.stdout == hostile
