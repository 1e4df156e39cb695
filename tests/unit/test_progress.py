import json
from collections.abc import Callable
from io import StringIO

import pytest

from bayplan.cli import evidence, progress
from bayplan.cli.build import chosen
from bayplan.cli.progress import Board, Live, Plain, plain_line
from bayplan.cli.session import _payloads
from bayplan.engines.news import News, State
from bayplan.errors import UsageError
from bayplan.model.config import Config, ServiceConfig
from bayplan.model.evidence import Evidence, Status
from bayplan.model.image import Image, Stage
from bayplan.model.parts import Limits
from bayplan.model.stack import Role, Service, Stack
from bayplan.source import At, Fact, Why

WHY = Why("test", "by hand")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    monkeypatch.setattr(progress, "monotonic", lambda: 0.0)
    return lambda seconds: monkeypatch.setattr(progress, "monotonic", lambda: seconds)


def test_plain_lines_are_throttled_but_a_new_state_is_told_at_once(
    clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    plain = Plain()
    for seconds, state, text in (
        (0, State.WAITING, ""),
        (1, State.RUNNING, "1/3 COPY a"),
        (2, State.RUNNING, "2/3 RUN b"),
        (7, State.RUNNING, "3/3 RUN c"),
        (7, State.RUNNING, "3/3 RUN c"),
        (8, State.DONE, "built"),
    ):
        clock(seconds)
        plain.listen(News("api", state, text))
    assert capsys.readouterr().out.splitlines() == ["api: 1/3 COPY a", "api: 3/3 RUN c (6 s)", "api: built (7 s)"]


def test_a_failure_is_told_with_where_it_happened() -> None:
    board = Board()
    board.take(News("api", State.RUNNING, "1/2 RUN a"), 0)
    line = board.take(News("api", State.FAILED, "1/2 RUN a"), 12)
    assert plain_line("api", line, 99) == "api: failed: 1/2 RUN a (12 s)"


def test_what_a_build_prints_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Plain().listen(News("a\x1b[2Jpi", State.RUNNING, "RUN \x1b]0;title\x07 echo\r"))
    assert "\x1b" not in capsys.readouterr().out


def test_the_live_table_shows_every_subject_and_no_markup_of_others() -> None:
    from rich.console import Console

    live = Live()
    live.listen(News("api", State.RUNNING, "5/14 RUN [red]pnpm[/red]"))
    live.listen(News("web", State.WAITING))
    console = Console(file=StringIO(), width=60, color_system=None)
    with console.capture() as captured:
        console.print(live)
    assert "5/14 RUN [red]pnpm[/red]" in captured.get()
    assert "web" in captured.get()


EVIDENCE = (
    Evidence("health", "api", "is healthy", Status.PROVED, "running, healthy"),
    Evidence("health", "web", "is healthy", Status.FAILED, "unhealthy\x1b[2J"),
    Evidence("size", "api", "at most 100 MB", Status.IMPOSSIBLE, "128 MB"),
)


def test_evidence_is_shown_subject_by_subject_with_its_sum(capsys: pytest.CaptureFixture[str]) -> None:
    evidence.show(EVIDENCE)
    assert capsys.readouterr().out.splitlines() == [
        "",
        "api",
        "  proved      is healthy: running, healthy",
        "  impossible  at most 100 MB: 128 MB",
        "",
        "web",
        "  failed      is healthy: unhealthy\\x1b[2J",
        "",
        "1 proved, 1 failed, 1 impossible",
    ]


def test_only_what_failed_fails_the_command() -> None:
    assert evidence.failed(EVIDENCE)
    assert not evidence.failed((EVIDENCE[0], EVIDENCE[2]))


def _service(name: str, image_of: str | None = None) -> Service:
    image = Image("Dockerfile", ".", (Stage("run", "node:20", (), WHY),))
    command: Fact[tuple[str, ...]] = Fact(("node",), WHY)
    return Service(name, name, Fact(Role.WEB, WHY), image, command, Limits(1, 1), image_of=image_of)


STACK = Stack("shop", "production", Fact("20", WHY), (_service("api"), _service("web"), _service("migrate", "api")), ())


def test_naming_a_job_builds_the_image_it_runs_in() -> None:
    assert [each.name for each in chosen(STACK, ["migrate"])] == ["api"]
    assert [each.name for each in chosen(STACK, [])] == ["api", "web"]


def test_a_service_that_does_not_exist_is_named_beside_those_that_do() -> None:
    with pytest.raises(UsageError) as wrong:
        chosen(STACK, ["apj"])
    assert wrong.value.remedy == "the services are api, web"


def test_an_example_job_that_is_no_json_is_refused_with_its_place() -> None:
    at = At("bayplan.yaml", 4, 5)
    config = Config(
        services={"worker": ServiceConfig(example_job="{to: x}")}, places={"services.worker.example_job": at}
    )
    with pytest.raises(UsageError) as wrong:
        _payloads(config)
    assert wrong.value.at == at
    fine = Config(services={"worker": ServiceConfig(example_job=json.dumps({"to": "x"}))})
    assert _payloads(fine) == {"worker": '{"to": "x"}'}
