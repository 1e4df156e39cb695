"""The image workflow run job by job in a real repository, with a registry and BuildKit of this machine.

Each image's Dockerfile is a stand-in that only copies, so that arm64 is built here without emulation; all else is what
bayplan writes. The files that decide are changed one after the other, and the registry is asked what came of it.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bayplan import pipeline
from tests.e2e.by_digest import PATH, Builder, builder
from tests.e2e.system import copied
from tests.e2e.workflow_jobs import Event, Jobs, Runner

pytestmark = pytest.mark.engine

WORKFLOW = ".github/workflows/docker-build.yml"
URL = "https://api.example.com"
BOTH = {"linux/amd64", "linux/arm64"}
MAIN = Event(variables={"NEXT_PUBLIC_API_URL": URL})
STAND_IN = {
    "api": "FROM scratch\nCOPY packages/db apps/api /app/\n",
    "web": "FROM scratch\nARG NEXT_PUBLIC_API_URL\nLABEL url=$NEXT_PUBLIC_API_URL\nCOPY apps/web /app/\n",
    "worker": "FROM scratch\nCOPY packages/db apps/worker /app/\n",
}


@pytest.fixture(scope="module")
def hosted(engine: str) -> Iterator[Builder]:
    assert engine == "docker"
    missing = [each for each in ("dockerd", "docker-registry", "jq", "git") if not shutil.which(each, path=PATH)]
    if missing or os.geteuid() != 0:
        reason = f"to build as GitHub does, root and {', '.join(missing or ['what is here'])} are needed"
        if os.environ.get("BAYPLAN_REQUIRE_ENGINE"):
            pytest.fail(reason)
        pytest.skip(reason)
    with builder() as found:
        yield found


class Repository:
    """A copy of forgestack in git, with what bayplan writes for it."""

    def __init__(self, hosted: Builder, folder: Path, tag: str = "${TAG:-latest}") -> None:
        self.root = copied("forgestack", folder)
        config = self.root / "bayplan.yaml"
        images = f"images: {hosted.registry.host}/${{GITHUB_OWNER}}/{{name}}-{{service}}:{tag}\n"
        config.write_text(config.read_text(encoding="utf-8") + images, encoding="utf-8")
        planned = pipeline.plan(self.root)
        for path, text in planned.overlay.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text, encoding="utf-8")
        for app, text in STAND_IN.items():
            (self.root / "apps" / app / "Dockerfile").write_text(text, encoding="utf-8")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("first")
        self.runner = Runner(hosted, self.root, folder / "runner")
        self.registry = hosted.registry

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *who, *words], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def change(self, path: str, text: str = "changed") -> str:
        (self.root / path).write_text(f"{text}\n", encoding="utf-8")
        return self.commit(f"change {path}")

    def run(self, event: Event = MAIN, *, only: tuple[str, ...] = ()) -> Jobs:
        return self.runner.run(WORKFLOW, event, only=only)

    def digests(self, tag: str) -> dict[str, str]:
        return {app: self.registry.digest(f"example-org/forgestack-{app}", tag) for app in STAND_IN}


@pytest.fixture(scope="module")
def repository(hosted: Builder, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The repository after its first push to main."""
    found = Repository(hosted, tmp_path_factory.mktemp("workflow"))
    run = found.run()
    assert run.results == {"plan": "success", "build": "success", "tag": "success"}, run.said
    assert run.built == {(app, platform) for app in STAND_IN for platform in BOTH}
    return found


def names(run: Jobs) -> set[str]:
    return {name for name, _ in run.built}


@pytest.mark.requirement("FS-40")
def test_a_push_to_main_publishes_every_image_for_both_architectures(repository: Repository) -> None:
    sha = repository.git("rev-list", "--max-parents=0", "HEAD")
    for app in STAND_IN:
        name = f"example-org/forgestack-{app}"
        tags = repository.registry.tags(name)
        assert {sha, "main", "latest"} < tags
        assert len([tag for tag in tags if tag.startswith("tree-")]) >= 1
        assert repository.registry.platforms(name, sha) == BOTH
    assert repository.registry.labels("example-org/forgestack-web", sha) == {"url": URL}


@pytest.mark.requirement("FS-41")
def test_the_owner_is_in_lower_case_however_the_account_is_written(repository: Repository) -> None:
    assert MAIN.owner != MAIN.owner.lower()
    assert repository.registry.tags("Example-Org/forgestack-api") == set()
    assert "latest" in repository.registry.tags("example-org/forgestack-api")


def test_each_architecture_carries_its_provenance(repository: Repository) -> None:
    entries = repository.registry.index("example-org/forgestack-api", "latest")["manifests"]
    kinds = [each.get("annotations", {}).get("vnd.docker.reference.type") for each in entries]
    assert kinds.count("attestation-manifest") == 2


def test_a_change_that_no_image_is_made_from_only_tags_again(repository: Repository) -> None:
    before = repository.digests("latest")
    sha = repository.change("README.md")
    run = repository.run()
    assert run.results == {"plan": "success", "build": "skipped", "tag": "success"}, run.said
    assert not run.built
    assert repository.digests(sha) == repository.digests("latest") == before


