import json
from pathlib import Path

import pytest

from bayplan.engines import docker
from bayplan.engines.checkout import refuse_another
from bayplan.engines.engine import DockerEngine
from bayplan.engines.reasons import explained, first_error
from bayplan.errors import BayplanError, CommandFailedError
from bayplan.model.parts import Asked, Variable
from bayplan.model.running import Container
from tests.unit.test_engines import WHY, Scripted, _inspected, container, service, stack, store

REFUSED = "error: password authentication failed for user app"


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("starting\n  Error: no such table\nat x", "Error: no such table"),
        ("compiled with 0 errors\nready", ""),
        ("no error\nconnect ECONNREFUSED\nTypeError: x is undefined", "TypeError: x is undefined"),
        ("", ""),
    ],
)
def test_the_first_line_that_looks_like_an_error_is_found(log: str, line: str) -> None:
    assert first_error(log) == line


class TestExplained:
    MIGRATE = container("migrate", "exited", exit_code=1)

    def test_the_first_error_is_said_though_much_follows_it(self) -> None:
        said = self._output("FATAL: disk is broken\n" + "at frame\n" * 30, frozenset())
        assert said.endswith("migrate said: FATAL: disk is broken")

    def test_a_refused_password_and_a_volume_from_before_are_put_together(self) -> None:
        assert "a volume keeps the password it was made with" in self._output(REFUSED, frozenset({"shop_data"}))

    @pytest.mark.parametrize(("log", "volumes"), [(REFUSED, frozenset[str]()), ("Error: x", frozenset({"shop_data"}))])
    def test_neither_alone_blames_the_volume(self, log: str, volumes: frozenset[str]) -> None:
        assert "a volume" not in self._output(log, volumes)

    def _output(self, log: str, volumes: frozenset[str]) -> str:
        engine = DockerEngine(docker.Project("shop", Path("/repo")), Scripted({"docker logs": (0, log)}))
        password = Variable("POSTGRES_PASSWORD", Asked("POSTGRES_PASSWORD"), WHY, secret=True)
        plan = stack(service("migrate"), stores=(store(password),))
        found: dict[str, Container] = {"migrate": self.MIGRATE}
        error = CommandFailedError("the stack did not start")
        return explained(plan, engine, error, found.values(), found, volumes, None).output


@pytest.mark.parametrize(
    ("folder", "refused"), [("/elsewhere/shop", True), ("/repo", False), ("/repo/.", False), ("", False)]
)
def test_a_stack_of_another_folder_is_refused(folder: str, refused: bool) -> None:  # noqa: FBT001
    data = _inspected()
    data["Config"] = {"Labels": {"com.docker.compose.project.working_dir": folder}}
    runner = Scripted({"docker ps": (0, "abc"), "container inspect": (0, json.dumps([data]))})
    engine = DockerEngine(docker.Project("shop", Path("/repo")), runner)
    if refused:
        with pytest.raises(BayplanError, match=folder) as error:
            refuse_another(engine)
        assert error.value.exit_code == 1
    else:
        refuse_another(engine)
