"""What a start touches: only what changed, and nothing at all where the proxy could not run with its configuration."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bayplan.engines import docker, mounted, ready, reasons, starting
from bayplan.engines.builds import build_all
from bayplan.engines.checkout import refuse_another
from bayplan.engines.engine import DockerEngine
from bayplan.engines.news import News, State
from bayplan.errors import BayplanError, CommandFailedError
from bayplan.model.parts import Asked, Composed, Given
from bayplan.model.running import Container
from bayplan.model.secret import Secret
from bayplan.model.stack import Role, Stack
from tests.unit.planning import Repository, server
from tests.unit.test_engines import Scripted, container, service, stack

SETTINGS = """
proxy:
  tls: internal
  publish: 127.0.0.1
  sites: { "api.${DOMAIN}": { to: api } }
"""
LABELS = {"com.docker.compose.project.working_dir": "/repo/docker", "com.docker.compose.service": "api"}


class Images(Scripted):
    """A runner that knows the images by name, and compose's hash of each service."""

    def __init__(self, hashes: dict[str, str], images: dict[str, str], answers: dict[str, tuple[int, str]]) -> None:
        lines = "\n".join(f"{name} {one}" for name, one in hashes.items())
        super().__init__(
            {**{f"{{{{.Id}}}}' {name}": (0, one) for name, one in images.items()}, "--hash=*": (0, lines), **answers}
        )


def engine(answers: dict[str, tuple[int, str]] | None = None, root: Path = Path("/repo")) -> DockerEngine:
    hashes = {"api": "1", "web": "2", "migrate": "3"}
    images = {"shop-api": "sha256:1", "shop-web": "sha256:1"}
    return DockerEngine(docker.Project("shop", root), Images(hashes, images, answers or {}), (Secret("swordfish-1"),))


SHOP = stack(service("api"), service("web"), service("migrate", role=Role.JOB, image_of="api"))
RUNNING = (
    container("api", config_hash="1", health="healthy"),
    container("web", config_hash="2"),
    container("migrate", "exited", config_hash="3"),
)


def test_what_runs_with_the_settings_and_the_image_of_now_is_unchanged() -> None:
    assert starting.changed(SHOP, engine(), RUNNING) == ()


@pytest.mark.parametrize(
    "api",
    [
        replace(RUNNING[0], config_hash="other"),
        replace(RUNNING[0], image="sha256:2"),
        replace(RUNNING[0], health="unhealthy"),
        replace(RUNNING[0], state="exited", health=""),
        None,
    ],
    ids=["settings", "image", "health", "ended", "missing"],
)
def test_only_what_is_not_as_planned_is_started(api: Container | None) -> None:
    found = [*RUNNING[1:], *([api] if api else [])]
    assert starting.changed(SHOP, engine(), found) == ("api",)


def test_a_job_that_has_ended_well_is_done_and_one_that_has_not_is_not() -> None:
    failed = replace(RUNNING[2], exit_code=1)
    assert starting.changed(SHOP, engine(), [*RUNNING[:2], failed]) == ("migrate",)


def _brought_up(before: Sequence[Container], overrides: Sequence[str] = ()) -> list[str]:
    given = engine({"docker ps": (0, "")})
    starting._bring_up(SHOP, given, before, overrides)
    words = next(step.argv for step in given.runner.asked if "up" in step.argv)  # type: ignore[attr-defined]
    return [word for word in words[words.index("up") + 1 :] if not word.startswith("--")]


def test_compose_is_given_what_changed_by_name_so_that_it_leaves_what_waits_for_it_alone() -> None:
    assert _brought_up([replace(RUNNING[0], image="sha256:2"), *RUNNING[1:]]) == ["api"]


def test_a_first_start_and_one_with_other_settings_laid_over_it_are_of_everything() -> None:
    assert _brought_up(()) == []
    assert _brought_up(RUNNING, ["hard.json"]) == []


def test_a_port_that_is_lost_while_the_stack_starts_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = BayplanError("port 80 of this machine is taken by another program, and caddy needs it", remedy="end it")
    monkeypatch.setattr(starting, "refuse_unready", lambda *_: None)
    monkeypatch.setattr(starting, "refuse_taken", lambda *_: (_ for _ in ()).throw(taken))
    given = engine({"docker ps": (0, ""), "up --detach": (1, "Error starting userland proxy")})
    with pytest.raises(CommandFailedError, match="port 80 of this machine is taken") as failure:
        starting.start(SHOP, given, listen=lambda _: None)
    assert failure.value.remedy == "end it"
    assert "userland proxy" in failure.value.output


def test_what_may_not_write_is_told_what_would_let_it() -> None:
    given = engine({"docker logs": (0, "Error: EROFS: read-only file system, mkdir '/app/uploads'")})
    dead = container("api", "exited", exit_code=1)
    failure = reasons.explained(SHOP, given, BayplanError("no"), [dead], {"api": dead}, frozenset(), None)
    assert "services.api.writable: [/app/uploads]" in failure.output


