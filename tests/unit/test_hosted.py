"""What platforms are told of a stack, whichever they are."""

from functools import cache
from pathlib import Path

from bayplan.model.parts import Composed, Given
from bayplan.model.stack import Service, Stack
from bayplan.pipeline import plan
from bayplan.writers import hosted

EXAMPLES = Path(__file__).parents[2] / "examples"


@cache
def stack(system: str) -> Stack:
    return plan(EXAMPLES / system / "repo").stack


def service(system: str, name: str) -> Service:
    found = stack(system).service(name)
    assert found is not None
    return found


def test_what_runs_is_neither_a_job_nor_files() -> None:
    assert [each.name for each in hosted.running(stack("cipherbox"))] == ["api", "tee-worker"]


def test_the_world_reaches_what_the_proxy_serves() -> None:
    public = {each.name for each in stack("cipherbox").services if hosted.is_public(stack("cipherbox"), each)}
    assert public == {"api", "web"}
    assert hosted.domains(stack("cipherbox"), service("cipherbox", "api")) == ("api.staging.example.com",)


def test_host_names_that_only_the_operator_knows_are_no_domains() -> None:
    assert hosted.domains(stack("everyskill"), service("everyskill", "web")) == ()


def test_a_release_runs_in_the_folder_of_its_package() -> None:
    command = hosted.release(stack("forgestack"), service("forgestack", "api"))
    assert command == ("sh", "/release.sh")
    command = hosted.release(stack("whereabouts"), service("whereabouts", "backend"))
    assert command[0] == "../../node_modules/.bin/knex"
    assert hosted.release(stack("forgestack"), service("forgestack", "worker")) == ()
    assert [each.name for each in stack("everyskill").jobs_apart] == ["migrate"]


def test_hosts_are_those_of_the_platform() -> None:
    found = {each.name: each for each in hosted.variables(stack("forgestack"), service("forgestack", "web"))}
    value = hosted.with_hosts(found["API_INTERNAL_URL"].value, lambda name: f"{name}.internal")
    assert isinstance(value, Composed)
    assert "".join(part.text for part in value.parts if isinstance(part, Given)) == "http://api.internal:4000"


def test_the_closure_is_what_a_change_of_changes_the_image() -> None:
    found = hosted.closure(service("forgestack", "worker").image)
    assert "packages/db/**" in found
    assert "apps/worker/**" in found
    assert not any(path.startswith(("apps/api", "packages/ui")) for path in found)
    assert hosted.closure(service("cipherbox", "tee-worker").image) == ("tee-worker/**",)
