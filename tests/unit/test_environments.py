"""Environments: one description, and what is different in each."""

import json
from pathlib import Path

import pytest

from bayplan.cli.main import main
from bayplan.errors import UsageError
from bayplan.model.config import FlyConfig
from bayplan.pipeline import Planned
from bayplan.reports.differences import differences
from tests.unit.planning import Repository

LISTENS = 'import { createServer } from "http";\ncreateServer().listen(process.env.PORT ?? 4000);\nprocess.env.MODE!;\n'
TWO = """
publish: loopback
services:
  api: { memory: 256MB, variables: { LEVEL: info } }
environments:
  staging:
    compose: docker/docker-compose.staging.yml
    images: registry.example.com/${OWNER}/{name}-{service}:${TAG:-latest}
  production:
    services:
      api: { memory: 1GB, replicas: 3, publish: false, variables: { LEVEL: warn } }
    variables:
      MODE: { value: live }
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).app("api", LISTENS)


@pytest.fixture
def planned(repository: Repository) -> Planned:
    return repository.plan(TWO)


def test_without_any_there_is_production(repository: Repository) -> None:
    found = repository.plan()
    assert [stack.environment for stack in found.stacks] == ["production"]
    assert {"docker-compose.prod.yml", ".env.example"} <= set(found.files)


def test_each_has_its_compose_file_where_the_user_wants_it(planned: Planned) -> None:
    assert {path for path in planned.files if "compose" in path} == {
        "docker/docker-compose.staging.yml",
        "docker-compose.prod.yml",
    }
    assert {path for path in planned.files if ".env" in path} == {".env.example", "docker/.env.staging.example"}


def test_production_is_meant_where_none_is_named_and_it_exists(planned: Planned) -> None:
    assert planned.stack.environment == "production"


def test_what_is_different_is_laid_over_what_stands_at_the_top(planned: Planned) -> None:
    staging, production = ({each.name: each for each in stack.services}["api"] for stack in planned.stacks)
    assert (staging.limits.memory_mb, production.limits.memory_mb) == (256, 1000)
    assert (staging.replicas, production.replicas) == (1, 3)
    assert staging.binding is not None
    assert staging.binding.address == "127.0.0.1"
    assert production.binding is None
    levels = [{each.name: each.value for each in api.variables}["LEVEL"] for api in (staging, production)]
    assert [getattr(each, "text", None) for each in levels] == ["info", "warn"]


def test_images_are_built_there_or_pulled_by_their_tag(planned: Planned) -> None:
    staging = planned.files["docker/docker-compose.staging.yml"].text
    assert "image: registry.example.com/${OWNER:?see docker/.env.staging.example}/shop-api:${TAG:-latest}" in staging
    assert "build:" not in staging
    assert "build:" in planned.files["docker-compose.prod.yml"].text


def test_two_on_one_machine_do_not_share_a_project(planned: Planned) -> None:
    assert [stack.project for stack in planned.stacks] == ["shop-staging", "shop"]


def test_an_image_serves_every_environment(repository: Repository) -> None:
    with pytest.raises(UsageError, match="apps/api/Dockerfile would have to be different in a and in b"):
        repository.plan("environments:\n  a:\n  b: {services: {api: {port: 5000}}}\n")


def test_two_cannot_share_a_compose_file(repository: Repository) -> None:
    with pytest.raises(UsageError, match="would have to be different") as failure:
        repository.plan("environments:\n  a: {compose: c.yml, publish: loopback}\n  b: {compose: c.yml}\n")
    assert "environments.b.compose" in failure.value.remedy


def test_development_can_be_the_stores_alone(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("api", LISTENS, pg="8.0.0")
    found = repository.plan("environments:\n  development: {apps: false, publish: loopback}\n  production:\n")
    (development, _) = found.stacks
    assert development.services == ()
    assert [store.name for store in development.stores] == ["postgres"]
    text = found.files["docker-compose.dev.yml"].text
    assert '"127.0.0.1:5432:5432"' in text
    assert "api" not in text


def test_one_that_is_added_takes_nothing_from_production(repository: Repository) -> None:
    before = repository.plan("publish: loopback\n")
    after = repository.plan("publish: loopback\nenvironments: {staging: {publish: public}}\n")
    assert [(stack.environment, stack.project) for stack in after.stacks] == [
        ("staging", "shop-staging"),
        ("production", "shop"),
    ]
    assert after.stack.environment == "production"
    for path in ("docker-compose.prod.yml", ".env.example"):
        assert after.files[path].text == before.files[path].text


def test_one_does_not_answer_the_host_names_of_another(repository: Repository) -> None:
    said = "proxy: {sites: {example.com: {to: api}}, email: a@example.com}\n"
    found = repository.plan(said + "environments: {staging: {proxy: {sites: {staging.example.com: {to: api}}}}}\n")
    hosts = {stack.environment: stack.proxy.sites[0].hosts for stack in found.stacks if stack.proxy}
    assert hosts == {"staging": ("staging.example.com",), "production": ("example.com",)}
    assert [len(stack.proxy.sites) for stack in found.stacks if stack.proxy] == [1, 1]
    assert [stack.proxy.tls.email for stack in found.stacks if stack.proxy] == ["a@example.com"] * 2


def test_where_one_alone_is_described_there_is_no_other(repository: Repository) -> None:
    found = repository.plan("environments: {staging: {publish: loopback}}\n")
    assert [(stack.environment, stack.project) for stack in found.stacks] == [("staging", "shop-staging")]
    assert "docker-compose.prod.yml" not in found.files


class TestImagesThatSeveralPull:
    BUILT = "process.env.NEXT_PUBLIC_API_URL;\n" + LISTENS
    SAID = """
