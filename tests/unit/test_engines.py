import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from bayplan.engines import docker, folder, inspection, starting
from bayplan.engines.builds import BuildProgress, build_all
from bayplan.engines.engine import DockerEngine
from bayplan.engines.news import News, State, silent
from bayplan.errors import CommandFailedError, MissingToolError, TryAgainError, UsageError
from bayplan.model.image import Image, Stage
from bayplan.model.parts import Asked, Composed, Given, Health, Limits, Variable
from bayplan.model.running import Container
from bayplan.model.secret import Secret, hide
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.model.values import text_of
from bayplan.run import Done, Step, shown
from bayplan.source import Fact, Why

WHY = Why("test", "by hand")
LIMITS = Limits(256, 1.0)
PASSWORD = Asked("POSTGRES_PASSWORD")
URL = Composed((Given("postgres://app:"), PASSWORD, Given("@postgres/app")))


def service(name: str, *variables: Variable, role: Role = Role.WEB, image_of: str | None = None) -> Service:
    image = Image(f"apps/{name}/Dockerfile", ".", (Stage("run", "node:20-alpine", (), WHY),))
    command: Fact[tuple[str, ...]] = Fact(("node", "main.js"), WHY)
    return Service(
        name, f"apps/{name}", Fact(role, WHY), image, command, LIMITS, variables=variables, image_of=image_of
    )


def store(*variables: Variable) -> Store:
    health = Health(WHY, command=("pg_isready",))
    image = Fact("postgres:15-alpine", WHY)
    return Store("postgres", "postgres", image, 5432, health, "/data", "data", LIMITS, WHY, variables=variables)


def stack(*services: Service, stores: tuple[Store, ...] = ()) -> Stack:
    return Stack("shop", "production", Fact("20", WHY), services, stores)


def container(name: str, state: str = "running", **more: object) -> Container:
    return Container(id=f"id-{name}", name=name, service=name, image="sha256:1", state=state, **more)  # type: ignore[arg-type]


