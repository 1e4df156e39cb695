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
from bayplan.engines.news import News, State, silent
from bayplan.engines.starting import is_unchanged
from bayplan.errors import CommandFailedError
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
    session.build(docker.built_services(session.stack))


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
    assert proved == {probe.id for probe in PROBES} - {"jobs"}
    assert {each.subject for each in news if each.state is State.DONE} >= {"web", "worker", "migrate", "postgres"}
    assert {each.id.split(".")[0] for each in session.kept()} == proved - {"health", "http"}

    password = session.environment.values["POSTGRES_PASSWORD"]
    kept = [path for path in (session.root / ".bayplan").rglob("*") if path.is_file() and path.name != "run.env"]
    assert kept
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