def test_a_changed_package_builds_the_images_whose_closure_holds_it(repository: Repository) -> None:
    before = repository.digests("latest")
    sha = repository.change("packages/db/src/added.ts", "export {};")
    run = repository.run()
    assert names(run) == {"api", "worker"}, run.said
    after = repository.digests(sha)
    assert {app for app in STAND_IN if after[app] != before[app]} == {"api", "worker"}
    assert repository.digests("latest") == after


def test_a_changed_variable_builds_the_image_it_is_built_into(repository: Repository) -> None:
    run = repository.run(Event(variables={"NEXT_PUBLIC_API_URL": "https://other.example.com"}))
    assert names(run) == {"web"}, run.said
    assert repository.registry.labels("example-org/forgestack-web", "latest") == {"url": "https://other.example.com"}
    assert repository.run().built == set(), "what was built before is found again"
    assert repository.registry.labels("example-org/forgestack-web", "latest") == {"url": URL}


def test_a_run_that_ended_before_its_tags_hides_no_change(repository: Repository) -> None:
    repository.change("apps/web/added.txt")
    cut = repository.run(only=("plan", "build"))
    assert names(cut) == {"web"}
    sha = repository.change("README.md", "after a run that was cut off")
    run = repository.run()
    assert names(run) == {"web"}, run.said
    assert repository.registry.platforms("example-org/forgestack-web", sha) == BOTH


def test_a_forced_push_to_what_was_built_before_builds_nothing(repository: Repository) -> None:
    before = repository.git("rev-parse", "HEAD")
    repository.change("apps/api/added.txt")
    assert names(repository.run()) == {"api"}
    repository.git("reset", "--quiet", "--hard", before)
    run = repository.run()
    assert not run.built, run.said
    assert repository.digests("latest") == repository.digests(before)


@pytest.mark.requirement("FS-40")
def test_a_pull_request_builds_what_it_changes_and_publishes_nothing(repository: Repository) -> None:
    tags = {app: repository.registry.tags(f"example-org/forgestack-{app}") for app in STAND_IN}
    latest = repository.digests("latest")
    repository.change("apps/worker/added.txt")
    run = repository.run(Event("pull_request", "refs/pull/7/merge", variables=MAIN.variables))
    assert run.results == {"plan": "success", "build": "success", "tag": "skipped"}, run.said
    assert names(run) == {"worker"}
    assert {app: repository.registry.tags(f"example-org/forgestack-{app}") for app in STAND_IN} == tags
    assert repository.digests("latest") == latest
    repository.git("reset", "--quiet", "--hard", "HEAD~1")


def test_once_a_week_everything_is_built(repository: Repository) -> None:
    run = repository.run(Event("schedule", variables=MAIN.variables))
    assert names(run) == set(STAND_IN), run.said


@pytest.mark.requirement("FS-40")
def test_another_branch_gets_its_name_as_a_tag_and_latest_stays(repository: Repository) -> None:
    latest = repository.digests("latest")
    repository.change("apps/api/branch.txt")
    run = repository.run(Event("workflow_dispatch", "refs/heads/feature/x#1", variables=MAIN.variables))
    assert run.results["tag"] == "success", run.said
    assert repository.digests("latest") == latest
    assert repository.registry.platforms("example-org/forgestack-api", "feature-x-1") == BOTH
    repository.git("reset", "--quiet", "--hard", "HEAD~1")


def test_nothing_is_published_with_an_address_that_only_this_machine_has(repository: Repository) -> None:
    run = repository.run(Event())
    assert run.results == {"plan": "failure", "build": "skipped", "tag": "skipped"}
    assert "NEXT_PUBLIC_API_URL" in run.said
    tried = repository.run(Event("pull_request", "refs/pull/8/merge"))
    assert tried.results["build"] == "success", "a fork's pull request has no variables, and is tried all the same"


def test_one_build_that_fails_leaves_all_tags_of_the_commit_away(repository: Repository) -> None:
    latest = repository.digests("latest")
    dockerfile = repository.root / "apps" / "worker" / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8")
    repository.change("apps/api/other.txt")
    sha = repository.change("apps/worker/Dockerfile", text + "COPY missing /missing")
    run = repository.run()
    assert run.results == {"plan": "success", "build": "failure", "tag": "skipped"}, run.said
    assert ("api", "linux/arm64") in run.built
    assert repository.digests("latest") == latest
    assert sha not in repository.registry.tags("example-org/forgestack-api")
    repository.git("reset", "--quiet", "--hard", "HEAD~2")


@pytest.mark.parametrize(
    ("tag", "prefix", "latest"),
    [("{environment}-${TAG:-now}", "production-", "production-now"), ("{environment}", "production-", "production")],
)
def test_tags_begin_with_what_tells_environments_apart(
    hosted: Builder, tmp_path: Path, tag: str, prefix: str, latest: str
) -> None:
    repository = Repository(hosted, tmp_path, tag)
    run = repository.run(only=("plan",))
    sha = repository.git("rev-parse", "HEAD")
    images = json.loads(run.outputs["plan"]["images"])
    assert {each["tags"] for each in images} == {f"{prefix}{sha} {prefix}main {latest}"}, run.said