class Scripted:
    """A runner that answers by the first words of a command and remembers what it was asked."""

    def __init__(self, answers: dict[str, tuple[int, str]] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[Step] = []
        self.interrupted = 0

    def _answer(self, step: Step) -> tuple[int, str]:
        self.asked.append(step)
        line = shown(step.argv)
        return next((answer for words, answer in self.answers.items() if words in line), (0, ""))

    def run(self, step: Step, *, check: bool = True) -> Done:
        code, text = self._answer(step)
        if check and code:
            raise CommandFailedError(f"could not {step.purpose}", output=text)
        return Done(step, code, text, "")

    def stream(self, step: Step, on_line: Callable[[str], None], *, check: bool = True) -> int:
        code, text = self._answer(step)
        for line in text.splitlines():
            on_line(line)
        if check and code:
            raise CommandFailedError(f"could not {step.purpose}", output=text)
        return code

    @contextmanager
    def reading(self, step: Step) -> Iterator[IO[bytes]]:
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - an open file is what is promised
            self.asked.append(step)
            yield nothing

    def interrupt(self) -> None:
        self.interrupted += 1


class TestCommands:
    def test_an_image_is_named_as_compose_names_it_and_a_job_uses_its_carriers(self) -> None:
        both = stack(service("api"), service("migrate", role=Role.JOB, image_of="api"))
        assert [docker.image_name(both, each) for each in both.services] == ["shop-api", "shop-api"]
        assert [each.name for each in both.built] == ["api"]

    def test_build_arguments_travel_in_the_environment_and_never_in_the_argv(self) -> None:
        public = Variable("NEXT_PUBLIC_API_URL", Asked("NEXT_PUBLIC_API_URL", default="/api"), WHY, at_build=True)
        web = service("web", public, Variable("PORT", Given("3000"), WHY))
        step = docker.build(stack(web), web, Path("/repo"), {"NEXT_PUBLIC_API_URL": "https://api.example.com"})
        assert "--build-arg=NEXT_PUBLIC_API_URL" in step.argv
        assert step.environment == {"NEXT_PUBLIC_API_URL": "https://api.example.com"}
        assert "example.com" not in shown(step.argv)

    def test_a_build_argument_that_nobody_gives_is_not_given_as_an_empty_one(self) -> None:
        optional = Variable("NEXT_PUBLIC_NAME", Asked("NEXT_PUBLIC_NAME", required=False), WHY, at_build=True)
        web = service("web", optional)
        step = docker.build(stack(web), web, Path("/repo"), {})
        assert step.environment == {}
        assert not any(word.startswith("--build-arg") for word in step.argv)

    def test_an_empty_value_counts_as_missing_as_it_does_for_compose(self) -> None:
        assert text_of(Asked("X", default="d"), {"X": ""}) == "d"
        assert text_of(URL, {"POSTGRES_PASSWORD": "pw"}) == "postgres://app:pw@postgres/app"

    def test_another_platform_gets_a_tag_of_its_own(self) -> None:
        api = service("api")
        argv = docker.build(stack(api), api, Path("/repo"), {}, "linux/arm64").argv
        assert "--platform=linux/arm64" in argv
        assert "--tag=shop-api:linux-arm64" in argv

    def test_a_context_that_looks_like_an_option_is_still_a_folder(self) -> None:
        odd = service("api")
        image = Image("-x/Dockerfile", "-x", odd.image.stages)
        step = docker.build(stack(odd), _with_image(odd, image), Path("/repo"), {})
        assert step.argv[-1] == "./-x"
        assert "--file=-x/Dockerfile" in step.argv

    def test_compose_is_told_the_project_and_every_env_file(self) -> None:
        project = docker.Project("shop", Path("/repo"), env_files=(".env", ".bayplan/run.env"))
        assert shown(docker.down(project, {}, volumes=True).argv) == (
            "docker compose --project-name=shop --file=docker-compose.prod.yml --env-file=.env"
            " --env-file=.bayplan/run.env down --remove-orphans --volumes"
        )


def _with_image(one: Service, image: Image) -> Service:
    from dataclasses import replace

    return replace(one, image=image)


class TestFolder:
    def test_a_link_in_place_of_the_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "repo").mkdir()
        (tmp_path / "repo" / ".bayplan").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(UsageError, match="is a link"):
            folder.write(tmp_path / "repo", ".bayplan/run.env", "A=1\n")
        assert list((tmp_path / "elsewhere").iterdir()) == []

    def test_only_one_run_at_a_time(self, tmp_path: Path) -> None:
        with folder.exclusive(tmp_path), pytest.raises(TryAgainError), folder.exclusive(tmp_path):
            pass
        with folder.exclusive(tmp_path):
            pass

    def test_a_services_name_cannot_lead_a_log_elsewhere(self) -> None:
        assert folder.log("../../etc/x y") == ".bayplan/logs/------etc-x-y.log"


class TestSecrets:
    def test_a_secret_is_never_shown(self) -> None:
        secret = Secret("hunter2-hunter2")
        assert f"{secret} {secret!r} {[secret]}" == "[secret] [secret] [[secret]]"
        assert hide("postgres://a:hunter2-hunter2@db", [secret]) == "postgres://a:[secret]@db"

    def test_of_two_secrets_the_longer_is_hidden_whole(self) -> None:
        assert hide("password-and-more", [Secret("password"), Secret("password-and-more")]) == "[secret]"

    def test_a_word_too_short_to_be_a_secret_is_left_readable(self) -> None:
        assert hide("app connects", [Secret("app")]) == "app connects"


