"""Engine and probes against a real Docker engine, on a stack without dependencies."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from bayplan.cli.session import Session, at_work, open_session
from bayplan.engines import docker
from bayplan.engines.checkout import refuse_another
from bayplan.engines.news import News, State, silent
from bayplan.engines.starting import is_unchanged
from bayplan.errors import BayplanError, CommandFailedError
from bayplan.model.evidence import Evidence, Status
from bayplan.probes import PROBES, leftovers
from tests.e2e.mini_stack import mini, workspace

pytestmark = pytest.mark.engine
HERE = Path(__file__).parent


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> Iterator[Session]:
    assert engine
    for name in ("MINI", "WEB_PORT", "POSTGRES_PASSWORD", "PUBLIC_GREETING"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "mini"
    shutil.copytree(HERE / "mini", root)
    stack = mini(f"bayplan-mini-{os.getpid()}-{_free_port()}", _free_port(), budget=None)
    opened = open_session(stack, workspace(), root)
    yield opened
    opened.engine.down(volumes=True)
    opened.engine.remove_images([each for each in set(opened.images().values()) if opened.engine.image(each)])


def _build(session: Session) -> None:
    session.build(session.stack.built)


def _failed(found: tuple[Evidence, ...]) -> list[str]:
    return [f"{each.subject}: {each.claim}: {each.measured}" for each in found if each.status is Status.FAILED]


def test_a_sound_stack_is_built_started_proved_and_leaves_nothing(session: Session) -> None:
    news: list[News] = []
    with at_work(session.root):
        _build(session)
        events = session.start(news.append)
        found = session.prove(events)
        session.keep(found)
    weighed = session.engine.image(docker.image_name(session.stack, session.stack.services[0]))
    assert weighed is not None
    sizes = [each.measured for each in found if each.id == "size" and each.subject == "web"]
    assert sizes[0].startswith(f"{weighed.size / 1e6:.1f} MB: base node:20-alpine")
    assert _failed(found) == []
    proved = {each.id.split(".")[0] for each in found if each.status is Status.PROVED}
    assert proved == {probe.id for probe in PROBES} - {"jobs", "proxy"}
    assert {each.subject for each in news if each.state is State.DONE} >= {"web", "worker", "migrate", "postgres"}
    assert {each.id.split(".")[0] for each in session.kept()} == proved - {"health", "http", "ports"}

    password = session.environment.values["POSTGRES_PASSWORD"]
    private = {"run.env", "running.json"}
    kept = [path for path in (session.root / ".bayplan").rglob("*") if path.is_file() and path.name not in private]
    assert kept
    assert all((session.root / ".bayplan" / name).stat().st_mode & 0o777 == 0o600 for name in private)
    assert not [path for path in kept if password in path.read_text(encoding="utf-8")]

    assert is_unchanged(session.stack, session.engine)
    before = {each.service: (each.id, each.started) for each in session.engine.containers()}
    _build(session)
    assert is_unchanged(session.stack, session.engine)
    assert {each.service: (each.id, each.started) for each in session.engine.containers()} == before

    session.engine.down(volumes=True)
    gone = leftovers.judge(session.stack.name, session.engine.left(), keeps_volumes=False)
    assert gone.status is Status.PROVED


def test_what_is_wrong_with_an_image_is_found_in_what_runs(session: Session) -> None:
    dockerfile = session.root / "web/Dockerfile"
    text = dockerfile.read_text().replace("USER node\n", "COPY web/server.js web/src/server.ts\nRUN echo A=1 > .env\n")
    dockerfile.write_text(text.replace('CMD ["node", "web/server.js"]', "CMD node web/server.js; true"))
    compose = session.root / "docker-compose.prod.yml"
    compose.write_text(compose.read_text().replace("    init: true\n", "").replace("127.0.0.1:${WEB", "0.0.0.0:${WEB"))
    with at_work(session.root):
        _build(session)
        session.start(silent)
        quick = tuple(probe for probe in PROBES if probe.id in ("user", "layers"))
        found = session.prove(probes=quick)
    wrong = {each.id for each in found if each.status is Status.FAILED and each.subject == "web"}
    assert wrong == {"user", "layers.secrets", "layers.sources"}


def test_a_service_that_does_not_become_healthy_is_explained_and_taken_down(session: Session) -> None:
    server = session.root / "web/server.js"
    server.write_text("console.error('DATABASE_URL is ' + process.env.DATABASE_URL); process.exit(3);\n")
    with at_work(session.root):
        _build(session)
        with pytest.raises(CommandFailedError) as failure:
            session.start(silent)
    assert failure.value.message == "web did not become healthy"
    assert "DATABASE_URL is postgres://app:[secret]@postgres" in failure.value.output
    assert (session.root / ".bayplan/logs/web.log").is_file()
    assert session.engine.left() == ()


MIGRATE = """
const why = process.env.DATABASE_URL.includes('wrong') ? 'password authentication failed for user "app"' : '';
console.log(why || 'migrated');
for (let line = 0; why && line < 30; line++) console.log('at frame', line);
process.exitCode = why ? 1 : 0;
"""


def _change_password(session: Session) -> Session:
    values = {"POSTGRES_PASSWORD": "wrong-wrong", "MINI": session.stack.name}
    values["WEB_PORT"] = session.environment.values["WEB_PORT"]
    (session.root / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    return open_session(session.stack, workspace(), session.root)


def _running(session: Session) -> dict[str, str]:
    return {each.service: each.image for each in session.engine.containers() if each.state == "running"}


@pytest.mark.parametrize("known", [True, False])
def test_what_ran_before_a_failed_start_runs_after_it(session: Session, known: bool) -> None:  # noqa: FBT001
    (session.root / "web/migrate.js").write_text(MIGRATE)
    _build(session)
    session.start(silent)
    before = _running(session)
    assert before.keys() == {"web", "worker", "postgres", "redis"}
    if not known:
        (session.root / ".bayplan/running.json").unlink()
    again = _change_password(session)
    (session.root / "web/server.js").write_text((session.root / "web/server.js").read_text() + "// changed\n")
    _build(again)
    news: list[News] = []
    with pytest.raises(CommandFailedError) as failure:
        again.start(news.append)
    said = failure.value.output
    assert failure.value.message == "migrate did not succeed"
    assert 'migrate said: password authentication failed for user "app"' in said
    assert "a volume keeps the password it was made with, and that of postgres was made earlier" in said
    assert not [each for each in news if each.state is State.FAILED and each.subject != "migrate"]
    if known:
        assert _running(session) == before
        assert said.endswith("runs again with its earlier settings: postgres, redis, web, worker")
    else:
        assert _running(session).keys() == before.keys()
        assert said.endswith("these run with the new settings now: postgres, web")


def test_another_checkout_of_the_same_name_is_refused(session: Session, tmp_path: Path) -> None:
    _build(session)
    session.start(silent)
    other = tmp_path / "other"
    shutil.copytree(session.root, other)
    with pytest.raises(BayplanError, match="another folder runs a stack called") as refused:
        open_session(session.stack, workspace(), other, refuse=refuse_another)
    assert str(session.root) in refused.value.message
    assert "name:" in refused.value.remedy
    open_session(session.stack, workspace(), session.root, refuse=refuse_another)


def test_an_unchanged_image_is_not_built_again_though_the_builder_has_forgotten_it(session: Session) -> None:
    _build(session)
    image = docker.image_name(session.stack, session.stack.services[0])
    first = session.engine.image_id(image)
    log = session.root / ".bayplan/logs/web-build.log"
    log.unlink()
    server = session.root / "web/server.js"
    text, times = server.read_text(), server.stat()
    session.build(session.stack.built, only_changed=True)
    assert not log.exists()
    server.write_text(text.replace("web listens", "we listen"))
    session.build(session.stack.built, only_changed=True)
    assert log.exists()
    assert session.engine.image_id(image) != first
    assert times.st_mtime_ns != server.stat().st_mtime_ns


def test_an_interrupt_leaves_nothing_half_done(session: Session) -> None:
    web = session.root / "web/server.js"
    web.write_text("setInterval(() => {}, 1000);\n")
    _build(session)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from mini_stack import mini, workspace;"
        "from bayplan.cli.session import open_session, at_work\n"
        "session = open_session(mini(sys.argv[2], int(sys.argv[3])), workspace(), Path(sys.argv[4]))\n"
        "with at_work(session.root): session.start(lambda news: None)\n"
    )
    port = session.environment.values["WEB_PORT"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(HERE), session.stack.name, port, str(session.root)],
        stderr=subprocess.PIPE,
        text=True,
    )
    began = monotonic()
    while not any(each.service == "web" for each in session.engine.containers()) and monotonic() - began < 60:
        sleep(0.2)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in said
    assert session.engine.left() == ()
