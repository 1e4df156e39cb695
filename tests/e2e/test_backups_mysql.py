"""Backups of a real MariaDB, taken while others write."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from bayplan.cli.main import main
from tests.unit.backing import age_key
from tests.unit.planning import Repository

IMAGE = "mariadb:11"
CONTAINER = "tabled-mariadb-1"
CODE = "import { createServer } from 'node:http'\ncreateServer().listen(3000)\n"
pytestmark = pytest.mark.engine

SCHEMA = """
CREATE TABLE orders (
  id bigint AUTO_INCREMENT PRIMARY KEY, name varchar(40), price decimal(10,2), at timestamp(6), raw blob);
CREATE TABLE lines_of (order_id bigint, what double);
CREATE TABLE `odd `` "table'` (`col ``'"` int, j json);
INSERT INTO `odd `` "table'` VALUES (1, '{"a": "ä"}'), (NULL, NULL);
INSERT INTO orders (name, price, at, raw) SELECT MD5(seq), seq / 7, NOW(6), UNHEX('00ff') FROM seq_1_to_20000;
INSERT INTO lines_of SELECT id, RAND() FROM orders;
CREATE TABLE log (id bigint);
CREATE TRIGGER noted AFTER INSERT ON orders FOR EACH ROW INSERT INTO log VALUES (NEW.id);
CREATE VIEW totals AS SELECT SUM(price) FROM orders;
CREATE PROCEDURE nothing() SELECT 1;
"""
WRITING = (
    "START TRANSACTION; INSERT INTO orders (name) VALUES (RAND()); "
    "INSERT INTO lines_of VALUES (LAST_INSERT_ID(), RAND()); COMMIT;"
)


def sql(text: str, database: str = "tabled") -> str:
    argv = ["docker", "exec", "-i", "-e", "MYSQL_PWD=secret", CONTAINER, "mariadb", "-u", "root", "-BN", database]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def shop(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    public, identity = age_key(tmp_path)
    monkeypatch.setenv("BAYPLAN_AGE_IDENTITY", str(identity))
    repository = Repository(tmp_path / "repo").app("api", CODE, mariadb="3.0.0")
    repository.lock()
    repository.write("bayplan.yaml", f"version: 1\nname: tabled\nbackups: {{ to: {tmp_path / 'to'}, age: {public} }}\n")
    subprocess.run([engine, "rm", "--force", "--volumes", CONTAINER], capture_output=True, check=False)
    labels = {"project": "tabled", "service": "mariadb", "oneoff": "False"}
    subprocess.run(
        [engine, "run", "--detach", f"--name={CONTAINER}"]
        + ["--env=MYSQL_ROOT_PASSWORD=secret", "--env=MYSQL_DATABASE=tabled"]
        + [f"--label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        + [IMAGE],
        capture_output=True, check=True,
    )  # fmt: skip
    try:
        ping = [
            "docker",
            "exec",
            "-e",
            "MYSQL_PWD=secret",
            CONTAINER,
            "mariadb",
            "-u",
            "root",
            "-h",
            "127.0.0.1",
            "tabled",
        ]
        while subprocess.run([*ping, "-e", "SELECT 1"], capture_output=True, check=False).returncode:
            sleep(0.3)
        sql(SCHEMA)
        yield repository.root
    finally:
        subprocess.run([engine, "rm", "--force", "--volumes", CONTAINER], capture_output=True, check=True)


def rows(database: str, last: str) -> list[str]:
    query = "SELECT o.*, l.what FROM orders AS o JOIN lines_of AS l ON l.order_id = o.id WHERE o.id <= {} ORDER BY o.id"
    return sql(query.format(last), database).splitlines()


def test_mariadb_comes_back_row_by_row(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = f'yes "{WRITING}" | docker exec -i -e MYSQL_PWD=secret {CONTAINER} mariadb -u root tabled'
    writer = subprocess.Popen(["sh", "-c", command], stderr=subprocess.DEVNULL, process_group=0)
    try:
        while int(sql("SELECT COUNT(*) FROM orders")) < 20100:
            sleep(0.05)
        first = sql("SELECT MAX(id) FROM orders")
        assert main(["-C", str(shop), "backup"]) == 0
        taken = int(sql("SELECT MAX(id) FROM orders"))
        sleep(0.3)
        assert int(sql("SELECT MAX(id) FROM orders")) > taken, "the lock is gone"
    finally:
        os.killpg(writer.pid, signal.SIGKILL)
        writer.wait()
    while (
        sql("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = 'tabled' AND ID <> CONNECTION_ID()") != "0"
    ):
        sleep(0.1)
    assert main(["-C", str(shop), "backup", "--verify"]) == 0
    assert "all as they were dumped" in capsys.readouterr().out
    assert main(["-C", str(shop), "restore", "newest", "--yes"]) == 0
    (old,) = re.findall(r"stays as (\w+)", capsys.readouterr().out)
    assert rows("tabled", first) == rows(old, first)
    assert len(rows("tabled", first)) > 20000
    assert sql("SELECT COUNT(*) FROM orders") == sql("SELECT COUNT(*) FROM lines_of")
    assert int(sql("SELECT COUNT(*) FROM orders")) < int(sql("SELECT COUNT(*) FROM orders", old))
    sql("INSERT INTO orders (name) VALUES ('triggered'); CALL nothing(); SELECT * FROM totals")
    assert sql("SELECT COUNT(*) FROM log WHERE id = (SELECT MAX(id) FROM orders)") == "1"
    assert set(sql("SHOW DATABASES").split()) & {"tabled", old} == {"tabled", old}
    assert "restoring" not in sql("SHOW DATABASES")
    assert shutil.which("age")


def test_what_a_killed_restore_left_is_removed_by_the_next(shop: Path) -> None:
    left, busy, other = "restoring_20261120t033000z", "restoring_20261120t033001z", "restoring_hope"
    sql("".join(f"CREATE DATABASE {name};" for name in (left, busy, other)))
    assert main(["-C", str(shop), "backup"]) == 0
    argv = ["docker", "exec", "-i", "-e", "MYSQL_PWD=secret", CONTAINER, "mariadb", "-u", "root", busy]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as at_work:
        while busy not in sql("SELECT DB FROM information_schema.PROCESSLIST WHERE DB IS NOT NULL"):
            sleep(0.1)
        assert main(["-C", str(shop), "restore", "newest", "--yes"]) == 0
        names = set(sql("SHOW DATABASES").split())
        at_work.communicate()
    assert left not in names
    assert {busy, other} <= names