class TestBuilds:
    def test_the_present_step_is_followed_through_interleaved_stages(self) -> None:
        progress = BuildProgress()
        seen = [
            progress.text
            for line in (
                "#7 [build 3/9] RUN --mount=type=cache,id=pnpm,target=/store pnpm install",
                "#8 [run 2/4] COPY a b",
                "#8 DONE 0.1s",
                "#7 0.512 Progress: resolved 1",
                "#7 DONE 2.0s",
                "#12 exporting to image",
            )
            if progress.line(line)
        ]
        assert seen == [
            "build 3/9 RUN pnpm install",
            "run 2/4 COPY a b",
            "build 3/9 RUN pnpm install",
            "exporting the image",
        ]

    def test_every_image_is_built_and_has_its_log_without_secrets(self, tmp_path: Path) -> None:
        runner = Scripted({"": (0, "#1 [1/2] RUN x\nthe token is swordfish-1")})
        both = stack(service("api"), service("web"))
        build_all(both, both.services, tmp_path, runner, values={}, secrets=[Secret("swordfish-1")], listen=silent)
        assert len(runner.asked) == 2
        assert "the token is [secret]" in (tmp_path / ".bayplan/logs/api-build.log").read_text()
        assert (tmp_path / ".bayplan/logs/web-build.log").exists()

    def test_a_failed_build_says_where_it_stopped_and_ends_the_others(self, tmp_path: Path) -> None:
        runner = Scripted({"shop-api": (1, "#5 [build 5/9] RUN pnpm build\n#5 ERROR: exit code 1\nsrc/x.ts: oh no")})
        both = stack(service("api"), service("web"))
        news: list[News] = []
        with pytest.raises(CommandFailedError) as failure:
            build_all(both, both.services, tmp_path, runner, values={}, listen=news.append)
        assert "it stopped at build 5/9 RUN pnpm build" in failure.value.message
        assert "oh no" in failure.value.output
        assert failure.value.remedy == "the whole log is in .bayplan/logs/api-build.log"
        assert runner.interrupted == 1
        assert any(each.state is State.FAILED for each in news)

    def test_a_failed_build_shows_what_its_step_said_and_nothing_twice(self, tmp_path: Path) -> None:
        log = (
            "#4 1.0 got it\n#5 [build 5/9] RUN tsc\n#5 2.5 x.ts: oh no\n#5 ERROR: exit code 1\n------\n2.5 x.ts: oh no"
        )
        one = stack(service("api"))
        with pytest.raises(CommandFailedError) as failure:
            build_all(one, one.services, tmp_path, Scripted({"": (1, log)}), values={}, listen=silent)
        assert failure.value.output == "x.ts: oh no"

    def test_of_a_long_output_the_first_error_is_shown(self, tmp_path: Path) -> None:
        said = ["fetching"] * 50 + ["npm error code EUSAGE"] + ["npm help"] * 60
        log = "\n".join(["#5 [build 5/9] RUN npm ci", *(f"#5 2.5 {line}" for line in said), "#5 ERROR: exit code 1"])
        one = stack(service("api"))
        with pytest.raises(CommandFailedError) as failure:
            build_all(one, one.services, tmp_path, Scripted({"": (1, log)}), values={}, listen=silent)
        assert failure.value.output.startswith("npm error code EUSAGE\nnpm help")

    def test_a_build_that_ended_for_another_is_not_said_to_have_failed_itself(self, tmp_path: Path) -> None:
        news: list[News] = []
        one = stack(service("api"))
        runner = Scripted({"": (1, "#5 [build 5/9] RUN tsc\n#5 CANCELED\nERROR: failed to solve: Canceled")})
        with pytest.raises(CommandFailedError):
            build_all(one, one.services, tmp_path, runner, values={}, listen=news.append)
        assert news[-1] == News("api", State.FAILED, "stopped, for another failed")


