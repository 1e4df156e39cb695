"""Each store of which there is an image, run exactly as the compose file that is written for it says."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from bayplan.model.parts import Asked
from bayplan.model.stack import Store
from tests.unit.planning import Repository, server

pytestmark = pytest.mark.engine
ODD = '5e-3c\' "r$HOME" \\x41 %s'
"""A password that no shell, no quoting and no number may spoil."""
UNQUOTED = "5e-3c' r$HOME %s"
"""The same without what ends a quoted word in a configuration: a server that reads one refuses that at its start."""
LIKE_A_NUMBER = "5e3"


@dataclass(frozen=True)
class Trial:
    """How to write something into a store from another container, and to read it again.

    `$WORD` is its password, and `{written}` what writing said.
    """

    kind: str
    writes: str
    reads: str
    answer: str
    word: str = "5e3cr3t"
    settings: str = ""
    code: str = ""
    """The variable that the code reads."""
    ends_with: tuple[int, ...] = (0,)

    def __str__(self) -> str:
        return f"{self.kind}{' with an extension' if self.settings else ''}{' with a password' if self.code else ''}"


def psql(*statements: str) -> str:
    return f"psql postgresql://app:$WORD@postgres/shop -qAt <<'END'\n{';'.join(statements)}\nEND"


def mariadb(*statements: str) -> str:
    return f"MYSQL_PWD=\"$WORD\" mariadb -h mariadb -u app -N shop <<'END'\n{';'.join(statements)}\nEND"


def keys(client: str, kind: str, word: str) -> tuple[str, str]:
    start = f"{word}{client} -h {kind}"
    return f"{start} SET a 42", f"{start} GET a"


def nats(word: str, *messages: tuple[str, str]) -> str:
    """Return what tells JetStream something, through nothing but its text protocol."""
    greeting = json.dumps({"user": "app", "pass": word, "verbose": False})
    sent = [f"PUB {subject} r {len(text)}\\r\\n{text}" for subject, text in messages]
    lines = "\\r\\n".join([f"CONNECT {greeting}", "SUB r 1", *sent, ""])
    return f"(printf %b '{lines}'; sleep 1) | nc nats 4222"


BEFORE_2_11 = (0, 1)
"""It ended with 1 after a shutdown in good order."""
STREAM = ("$JS.API.STREAM.CREATE.S", json.dumps({"name": "S", "subjects": ["s"], "storage": "file"}))
NOTED = ("$JS.API.STREAM.INFO.S", "")
WITH_WORD = 'REDISCLI_AUTH="$WORD" '
IPFS = "ipfs --api /dns4/ipfs/tcp/5001"
TABLE = ("CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (42)")
VECTORS = ("CREATE EXTENSION vector", "CREATE TABLE t (v vector(2))", "INSERT INTO t VALUES ('[3,4]')")
TRIALS = [
    Trial("postgres", psql(*TABLE), psql("SELECT a FROM t"), "42"),
    Trial(
        "postgres", psql(*VECTORS), psql("SELECT v <-> '[0,0]' FROM t"), "5", settings="image: 'pgvector/pgvector:pg17'"
    ),
    Trial("mariadb", mariadb(*TABLE), mariadb("SELECT a FROM t"), "42", ODD),
    Trial("redis", *keys("redis-cli", "redis", ""), "42"),
    Trial("redis", *keys("redis-cli", "redis", WITH_WORD), "42", UNQUOTED, code="REDIS_PASSWORD"),
    Trial("valkey", *keys("valkey-cli", "valkey", WITH_WORD), "42", UNQUOTED, code="REDIS_PASSWORD"),
    Trial("nats", nats("", STREAM, ("s", "hi")), nats("", NOTED), '"messages":1', ends_with=BEFORE_2_11),
    Trial(
        "nats",
        nats(LIKE_A_NUMBER, STREAM, ("s", "hi")),
        nats(LIKE_A_NUMBER, NOTED),
        '"messages":1',
        LIKE_A_NUMBER,
        code="NATS_PASSWORD",
        ends_with=BEFORE_2_11,
    ),
    Trial("ipfs", f"echo 42 | {IPFS} add -Q", f"{IPFS} cat {{written}}", "42"),
]


class Running:
    """A store of a small repository, under a name of its own."""

    def __init__(self, trial: Trial, folder: Path) -> None:
        reads = f"connect(process.env.{trial.code}!);\n" if trial.code else ""
        repository = Repository(folder).app("api", server(4100, reads))
        planned = repository.plan(f"stores:\n  {trial.kind}: {{{trial.settings}}}\n")
        (store,) = planned.stack.stores
        self.store: Store = store
        self.image = os.environ.get("STANDIN_PREFIX", "") + store.image.value
        self.trial = trial
        self.project = f"bayplan-store-{trial.kind}-{os.getpid()}"
        self.file = folder / "compose.yml"
        text = planned.files[planned.stack.compose].text
        self.file.write_text(text.replace(f"image: {store.image.value}\n", f"image: {self.image}\n"), encoding="utf-8")
        names = [each.value.name for each in store.variables if isinstance(each.value, Asked)]
        self.environment = {**os.environ, **dict.fromkeys(names, trial.word)}

    def compose(self, *words: str, expect: int | None = 0) -> str:
        argv = ["docker", "compose", "-f", str(self.file), "-p", self.project, *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=180, check=False, env=self.environment)
        assert expect is None or done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    def up(self) -> None:
        self.compose("up", "--wait", "--wait-timeout", "120", "--no-deps", self.store.name)

    def inspect(self, form: str) -> str:
        container = self.compose("ps", "-a", "-q", self.store.name).strip()
        return subprocess.run(
            ["docker", "inspect", "-f", form, container], capture_output=True, text=True, check=True
        ).stdout.strip()

    def ask(self, script: str) -> str:
        """Run a script in a second container on the network of those who use the store."""
        network = f"{self.project}_internal"
        argv = [
            "docker",
            "run",
            "--rm",
            "-e",
            f"WORD={self.trial.word}",
            "--network",
            network,
            "--entrypoint",
            "sh",
        ]
        done = subprocess.run(
            [*argv, self.image, "-c", script], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def running(trial: Trial, tmp_path: Path, engine: str) -> Iterator[Running]:
    found = Running(trial, tmp_path)
    if subprocess.run([engine, "image", "inspect", found.image], capture_output=True, check=False).returncode:
        pytest.skip(f"no image {found.image}")
    yield found
    found.compose("down", "--volumes", "--timeout", "5")


@pytest.mark.parametrize("trial", TRIALS, ids=str)
@pytest.mark.requirement("CB-13")
def test_a_store_is_healthy_keeps_its_data_tells_no_secret_and_stops_in_time(running: Running) -> None:
    running.up()
    reads = running.trial.reads.replace("{written}", running.ask(running.trial.writes).strip())
    assert running.trial.answer in running.ask(reads)
    running.compose("down", "--timeout", str(running.store.grace_seconds))

    running.up()
    assert running.trial.answer in running.ask(reads)
    told = running.inspect("{{json .Config.Cmd}}{{json .Config.Entrypoint}}{{json .Config.Healthcheck}}{{json .Args}}")
    processes = running.compose("top", running.store.name)
    assert running.trial.word not in told + processes

    begun = monotonic()
    running.compose("stop", running.store.name)
    assert monotonic() - begun < running.store.grace_seconds / 2
    assert int(running.inspect("{{.State.ExitCode}}")) in running.trial.ends_with


@pytest.mark.parametrize("trial", [each for each in TRIALS if each.code == "REDIS_PASSWORD"], ids=str)
@pytest.mark.requirement("CB-13")
def test_a_health_check_with_a_wrong_password_fails(running: Running) -> None:
    running.up()
    check = running.store.health.command
    running.compose("exec", running.store.name, *check)
    for wrong in ("", "other"):
        running.compose("exec", "-e", f"REDISCLI_AUTH={wrong}", running.store.name, *check, expect=1)
