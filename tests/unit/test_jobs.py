"""What runs to its end before the services start, and how bayplan.yaml overrules it."""

import re
from pathlib import Path
from unittest.mock import ANY

import pytest
import yaml

from bayplan.errors import UsageError
from bayplan.model.parts import Given
from tests.unit.planning import Repository, server
from tests.unit.test_odd_repositories import migrating, plain

MIGRATES = {"dependencies": {"pg": "8.0.0"}}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_the_migrations_are_overruled_by_bayplan_yaml(repository: Repository) -> None:
    migrating(repository, "node migrate.js", **MIGRATES)
    settings = """services:
  migrate:
    package: packages/db
    role: job
    command: node "up all.js" $X
    memory: 256MB
    cpus: 0.5
    grace: 45s
    variables: {STEPS: "3"}
"""
    migrate = repository.plan(settings).stack.service("migrate")
    assert migrate is not None
    assert migrate.command.value == ("node", "up all.js", "$X")
    assert migrate.command.why.by == "bayplan.yaml"
    assert migrate.image_of == "api"
    assert (migrate.limits.memory_mb, migrate.limits.cpus, migrate.grace_seconds) == (256, 0.5, 45)
    assert [(each.name, each.value) for each in migrate.variables] == [("DB_HOST", ANY), ("STEPS", Given("3"))]


def test_what_is_said_of_the_migrations_keeps_what_is_not_said(repository: Repository) -> None:
    migrating(repository, "node migrate.js", **MIGRATES)
    stack = repository.plan("services: {migrate: {memory: 256MB}, api: {cpus: 2}}\n").stack
    migrate = stack.service("migrate")
    assert migrate is not None
    assert migrate.command.value == ("node", "migrate.js")
    assert (migrate.limits.memory_mb, migrate.limits.cpus) == (256, 2)


@pytest.mark.parametrize("said", ["{skip: true}", "{skip: true, package: packages/db}"])
def test_migrations_that_are_skipped_are_waited_for_by_nobody(repository: Repository, said: str) -> None:
    migrating(repository, "node migrate.js", **MIGRATES)
    (api,) = repository.plan(f"services: {{migrate: {said}}}\n").stack.services
    assert [need.name for need in api.needs] == ["postgres"]


def test_a_command_of_another_package_migrates_in_the_image_of_its_app(repository: Repository) -> None:
    plain(repository, "apps/api", server(4100), dependencies={"pg": "8.0.0"})
    stack = repository.plan("services: {migrate: {package: apps/api, command: node migrate.js}}\n").stack
    assert [(each.name, each.image_of) for each in stack.services] == [("migrate", "api"), ("api", None)]
    assert [need.name for need in stack.services[1].needs] == ["postgres", "migrate"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("{role: web}", "cannot be a web"),
        ("{port: 4000}", "gives `port` to the service 'migrate', which is a job"),
        ("{budget: 90MB}", "gives `budget` to the service 'migrate', which runs in the image of api"),
        ("{package: packages/none, command: node x.js}", "no package is there"),
        ("{package: packages/alone, command: node x.js}", "no package that an app depends on"),
        ("{command: 'node \"x'}", "cannot be read"),
    ],
)
def test_what_the_migrations_cannot_be_is_refused_with_its_place(
    repository: Repository, said: str, message: str
) -> None:
    migrating(repository, "node migrate.js", **MIGRATES)
    repository.manifest("packages/alone", {"name": "alone", "main": "x.js"})
    with pytest.raises(UsageError, match=re.escape(message)) as refused:
        repository.plan(f"services: {{migrate: {said}}}\n")
    assert refused.value.at is not None
    assert refused.value.at.file == "bayplan.yaml"


def test_migrations_that_nothing_runs_are_refused(repository: Repository) -> None:
    plain(repository, "apps/api", server(4100))
    with pytest.raises(UsageError, match="has what it runs"):
        repository.plan("services: {migrate: {memory: 1GB}}\n")


def test_a_job_of_bayplan_yaml_runs_to_its_end_before_everything_but_the_migrations(repository: Repository) -> None:
    migrating(repository, "node migrate.js", **MIGRATES)
    plain(repository, "packages/seeds", "new Pool();\n", dependencies={"pg": "8.0.0"})
    settings = "services: {seed: {package: packages/seeds, role: job, command: node seed.js}}\n"
    planned = repository.plan(settings)
    stack = planned.stack
    needs = {each.name: [(need.name, str(need.condition)) for need in each.needs] for each in stack.services}
    assert needs["seed"] == [("postgres", "healthy"), ("migrate", "done")]
    assert needs["api"] == [("postgres", "healthy"), ("migrate", "done"), ("seed", "done")]
    assert needs["migrate"] == [("postgres", "healthy")]
    services = yaml.safe_load(planned.files["docker-compose.prod.yml"].text)["services"]
    assert services["seed"]["restart"] == "no"
    assert services["api"]["depends_on"]["seed"] == {"condition": "service_completed_successfully"}


def test_a_job_that_is_given_an_address_waits_for_nobody_who_waits_for_it(repository: Repository) -> None:
    plain(repository, "apps/api", server(4100))
    plain(repository, "apps/warm", "fetch(process.env.API_URL);\n")
    stack = repository.plan("services: {warm: {role: job}}\n").stack
    needs = {each.name: [need.name for need in each.needs] for each in stack.services}
    assert needs == {"api": ["warm"], "warm": []}


def test_a_job_has_no_port(repository: Repository) -> None:
    plain(repository, "apps/api", server(4100))
    with pytest.raises(UsageError, match="gives `publish` to the service 'api', which is a job"):
        repository.plan('services: {api: {role: job, publish: "80"}}\n')


def test_a_package_that_only_migrates_is_a_job_by_its_name(repository: Repository) -> None:
    plain(repository, "apps/api", server(4100)).app("migrate", "run();\n")
    stack = repository.plan("services: {migrate: {package: apps/migrate}}\n").stack
    assert {each.name: str(each.role.value) for each in stack.services} == {"api": "web", "migrate": "job"}
    (api,) = (each for each in stack.services if each.name == "api")
    assert [need.name for need in api.needs] == ["migrate"]