class TestInspection:
    def test_a_container_is_read_as_docker_prints_it(self) -> None:
        data = _inspected()
        read = inspection.read_containers(json.dumps([data]))[0]
        assert (read.service, read.name, read.state, read.health) == ("api", "shop-api-1", "running", "healthy")
        assert read.bound[0].port == 8080
        assert read.exposed == (4000, 9229)
        assert (read.read_only, read.memory, read.nano_cpus, read.pids_limit) == (True, 268435456, 10**9, 256)
        assert read.sealed

    def test_an_ended_container_has_no_health_though_docker_calls_it_unhealthy(self) -> None:
        data = _inspected() | {
            "State": {"Status": "exited", "ExitCode": 0, "Pid": 0, "StartedAt": "", "Health": {"Status": "unhealthy"}}
        }
        assert inspection.read_containers(json.dumps([data]))[0].settled

    def test_events_are_those_that_say_something_about_the_start(self) -> None:
        lines = [_event("exec_start: node x"), _event("health_status: healthy"), _event("die", exitCode="137"), "noise"]
        events = inspection.read_events("\n".join(lines))
        assert [(event.action, event.exit_code) for event in events] == [("healthy", None), ("die", 137)]

    def test_processes_have_names_with_spaces(self) -> None:
        text = "PID PPID UID COMMAND\n12 1 1000 next-server (v1\n"
        assert inspection.read_processes(text)[0].name == "next-server (v1"


def _inspected() -> dict[str, object]:
    return {
        "Id": "abc",
        "Name": "/shop-api-1",
        "Image": "sha256:1",
        "RestartCount": 0,
        "State": {
            "Status": "running",
            "ExitCode": 0,
            "Pid": 7,
            "StartedAt": "x",
            "Health": {"Status": "healthy", "Log": None},
        },
        "Config": {
            "Labels": {"com.docker.compose.service": "api", "com.docker.compose.config-hash": "h"},
            "ExposedPorts": {"9229/tcp": {}, "4000/tcp": {}},
        },
        "HostConfig": {
            "ReadonlyRootfs": True,
            "Memory": 268435456,
            "NanoCpus": 10**9,
            "PidsLimit": 256,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "Tmpfs": None,
        },
        "NetworkSettings": {"Ports": {"4000/tcp": [{"HostIp": "", "HostPort": "8080"}], "9229/tcp": None}},
    }


def _event(action: str, **attributes: str) -> str:
    actor = {"ID": "abc", "Attributes": {"com.docker.compose.service": "api", **attributes}}
    return json.dumps({"Action": action, "Actor": actor, "timeNano": 1_700_000_000_500_000_000})


class TestEngine:
    def test_a_missing_plugin_is_named_with_what_to_install(self) -> None:
        runner = Scripted({"docker compose version": (1, "docker: 'compose' is not a docker command.")})
        with pytest.raises(MissingToolError) as missing:
            self._engine(runner).check()
        assert "compose" in missing.value.message
        assert "docker-compose-plugin" in missing.value.remedy

    def test_compose_of_the_first_generation_is_too_old(self) -> None:
        with pytest.raises(MissingToolError, match="too old"):
            self._engine(Scripted({"docker compose version": (0, "1.29.2")})).check()

    def test_an_engine_that_knows_no_start_interval_is_too_old(self) -> None:
        with pytest.raises(MissingToolError, match=r"24\.0\.7 is too old") as old:
            self._engine(Scripted({"docker version": (0, "24.0.7")})).check()
        assert old.value.remedy == "install Docker Engine 25 or newer"
        assert self._engine(Scripted({"docker version": (0, "25.0.0")})).check() == "25.0.0"

    def test_health_checks_that_run_beside_the_main_process_do_not_count(self) -> None:
        top = "PID PPID UID COMMAND\n10 1 1000 docker-init\n11 10 1000 node\n99 1 0 pg_isready\n"
        engine = self._engine(Scripted({"docker top": (0, top)}))
        assert [each.pid for each in engine.processes(container("api", pid=10))] == [10, 11]

    def test_logs_are_free_of_secrets(self) -> None:
        engine = self._engine(Scripted({"docker logs": (0, "connecting to redis://:swordfish-1@redis")}))
        assert "swordfish-1" not in engine.logs(container("api"))

    @staticmethod
    def _engine(runner: Scripted) -> DockerEngine:
        return DockerEngine(docker.Project("shop", Path("/repo")), runner, (Secret("swordfish-1"),))


