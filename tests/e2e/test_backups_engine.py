"""Backups of a real PostgreSQL: taken while others write, proved, damaged, and brought back."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pytest

from bayplan.cli.main import main
from bayplan.engines.backups.envelope import Packer, Unpacker
from bayplan.run import Local, Step
from tests.unit.backing import age_key

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "forgestack" / "repo"
IMAGE = "postgres:15-alpine"
pytestmark = pytest.mark.engine

SCHEMA = r"""
CREATE TABLE orders (
  id bigserial PRIMARY KEY, name text NOT NULL, price numeric, at timestamptz DEFAULT now(), data jsonb);
CREATE TABLE lines (order_id bigint REFERENCES orders, what float8);
CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
INSERT INTO accounts SELECT g, 100 FROM generate_series(1, 100) AS g;
INSERT INTO orders (name, price, data)
  SELECT md5(g::text), g / 7.0, jsonb_build_object('g', g) FROM generate_series(1, 20000) AS g;
INSERT INTO lines SELECT id, random() FROM orders;
CREATE SCHEMA "odd "" schema'";
CREATE TABLE "odd "" schema'"."t%s
line" ("bayplan" int, bytes bytea);
INSERT INTO "odd "" schema'"."t%s
line" VALUES (1, '\x00ff'), (NULL, NULL);
CREATE TABLE parts (id int, kind text) PARTITION BY LIST (kind);
CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
INSERT INTO parts VALUES (1, 'a');
CREATE ROLE reader LOGIN PASSWORD 'reader';
GRANT SELECT ON orders TO reader;
CREATE VIEW totals AS SELECT sum(price) FROM orders;
SELECT lo_from_bytea(0, '\xdeadbeef');
"""
WRITING = (
    "BEGIN; WITH o AS (INSERT INTO orders (name, price) VALUES (md5(random()::text), random()) RETURNING id) "
    "INSERT INTO lines SELECT id, random() FROM o; "
    "UPDATE accounts SET balance = balance - 1 WHERE id = 1; "
    "UPDATE accounts SET balance = balance + 1 WHERE id = 2; COMMIT;"
)


@dataclass
class Shop:
    """A repository whose PostgreSQL runs, and where its backups go."""

    repository: Path
    container: str
    to: Path
    identity: Path

    def run(self, *words: str) -> int:
        return main(["-C", str(self.repository), *words])

    def backups(self) -> list[Path]:
        return sorted(self.to.glob("*.age"))

    def sql(self, text: str, database: str = "backed") -> str:
        argv = ["docker", "exec", "-i", self.container, "psql", "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-U", "app"]
        done = subprocess.run([*argv, "-d", database], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def databases(self) -> set[str]:
        names = self.sql("SELECT datname FROM pg_database", "postgres").split()
        return set(names) - {"postgres", "template0", "template1"}

    def empty(self) -> None:
        for name in self.databases() - {"backed"}:
            self.sql(f'DROP DATABASE "{name}" WITH (FORCE)', "postgres")
        for path in self.backups():
            path.unlink()


@pytest.fixture(scope="module")
def running(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("backups")
    public, identity = age_key(folder)
    project = f"bayplan-backups-{os.getpid()}"
    repository = folder / "repo"
    shutil.copytree(EXAMPLE, repository)
    (repository / "bayplan.yaml").write_text(
        f"version: 1\nname: backed\nenvironments: {{ staging: {{}}, production: {{}} }}\n"
        f"backups: {{ to: {folder / 'to'}, age: {public}, skip: [redis] }}\n"
    )
    labels = {"project": "backed", "service": "postgres", "oneoff": "False"}
    container = "backed-postgres-1"
    subprocess.run([engine, "rm", "--force", "--volumes", container], capture_output=True, check=False)
    subprocess.run(
        [engine, "run", "--detach", f"--name={container}", f"--label={project}"]
        + [f"--label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        + ["--env=POSTGRES_USER=app", "--env=POSTGRES_DB=backed", "--env=POSTGRES_PASSWORD=secret", IMAGE],
        capture_output=True, check=True,
    )  # fmt: skip
    try:
        shop = Shop(repository, container, folder / "to", identity)
        ready = [engine, "exec", container, "pg_isready", "-q", "-h", "127.0.0.1"]
        began = monotonic()
        while subprocess.run(ready, check=False).returncode:
            assert monotonic() - began < 60
            sleep(0.2)
        shop.sql(SCHEMA)
        yield shop
    finally:
        subprocess.run([engine, "rm", "--force", "--volumes", container], capture_output=True, check=True)


@pytest.fixture
def shop(running: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv("BAYPLAN_AGE_IDENTITY", str(running.identity))
    yield running
    running.empty()


@contextmanager
def load(shop: Shop) -> Iterator[None]:
    """Write without a pause, on three connections that come back when they are closed."""
    psql = f"docker exec -i {shop.container} psql -q -U app -d backed"
    script = f'while :; do yes "{WRITING}" | {psql}; sleep 0.1; done'
    quiet = subprocess.DEVNULL
    writers = [subprocess.Popen(["sh", "-c", script], stdout=quiet, stderr=quiet, process_group=0) for _ in range(3)]
    try:
        before = int(shop.sql("SELECT count(*) FROM orders"))
        while int(shop.sql("SELECT count(*) FROM orders")) < before + 100:
            sleep(0.05)
        yield
        assert all(writer.poll() is None for writer in writers)
    finally:
        for writer in writers:
            os.killpg(writer.pid, signal.SIGKILL)
            writer.wait()
        while shop.sql("SELECT count(*) FROM pg_stat_activity WHERE datname ~ '^backed'", "postgres") != "0":
            sleep(0.1)  # what was in their pipes


def rows(shop: Shop, database: str, last: str) -> list[str]:
    """Return every order and its line, up to one order, as text."""
    query = "SELECT o, l FROM orders AS o JOIN lines AS l ON l.order_id = o.id WHERE o.id <= {} ORDER BY o.id, l.what"
    return shop.sql(query.format(last), database).splitlines()


@pytest.mark.requirement("ES-30", "ES-40")
def test_a_backup_taken_under_load_comes_back_row_by_row(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    with load(shop):
        first = shop.sql("SELECT max(id) FROM orders")
        assert shop.run("backup") == 0
        last = shop.sql("SELECT max(id) FROM orders")
        assert shop.run("backup", "--verify") == 0
        assert "all as they were dumped" in capsys.readouterr().out
        assert shop.run("restore", "newest", "--yes") == 0
        (old,) = re.findall(r"stays as (\w+)", capsys.readouterr().out)
        again = int(shop.sql("SELECT count(*) FROM orders"))
        while int(shop.sql("SELECT count(*) FROM orders")) < again + 100:
            sleep(0.05)  # who wrote before has come back
    assert shop.databases() == {"backed", old}
    assert shop.sql("SELECT sum(balance) FROM accounts") == "10000"
    assert shop.sql("SELECT count(*) FROM orders") == shop.sql("SELECT count(*) FROM lines")
    assert shop.sql("SELECT has_table_privilege('reader', 'orders', 'select')") == "t"
    kept, written = rows(shop, old, first), rows(shop, "backed", first)
    assert len(kept) > 20000
    assert written == kept
    assert int(first) < int(last) < int(shop.sql("SELECT max(id) FROM orders", old))


def test_what_a_killed_restore_left_is_removed_by_the_next(shop: Shop) -> None:
    shop.sql("CREATE DATABASE restoring_20261120t033000z", "postgres")
    shop.sql("CREATE DATABASE restoring_hope", "postgres")
    assert shop.run("backup") == 0
    assert shop.run("restore", "newest", "--yes") == 0
    assert "restoring_20261120t033000z" not in shop.databases()
    assert "restoring_hope" in shop.databases()


def snapshot(shop: Shop) -> tuple[set[str], str]:
    return shop.databases(), shop.sql("SELECT count(*), sum(hashtext(o::text)) FROM orders AS o")


@pytest.mark.parametrize("damage", ["flipped", "cut", "wrong key", "another's dump"])
def test_a_restore_of_a_bad_file_changes_nothing(
    damage: str, shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.run("backup") == 0
    before = snapshot(shop)
    path = tmp_path / shop.backups()[-1].name
    data = bytearray(shop.backups()[-1].read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 1
    elif damage == "cut":
        del data[-300:]
    elif damage == "wrong key":
        monkeypatch.setenv("BAYPLAN_AGE_IDENTITY", str(age_key(tmp_path, "other.txt")[1]))
    else:
        data = bytearray(_with_another_dump(shop, bytes(data)))
    path.write_bytes(data)
    capsys.readouterr()
    assert shop.run("restore", str(path), "--yes") in (1, 4)
    assert "error: " in capsys.readouterr().err
    assert snapshot(shop) == before


def _with_another_dump(shop: Shop, data: bytes) -> bytes:
    """Return a backup whose manifest is right and whose dump is not."""
    opened = subprocess.run(["age", "-d", "-i", shop.identity], input=data, capture_output=True, check=True).stdout
    unpacker = Unpacker([opened], "x")
    assert b"".join(unpacker)
    less = [
        "docker",
        "exec",
        shop.container,
        "pg_dump",
        "-U",
        "app",
        "-d",
        "backed",
        "-Fc",
        "--exclude-table-data=lines",
    ]
    packer = Packer()
    packed = packer.pack(subprocess.run(less, capture_output=True, check=True).stdout) + packer.end(unpacker.manifest)
    key = subprocess.run(["age-keygen", "-y", shop.identity], capture_output=True, text=True, check=True).stdout.strip()
    return subprocess.run(["age", "-r", key], input=packed, capture_output=True, check=True).stdout


def test_a_backup_of_another_environment_is_restored_only_when_that_is_said(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop.run("backup") == 0
    path = tmp_path / shop.backups()[-1].name
    opened = subprocess.run(["age", "-d", "-i", shop.identity, shop.backups()[-1]], capture_output=True, check=True)
    elsewhere = opened.stdout.replace(b'"environment":"production"', b'"environment":"staging"')
    key = subprocess.run(["age-keygen", "-y", shop.identity], capture_output=True, text=True, check=True).stdout.strip()
    path.write_bytes(subprocess.run(["age", "-r", key], input=elsewhere, capture_output=True, check=True).stdout)
    assert shop.run("restore", "--yes", str(path)) == 2
    refused = capsys.readouterr().err
    assert "the backup is of postgres of backed (staging), and this is postgres of backed (production)" in refused
    assert shop.databases() == {"backed"}
    assert shop.run("restore", "--yes", "--from-elsewhere", str(path)) == 0
    assert len(shop.databases()) == 2


def test_a_proof_names_the_table_that_is_different(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop.run("backup") == 0
    path = tmp_path / shop.backups()[-1].name
    path.write_bytes(_with_another_dump(shop, shop.backups()[-1].read_bytes()))
    assert shop.run("backup", "--verify", str(path)) == 1
    assert "different: public.lines has 0 rows instead of" in capsys.readouterr().out
    assert _scratch() == ""


def _scratch() -> str:
    found = Local().run(Step(("docker", "ps", "-aq", "--filter=label=bayplan.scratch=backed.postgres"), "look"))
    return found.stdout.strip()


def _started(shop: Shop, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "bayplan", "-C", shop.repository, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_an_interrupted_proof_leaves_no_server(shop: Shop) -> None:
    assert shop.run("backup") == 0
    process = _started(shop, "backup", "--verify")
    began = monotonic()
    while not _scratch():
        assert monotonic() - began < 60
        sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 130
    assert _scratch() == ""


def test_a_killed_backup_leaves_no_dump_running_and_no_backup(shop: Shop) -> None:
    shop.sql("CREATE TABLE big AS SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 400000) AS g")
    try:
        process = _started(shop, "backup")
        dumping = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump'"
        began = monotonic()
        while shop.sql(dumping, "postgres") == "0" or not list(shop.to.glob("*.part")):
            assert monotonic() - began < 60
            sleep(0.02)
        process.kill()
        process.wait()
        began = monotonic()
        open_still = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'backed'"
        while shop.sql(open_still, "postgres") != "0":
            assert monotonic() - began < 20, "its session is still there"
            sleep(0.2)
        assert shop.backups() == []
    finally:
        shop.sql("DROP TABLE big")


def test_two_at_once_are_refused(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    from bayplan.engines import folder

    with folder.exclusive(shop.repository, "backup"):
        assert shop.run("backup") == 75
    assert "another bayplan is at work" in capsys.readouterr().err


def test_no_secret_and_no_row_stands_in_a_list_of_processes(shop: Shop) -> None:
    seen: list[str] = []
    process = _started(shop, "backup")
    while process.poll() is None:
        seen.append(subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout)
    assert any("pg_dump" in each for each in seen)
    assert not any("POSTGRES_PASSWORD=secret" in each or "AGE-SECRET" in each for each in seen)


def test_the_commands_of_the_runbook_restore_it_without_bayplan(shop: Shop) -> None:
    assert shop.run("write") == 0
    assert shop.run("backup") == 0
    counted = shop.sql("SELECT count(*), sum(hashtext(o::text)) FROM orders AS o")
    shop.sql("UPDATE orders SET name = 'lost' WHERE id < 100")
    runbook = (shop.repository / "docs" / "backups.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", runbook.split("## Restore without bayplan")[1], re.DOTALL)
    script = "set -e\n" + "".join(blocks).replace("key=backup-key.txt", f"key={shop.identity}")
    done = subprocess.run(["sh"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert shop.sql("SELECT count(*), sum(hashtext(o::text)) FROM orders AS o") == counted
    assert shop.sql("SELECT count(*) FROM orders WHERE name = 'lost'", "backed_before") == "99"


@pytest.fixture
def cache(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A repository whose Redis runs with a password and an append-only file."""
    public, identity = age_key(tmp_path)
    monkeypatch.setenv("BAYPLAN_AGE_IDENTITY", str(identity))
    repository = tmp_path / "repo"
    shutil.copytree(EXAMPLE, repository)
    (repository / "bayplan.yaml").write_text(
        f"version: 1\nname: cached\nbackups: {{ to: {tmp_path / 'to'}, age: {public}, skip: [postgres] }}\n"
    )
    container = "cached-redis-1"
    labels = {"project": "cached", "service": "redis", "oneoff": "False"}
    subprocess.run([engine, "rm", "--force", "--volumes", container], capture_output=True, check=False)
    subprocess.run(
        [engine, "run", "--detach", f"--name={container}"]
        + ["--user=redis", "--env=REDISCLI_AUTH=secret", "--cap-drop=ALL"]
        + [f"--label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        + ["redis:7-alpine", "redis-server", "--appendonly", "yes", "--requirepass", "secret"],
        capture_output=True, check=True,
    )  # fmt: skip
    try:
        ping = [engine, "exec", container, "redis-cli", "PING"]
        while b"PONG" not in subprocess.run(ping, capture_output=True, check=False).stdout:
            sleep(0.1)
        yield Shop(repository, container, tmp_path / "to", identity)
    finally:
        subprocess.run([engine, "rm", "--force", "--volumes", container], capture_output=True, check=True)


def test_redis_comes_back_without_being_stopped(cache: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    def redis(*words: str, stdin: str = "") -> str:
        argv = ["docker", "exec", "-i", cache.container, "redis-cli", *words]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=True).stdout.strip()

    redis(
        stdin="".join(f"SET key:{number} {number}\n" for number in range(5000))
        + "RPUSH queue a b c\nSET soon 1 EX 900\n"
    )
    assert cache.run("backup") == 0
    assert "5001 rows in 1 table" in capsys.readouterr().out
    assert cache.run("backup", "--verify") == 0
    redis("FLUSHALL")
    redis("SET", "since", "1")
    assert cache.run("restore", "newest", "--yes") == 0
    printed = capsys.readouterr().out
    assert redis("DBSIZE") == "5002"
    assert redis("LRANGE", "queue", "0", "-1").split() == ["a", "b", "c"]
    assert redis("GET", "since") == ""
    assert "role:master" in redis("INFO", "replication")
    subprocess.run(["docker", "restart", cache.container], capture_output=True, check=True)
    ping = ["docker", "exec", cache.container, "redis-cli", "PING"]
    while b"PONG" not in subprocess.run(ping, capture_output=True, check=False).stdout:
        sleep(0.1)
    assert redis("DBSIZE") == "5002", "it is in the append-only file"
    back = printed.split("to go back:\n")[1].split("\n\nto be rid")[0]
    back = back.replace("# until INFO", "; sleep 3 # until INFO")
    done = subprocess.run(["sh", "-e"], input=back, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert redis("GET", "since") == "1"
    assert redis("DBSIZE") == "1"


def test_the_runbooks_commands_restore_redis(cache: Shop) -> None:
    def redis(*words: str) -> str:
        argv = ["docker", "exec", "-i", cache.container, "redis-cli", *words]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()

    redis("SET", "kept", "1")
    assert cache.run("write") == 0
    assert cache.run("backup") == 0
    redis("SET", "kept", "2")
    runbook = (cache.repository / "docs" / "backups.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", runbook.split("## Restore without bayplan")[1], re.DOTALL)
    script = "set -e\n" + "".join(blocks).replace("key=backup-key.txt", f"key={cache.identity}")
    done = subprocess.run(["sh"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert redis("GET", "kept") == "1"