class TestProxy:
    @pytest.fixture
    def planned(self, tmp_path: Path) -> Stack:
        stack = Repository(tmp_path).app("api", server(4100)).plan(SETTINGS).stack
        (tmp_path / "Caddyfile").write_text("api.example.com\n")
        return stack

    def _engine(self, root: Path, code: int, said: str) -> DockerEngine:
        made = engine({"caddy validate": (code, said)}, root)
        made.values = {"DOMAIN": "example.com"}
        return made

    def test_its_configuration_is_judged_without_a_network_and_with_its_own_values(
        self, planned: Stack, tmp_path: Path
    ) -> None:
        given = self._engine(tmp_path, 0, "")
        ready.refuse_broken(planned, given, ())
        (step,) = given.runner.asked  # type: ignore[attr-defined]
        words = " ".join(step.argv)
        assert words.startswith("docker run --rm --network=none --read-only --cap-drop=ALL --cap-add=NET_BIND_SERVICE")
        assert words.endswith("caddy:2-alpine caddy validate --config=/etc/caddy/Caddyfile --adapter=caddyfile")
        assert f'"source={tmp_path}/Caddyfile","target=/etc/caddy/Caddyfile",readonly' in words
        assert "--env=DOMAIN" in step.argv
        assert step.environment == {"DOMAIN": "example.com"}
        assert "--tmpfs=/data" in step.argv

    def test_what_caddy_says_against_it_is_told_with_its_line_and_without_secrets(
        self, planned: Stack, tmp_path: Path
    ) -> None:
        said = '{"level":"info"}\nError: adapting config: /etc/caddy/Caddyfile:7: unrecognized directive: swordfish-1'
        with pytest.raises(CommandFailedError) as refused:
            ready.refuse_broken(planned, self._engine(tmp_path, 1, said), ())
        assert refused.value.message.startswith("caddy cannot run with Caddyfile: adapting config")
        assert "unrecognized directive: [secret]" in refused.value.message
        assert refused.value.at is not None
        assert (refused.value.at.file, refused.value.at.line) == ("Caddyfile", 7)
        assert refused.value.remedy.startswith("nothing was changed")

    def test_where_docker_could_not_even_ask_it_nothing_is_said_against_the_file(
        self, planned: Stack, tmp_path: Path
    ) -> None:
        with pytest.raises(CommandFailedError, match="could not be looked at") as refused:
            ready.refuse_broken(planned, self._engine(tmp_path, 125, "docker: no such image"), ())
        assert refused.value.output == "docker: no such image"

    def test_a_proxy_that_runs_with_it_already_is_proof_enough(self, planned: Stack, tmp_path: Path) -> None:
        caddy = Container("id", "caddy", "caddy", "sha256:1", "running", started="2026-01-01T00:00:00Z")
        mounted.keep(planned, tmp_path, [caddy])
        ready.refuse_broken(planned, self._engine(tmp_path, 1, "Error: no"), [caddy])
        (tmp_path / "Caddyfile").write_text("something else\n")
        with pytest.raises(CommandFailedError):
            ready.refuse_broken(planned, self._engine(tmp_path, 1, "Error: no"), [caddy])

    def test_a_path_of_any_characters_is_one_word(self) -> None:
        assert docker._bind(Path('/a,b "c"'), "/x") == '--mount=type=bind,"source=/a,b ""c""","target=/x",readonly'

    def test_each_part_has_the_name_of_its_image(self, planned: Stack, tmp_path: Path) -> None:
        names = self._engine(tmp_path, 0, "").image_names(planned)
        assert names == {"api": "shop-api", "caddy": "caddy:2-alpine"}


def test_an_image_that_is_pulled_elsewhere_is_built_here_under_that_name(tmp_path: Path) -> None:
    name = Composed((Given("ghcr.io/acme/shop-api:"), Asked("TAG", default="latest")))
    shop = stack(replace(service("api"), pulled=name))
    runner, news = Scripted(), list[News]()
    build_all(shop, shop.built, tmp_path, runner, values={"TAG": "v2"}, listen=news.append)
    assert "--tag=ghcr.io/acme/shop-api:v2" in runner.asked[0].argv
    assert news[-1] == News("api", State.DONE, "built here as ghcr.io/acme/shop-api:v2")


def test_a_compose_file_in_a_folder_of_the_repository_makes_it_no_other_checkout(tmp_path: Path) -> None:
    inspected = {
        "Id": "abc", "Name": "/shop-api-1", "Image": "sha256:1", "HostConfig": {}, "NetworkSettings": {},
        "State": {"Status": "running", "ExitCode": 0, "Pid": 1, "StartedAt": ""}, "Config": {"Labels": LABELS},
    }  # fmt: skip
    runner = Scripted({"docker ps": (0, "abc"), "container inspect": (0, json.dumps([inspected]))})
    refuse_another(DockerEngine(docker.Project("shop", Path("/repo"), "docker/compose.yml"), runner))
    with pytest.raises(BayplanError, match="another folder runs a stack called shop: /repo/docker"):
        refuse_another(DockerEngine(docker.Project("shop", tmp_path, "docker/compose.yml"), runner))