images: registry.example.com/{name}-{service}@ENV:1
environments:
  staging: { variables: { NEXT_PUBLIC_API_URL: { value: https://staging.example.com } } }
  production: { variables: { NEXT_PUBLIC_API_URL: { value: https://example.com } } }
"""

    def test_they_cannot_share_one_into_which_different_values_are_built(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path).app("web", self.BUILT)
        with pytest.raises(UsageError, match="NEXT_PUBLIC_API_URL is built into the image of web") as failure:
            repository.plan(self.SAID.replace("@ENV", ""))
        assert "{environment}" in failure.value.remedy

    def test_each_can_have_its_own(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path).app("web", self.BUILT)
        found = repository.plan(self.SAID.replace("@ENV", "-{environment}"))
        assert "shop-web-staging:1" in found.files["docker-compose.staging.yml"].text
        assert "shop-web-production:1" in found.files["docker-compose.prod.yml"].text


def test_an_unknown_one_is_refused_with_those_there_are(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.plan(TWO)
    assert main(["-C", str(repository.root), "plan", "--env", "stagin"]) == 2
    said = capsys.readouterr().err
    assert "there is no environment 'stagin'" in said
    assert "staging, production" in said


class TestDiff:
    def test_it_shows_what_differs_and_nothing_else(self, planned: Planned) -> None:
        found = {each.what: (each.first, each.second) for each in differences(*planned.stacks)}
        assert found["api replicas"] == ("", "3")
        assert found["api published"] == ("127.0.0.1:4000", "")
        assert found["api LEVEL"] == ("info", "warn")
        assert found["api MODE"] == ("${MODE}", "live")
        assert found["api image"][0] == "registry.example.com/${OWNER}/shop-api:${TAG:-latest}"
        assert "api command" not in found
        assert "api waits for" not in found

    def test_an_environment_does_not_differ_from_itself(self, planned: Planned) -> None:
        assert differences(planned.stack, planned.stack) == ()

    def test_it_shows_where_else_each_runs(self, repository: Repository) -> None:
        settings = "environments:\n  a: {targets: {fly: {region: ams}, render: {}}}\n  b: {targets: {render: {}}}\n"
        found = {each.what: (each.first, each.second) for each in differences(*repository.plan(settings).stacks)}
        assert found["targets.fly"] == ("region ams", "")
        assert "targets.render" not in found

    def test_a_secret_is_not_shown(self, repository: Repository) -> None:
        settings = "environments:\n  a: {variables: {MODE: {value: xyzzy, secret: true}}}\n  b:\n"
        found = repository.plan(settings)
        assert "xyzzy" not in str(differences(*found.stacks))

    def test_the_command_prints_a_table_and_json(
        self, repository: Repository, capsys: pytest.CaptureFixture[str]
    ) -> None:
        repository.plan(TWO)
        assert main(["-C", str(repository.root), "diff", "staging", "production"]) == 0
        assert "api replicas" in capsys.readouterr().out
        assert main(["-C", str(repository.root), "diff", "staging", "production", "--json"]) == 0
        assert {"what": "api replicas", "first": "", "second": "3"} in json.loads(capsys.readouterr().out)
        assert main(["-C", str(repository.root), "diff", "staging", "staging"]) == 0
        assert "are the same" in capsys.readouterr().out


def test_a_target_is_named_by_its_key_alone(repository: Repository) -> None:
    stack = repository.app("api", LISTENS).plan("targets:\n  fly:\n  render: {}\n").stack
    assert stack.targets.chosen == ("fly", "render")


def test_a_target_that_an_environment_names_alone_is_as_it_is_at_the_top(repository: Repository) -> None:
    told = "targets: {fly: {region: lhr}}\nenvironments:\n  staging: {targets: {fly: }}\n"
    stack = repository.app("api", LISTENS).plan(told).stacks[0]
    assert stack.targets.fly == FlyConfig("lhr")