class TestStarting:
    @pytest.mark.parametrize(
        ("one", "ends", "lost"),
        [
            (container("api", health="starting"), False, False),
            (container("api", health="unhealthy"), False, True),
            (container("api", restarts=3), False, True),
            (container("api", "exited", exit_code=0), False, True),
            (container("migrate", "exited", exit_code=0), True, False),
            (container("migrate", "exited", exit_code=1), True, True),
            (container("api", "created"), False, False),
        ],
    )
    def test_waiting_ends_for_what_will_not_get_better(self, one: Container, ends: bool, lost: bool) -> None:  # noqa: FBT001
        assert bool(starting.problems({one.service: ends}, {one.service: one})) is lost

    def test_a_state_is_described_in_words(self) -> None:
        dead = container("api", "exited", exit_code=137, out_of_memory=True, restarts=2)
        assert dead.described == "exited with code 137, out of memory, restarted 2 times"
        assert container("api", health="starting").described == "starting"

    def test_a_failed_start_is_explained_and_taken_down_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(starting, "EVERY", 0)
        dead = _inspected() | {"State": {"Status": "exited", "ExitCode": 1, "Pid": 0, "StartedAt": ""}}
        runner = Failing(json.dumps([dead]))
        engine = DockerEngine(docker.Project("shop", Path("/repo")), runner)
        saved: dict[str, str] = {}
        with pytest.raises(CommandFailedError) as failure:
            starting.start(stack(service("api")), engine, listen=silent, save_logs=saved.__setitem__)
        assert failure.value.message == "api did not become healthy"
        assert "| Error: DATABASE_URL is required" in failure.value.output
        assert saved == {"api": "Error: DATABASE_URL is required"}
        assert any("down" in step.argv and "--volumes" in step.argv for step in runner.asked)

    def test_a_container_that_is_replaced_is_not_called_failed(self) -> None:
        old = container("web", "exited", exit_code=143)
        news: list[News] = []
        starting._tell({"web": False}, {"web": old}, frozenset({old.id}), news.append)
        starting._tell({"web": False}, {"web": old}, frozenset(), news.append)
        assert [each.state for each in news] == [State.WAITING, State.FAILED]

    def test_of_two_containers_of_a_service_the_new_one_counts(self) -> None:
        old, new = container("web", "exited"), Container("new", "a", "web", "sha256:2", "created")
        assert starting.latest([new, old], frozenset({old.id})) == {"web": new}

    def test_what_ran_before_and_its_data_stay_when_a_start_is_interrupted(self) -> None:
        runner = Failing(json.dumps([_inspected()]), interrupt=True, running_before=True)
        engine = DockerEngine(docker.Project("shop", Path("/repo")), runner)
        with pytest.raises(KeyboardInterrupt):
            starting.start(stack(service("api")), engine, listen=silent)
        assert runner.interrupted
        assert not any("down" in step.argv or "rm" in step.argv for step in runner.asked)


class Failing(Scripted):
    """An engine on which `up` fails: nothing is there before, one container afterwards."""

    def __init__(self, inspected: str, *, interrupt: bool = False, running_before: bool = False) -> None:
        super().__init__({"docker logs": (0, "Error: DATABASE_URL is required"), "container inspect": (0, inspected)})
        self.up = running_before
        self.interrupting = interrupt

    def run(self, step: Step, *, check: bool = True) -> Done:
        if step.argv[:2] == ("docker", "ps"):
            return Done(step, 0, "abc" if self.up else "", "")
        if "events" in step.argv and self.interrupting:
            raise KeyboardInterrupt
        return super().run(step, check=check)

    def stream(self, step: Step, on_line: Callable[[str], None], *, check: bool = True) -> int:
        self.up = True
        return super().stream(step, on_line, check=check)


def test_the_private_folder_keeps_itself_out_of_git(tmp_path: Path) -> None:
    folder.write(tmp_path, ".bayplan/evidence/evidence.json", "{}")
    assert "/*" in (tmp_path / ".bayplan/.gitignore").read_text()
    assert os.listdir(tmp_path / ".bayplan/evidence") == ["evidence.json"]  # noqa: PTH208 - nothing temporary is left
