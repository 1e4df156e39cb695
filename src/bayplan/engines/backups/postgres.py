"""PostgreSQL: a dump and its manifest of one snapshot, while others write."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources

from bayplan.engines.backups.family import QUICK, Dump, Inside
from bayplan.engines.backups.manifest import Contents, Table
from bayplan.errors import BayplanError
from bayplan.run import PipeRunner, Step

DUMP = "pgdump"
PRELUDE = 'export PGUSER="${POSTGRES_USER:-postgres}" PGDATABASE="${POSTGRES_DB:-${POSTGRES_USER:-postgres}}"; '
PSQL = ("psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1")
LOCK_WAIT = "60s"


def inside(container: str, runner: PipeRunner) -> Inside:
    return Inside(container, runner, PRELUDE)


def ask(where: Inside, sql: str, database: str | None = None, purpose: str = "ask the database") -> str:
    """Run SQL and return what it printed, without its last line break."""
    argv = (*PSQL, *((f"--dbname={database}",) if database else ()))
    return where.runner.run(where.step(argv, purpose, stdin=sql)).stdout.rstrip("\n")


def version(where: Inside) -> str:
    return ask(where, "SHOW server_version", purpose="ask for the server's version")


@contextmanager
def dumping(where: Inside) -> Iterator[Dump]:
    """Open one snapshot, for the dump and for what counts and hashes every table beside it."""
    session = where.step(PSQL, "hold a snapshot of the database")
    with where.runner.pipeline((session,)) as psql:
        psql.write(_sql("snapshot").encode())
        snapshot = psql.line()
        psql.write(_sql("contents").encode())
        argv = ("pg_dump", "--format=custom", "--compress=0", f"--snapshot={snapshot}")
        step = where.tied((*argv, f"--lock-wait-timeout={LOCK_WAIT}"), "dump the database")

        def contents() -> Contents:
            psql.close()
            return read(b"".join(psql.chunks()).decode())

        if not snapshot:
            psql.close()
            psql.finish()
            raise BayplanError("the database gave no snapshot", remedy="see its log: `docker compose logs`")
        yield Dump((step,), contents)


def contents(where: Inside, database: str) -> Contents:
    """Count and hash what is in a database now."""
    return read(ask(where, _sql("snapshot") + _sql("contents"), database, "compare every row"))


def _sql(name: str) -> str:
    return resources.files(__package__).joinpath(f"postgres_{name}.sql").read_text(encoding="utf-8")


def read(printed: str) -> Contents:
    """Return what the lines of `postgres_contents.sql` say."""
    tables: dict[str, Table] = {}
    sequences: dict[str, int] = {}
    extensions: list[str] = []
    facts: dict[str, str] = {}
    for line in printed.splitlines():
        if not line.startswith("{"):
            continue  # the name of the snapshot
        entry: Mapping[str, str] = json.loads(line)
        match entry["is"]:
            case "table":
                tables[entry["name"]] = Table(int(entry["rows"]), entry["hash"])
            case "sequence":
                sequences[entry["name"]] = int(entry["value"])
            case "extension":
                extensions.append(entry["name"])
            case _:
                facts[entry["name"]] = entry["value"]
    return Contents(tables, sequences, tuple(extensions), facts, _warnings(facts))


def _warnings(facts: Mapping[str, str]) -> tuple[str, ...]:
    others = json.loads(facts.get("others", "[]"))
    return (f"other databases of this server are not in the backup: {', '.join(others)}",) if others else ()


def create(database: str, facts: Mapping[str, str]) -> str:
    """Return the SQL that makes an empty database like the one that was dumped, and the roles that its objects name."""
    words = ["CREATE DATABASE", identifier(database), "TEMPLATE template0 OWNER", identifier(facts["owner"])]
    words += ["ENCODING", literal(facts["encoding"]), "LC_COLLATE", literal(facts["collate"])]
    words += ["LC_CTYPE", literal(facts["ctype"])]
    if facts.get("provider") in ("i", "b"):
        words += [
            "LOCALE_PROVIDER icu ICU_LOCALE" if facts["provider"] == "i" else "LOCALE_PROVIDER builtin BUILTIN_LOCALE"
        ]
        words += [literal(facts["locale"])]
    roles = "".join(
        f"SELECT 'CREATE ROLE ' || quote_ident(name) FROM (SELECT {literal(role)} AS name) AS wanted "
        "WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec\n"
        for role in json.loads(facts["roles"])
    )
    settings = "".join(
        f"ALTER DATABASE {identifier(database)} SET {identifier(name)} TO {literal(value)};\n"
        for name, _, value in (each.partition("=") for each in json.loads(facts["settings"]))
    )
    return f"{roles}{' '.join(words)};\n{settings}"


def loading(where: Inside, database: str) -> Step:
    argv = ("pg_restore", "--exit-on-error", "--no-password", f"--dbname={database}")
    return where.tied_reading(argv, "restore the dump")


def dropping(database: str) -> str:
    return f"DROP DATABASE IF EXISTS {identifier(database)};\n"


def is_up(where: Inside) -> Step:
    # Over TCP, which the server that initializes the folder does not listen on.
    return where.step(("pg_isready", "--quiet", "--host=127.0.0.1"), "wait for the database", timeout=QUICK)


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL, in which no backslash and no colon of psql's means anything."""
    return "'" + text.replace("'", "''") + "'"
