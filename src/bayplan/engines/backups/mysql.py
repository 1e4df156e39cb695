"""MySQL and MariaDB: a dump and its manifest of one moment, for which writing stands still for the blink of an eye."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bayplan.engines.backups.family import QUICK, Dump, Inside, Scratch
from bayplan.engines.backups.manifest import Contents, Table
from bayplan.errors import BayplanError, BrokenFileError
from bayplan.run import Pipeline, PipeRunner, Step, shown

ROOT = 'export MYSQL_PWD="${MYSQL_ROOT_PASSWORD:-$MARIADB_ROOT_PASSWORD}"; '
PRELUDE = ROOT + 'export DATABASE="${MYSQL_DATABASE:-$MARIADB_DATABASE}"; '
CLIENT = ("--user=root", "--batch", "--skip-column-names", "--unbuffered", "--default-character-set=utf8mb4")
DUMP = ("--user=root", "--single-transaction", "--quick", "--routines", "--events", "--triggers", "--hex-blob")
BEGUN = (b"-- Table structure", b"-- Dump completed", b"CREATE TABLE")
END = "bayplan-end"
LONGEST_NAME = 64
FREEZE = """SET SESSION lock_wait_timeout = 60, time_zone = '+00:00';
FLUSH TABLES WITH READ LOCK;
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
START TRANSACTION WITH CONSISTENT SNAPSHOT;
"""
COLUMNS = """SELECT HEX(c.TABLE_NAME), HEX(c.COLUMN_NAME) FROM information_schema.COLUMNS AS c
JOIN information_schema.TABLES AS t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION;
SELECT 'bayplan-end';
"""
LEFT = """SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'restoring%' AND SCHEMA_NAME NOT IN
(SELECT DB FROM information_schema.PROCESSLIST WHERE DB IS NOT NULL);
"""
"""What restores have made that are not at work on it."""
FACTS = """SELECT 'database', DATABASE();
SELECT 'charset', DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE();
SELECT 'collation', DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE();
"""


@dataclass(frozen=True, slots=True)
class Mysql:
    """`client` and `dumper` are the programs of its image."""

    client: str
    dumper: str
    is_beside: bool = True

    def inside(self, container: str, runner: PipeRunner) -> Inside:
        return Inside(container, runner, PRELUDE)

    def version(self, inside: Inside) -> str:
        return self._ask(inside, "SELECT VERSION();", "mysql")

    @contextmanager
    def dumping(self, inside: Inside) -> Iterator[Dump]:
        """Hold a read lock until the dump has begun its transaction, and count in one that began at the same moment."""
        with inside.runner.pipeline((self._client(inside, "hold a snapshot of the database"),)) as session:
            session.write((FREEZE + COLUMNS).encode())
            columns = _columns(_until_end(session))
            beginning = bytearray()
            is_counting = False

            def count() -> None:
                nonlocal is_counting
                is_counting = True
                session.write(f"UNLOCK TABLES;\n{FACTS}{_counts(columns)}SELECT '{END}';\n".encode())

            def look(chunk: bytes) -> None:
                if not is_counting:
                    beginning.extend(chunk)
                    if any(sign in beginning for sign in BEGUN):
                        count()

            def contents() -> Contents:
                if not is_counting:
                    count()
                return _read(_until_end(session))

            dump = inside.tied(("sh", "-c", 'exec "$@" "$DATABASE"', "sh", self.dumper, *DUMP), "dump the database")
            yield Dump((dump,), contents, look)

    def scratch(self, wanted: Contents) -> Scratch:
        database = wanted.facts.get("database", "mysql")
        variables = {"ROOT_PASSWORD": "scratch", "DATABASE": database}
        return Scratch(tuple((f"MYSQL_{name}", value) for name, value in variables.items()))

    def is_up(self, inside: Inside) -> Step:
        argv = (self.client, *CLIENT, "--host=127.0.0.1", "--execute=SELECT 1")
        return inside.step(argv, "wait for the database", timeout=QUICK)

    def load(self, inside: Inside, wanted: Contents, chunks: Iterable[bytes], target: str) -> Contents:
        self._create(inside, target, wanted.facts)
        with inside.runner.pipeline((self._client(inside, "restore the dump", target),)) as client:
            for chunk in chunks:
                client.write(chunk)
        return self._contents(inside, target)

    def discard(self, inside: Inside, target: str) -> None:
        self._ask(inside, f"DROP DATABASE IF EXISTS {_name(target)};", "mysql")

    def refuse(self, inside: Inside, wanted: Contents) -> None:
        """Refuse nothing: a full disk fails the load, which is removed again, as is what killed restores left."""
        del wanted
        for name in self._ask(inside, LEFT, "mysql").splitlines():
            if re.fullmatch(r"restoring_\d{8}t\d{6}z", name, re.ASCII):
                self.discard(inside, name)

    def aside(self, inside: Inside, moment: str) -> str:
        suffix = f"_before_{moment}"
        return self._live(inside)[: LONGEST_NAME - len(suffix)] + suffix

    def swap(self, inside: Inside, target: str, old: str) -> tuple[str, ...]:
        """Copy what is there aside, and what was loaded over it: databases cannot be renamed here."""
        live = self._live(inside)
        facts = self._contents(inside, live).facts
        self._create(inside, old, facts)
        self._copy(inside, live, old)
        try:
            self._ask(inside, f"DROP DATABASE {_name(live)};", "mysql")
            self._create(inside, live, facts)
            self._copy(inside, target, live)
        except (BayplanError, KeyboardInterrupt) as error:
            raise BayplanError(
                f"{live} could not be filled: {error}",
                remedy=f"all that was in it is in {old}:\n{self._back(inside, live, old)}",
            ) from error
        self.discard(inside, target)
        drop = f"{ROOT}{self.client} -u root -e {shlex.quote(f'DROP DATABASE {_name(old)}')}"
        removal = shown(("docker", "exec", inside.container, "sh", "-c", drop))
        return self._back(inside, live, old), removal

    def _back(self, inside: Inside, live: str, old: str) -> str:
        dump = f"{self.dumper} -u root --routines --events --triggers --single-transaction {shlex.quote(old)}"
        script = f"{ROOT}{dump} | {self.client} -u root {shlex.quote(live)}"
        return shown(("docker", "exec", inside.container, "sh", "-c", script))

    def _create(self, inside: Inside, database: str, facts: Mapping[str, str]) -> None:
        charset, collation = (facts.get(name, "") for name in ("charset", "collation"))
        if not charset.isidentifier() or not collation.isidentifier():
            raise BrokenFileError(
                "the backup is damaged: its manifest does not describe a database",
                remedy="nothing was changed; take another backup",
            )
        words = f"CREATE DATABASE {_name(database)} CHARACTER SET {charset} COLLATE {collation};"
        self._ask(inside, words, "mysql")

    def _copy(self, inside: Inside, source: str, target: str) -> None:
        dump = inside.step((self.dumper, *DUMP, source), "copy the database")
        with inside.runner.pipeline((dump, self._client(inside, "copy the database", target))):
            pass

    def _contents(self, inside: Inside, database: str) -> Contents:
        columns = _columns(self._ask(inside, COLUMNS, database).splitlines())
        return _read(self._ask(inside, f"SET time_zone = '+00:00';\n{FACTS}{_counts(columns)}", database).splitlines())

    def _live(self, inside: Inside) -> str:
        return inside.runner.run(inside.shell('printf %s "$DATABASE"', (), "find the database")).stdout

    def _client(self, inside: Inside, purpose: str, database: str = "") -> Step:
        script = 'exec "$@"' if database else 'exec "$@" "$DATABASE"'
        return inside.shell(script, (self.client, *CLIENT, *((database,) if database else ())), purpose)

    def _ask(self, inside: Inside, text: str, database: str) -> str:
        step = self._client(inside, "ask the database", database)
        return inside.runner.run(Step(step.argv, step.purpose, stdin=text)).stdout.rstrip("\n")


def _until_end(session: Pipeline) -> list[str]:
    lines = []
    while (line := session.line()) != END:
        if not line:
            session.close()
            session.finish()
            raise BayplanError("the database ended the session", remedy="see its log")
        lines.append(line)
    return lines


def _columns(lines: Iterable[str]) -> dict[str, list[str]]:
    """Return the columns of each table; names come in hexadecimal, for they may hold anything."""
    found: dict[str, list[str]] = {}
    for line in lines:
        table, _, column = line.partition("\t")
        if column:
            found.setdefault(_text(table), []).append(_text(column))
    return found


def _text(hexadecimal: str) -> str:
    return bytes.fromhex(hexadecimal).decode()


def _counts(columns: Mapping[str, list[str]]) -> str:
    """Count and hash each table; the sum of the rows' hashes does not depend on their order."""
    lines = []
    for table, names in columns.items():
        row = ", ".join(f"IFNULL(HEX(CONCAT({_name(name)})), '-')" for name in names)
        number = f"CAST(CONV(LEFT(MD5(CONCAT_WS(',', {row})), 15), 16, 10) AS UNSIGNED)"
        hexed = table.encode().hex()
        lines.append(f"SELECT 'table', '{hexed}', COUNT(*), COALESCE(SUM({number}), 0) FROM {_name(table)};\n")  # noqa: S608 - quoted
    return "".join(lines)


def _read(lines: Iterable[str]) -> Contents:
    tables, facts = {}, {}
    for line in lines:
        words = line.split("\t")
        if words[0] == "table":
            tables[_text(words[1])] = Table(int(words[2]), words[3])
        elif len(words) > 1:
            facts[words[0]] = words[1]
    return Contents(tables, facts=facts)


def _name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
