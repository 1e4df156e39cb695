"""PostgreSQL: a dump and its manifest of one snapshot, while others write."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources

from bayplan.engines.backups.family import QUICK, Dump, Inside, Scratch
from bayplan.engines.backups.manifest import Contents, Table
from bayplan.errors import BayplanError, BrokenFileError
from bayplan.formats import postgres_sql as sql
from bayplan.run import PipeRunner, Step, shown

PRELUDE = 'export PGUSER="${POSTGRES_USER:-postgres}" PGDATABASE="${POSTGRES_DB:-${POSTGRES_USER:-postgres}}"; '
PSQL = ("psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1")
NEEDED = frozenset({"owner", "encoding", "collate", "ctype", "roles", "settings"})
LOCK_WAIT = "60s"
LONGEST_NAME = 63
ROOM = 1.1
"""How many times its size a copy of a database may take."""
CARELESS = ("postgres", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "autovacuum=off")
"""A server whose data nobody misses."""


@dataclass(frozen=True, slots=True)
class Postgres:
    is_beside: bool = True

    def inside(self, container: str, runner: PipeRunner) -> Inside:
        return Inside(container, runner, PRELUDE)

    def version(self, inside: Inside) -> str:
        return _ask(inside, "SHOW server_version;")

    @contextmanager
    def dumping(self, inside: Inside) -> Iterator[Dump]:
        """Hold one snapshot, for the dump and for what counts and hashes every table beside it."""
        with inside.runner.pipeline((inside.step(PSQL, "hold a snapshot of the database"),)) as psql:
            psql.write(_script("snapshot").encode())
            snapshot = psql.line()
            if not snapshot:
                psql.close()
                psql.finish()
                raise BayplanError("the database gave no snapshot", remedy="see its log")
            psql.write(_script("contents").encode())
            argv = ("pg_dump", "--format=custom", "--compress=0", f"--snapshot={snapshot}")
            step = inside.tied((*argv, f"--lock-wait-timeout={LOCK_WAIT}"), "dump the database")

            def contents() -> Contents:
                psql.close()
                printed = b"".join(psql.chunks()).decode()
                psql.finish()
                return read(printed)

            yield Dump((step,), contents)

    def scratch(self, wanted: Contents) -> Scratch:
        user = wanted.facts.get("user", "postgres")
        variables = (("POSTGRES_USER", user), ("POSTGRES_DB", "postgres"), ("POSTGRES_HOST_AUTH_METHOD", "trust"))
        return Scratch(variables, CARELESS)

    def is_up(self, inside: Inside) -> Step:
        # Over TCP, on which the server that initializes the folder does not listen.
        return inside.step(("pg_isready", "--quiet", "--host=127.0.0.1"), "wait for the database", timeout=QUICK)

    def load(self, inside: Inside, wanted: Contents, chunks: Iterable[bytes], target: str) -> Contents:
        _ask(inside, sql.create(target, _checked(wanted.facts)), "postgres", "make a new database")
        argv = ("pg_restore", "--exit-on-error", "--no-password", f"--dbname={target}")
        with inside.runner.pipeline((inside.step(argv, "restore the dump"),)) as restore:
            for chunk in chunks:
                restore.write(chunk)
        _ask(inside, "ANALYZE;", target, "look at the new tables")
        return read(_ask(inside, _script("snapshot") + _script("contents"), target, "compare every row"))

    def discard(self, inside: Inside, target: str) -> None:
        _ask(inside, sql.drop(target), "postgres", "remove the new database")

    def refuse(self, inside: Inside, wanted: Contents) -> None:
        _sweep(inside)
        script = "df -Pk \"${PGDATA:-/var/lib/postgresql}\" | awk 'NR == 2 { print $4 }'"
        printed = inside.runner.run(inside.shell(script, (), "see how much room there is"), check=False).stdout.strip()
        needed = int(int(_checked(wanted.facts).get("size", "0")) * ROOM) // 1024
        if printed.isdecimal() and int(printed) < needed:
            raise BayplanError(
                f"there is no room for a second database: {needed // 1024} MB are needed, "
                f"and {int(printed) // 1024} MB are free",
                remedy="nothing was changed; make room on the disk of Docker's volumes",
            )

    def _live(self, inside: Inside) -> str:
        return inside.runner.run(inside.shell('printf %s "$PGDATABASE"', (), "find the database")).stdout

    def aside(self, inside: Inside, moment: str) -> str:
        suffix = f"_before_{moment}"
        return self._live(inside).encode()[: LONGEST_NAME - len(suffix)].decode(errors="ignore") + suffix

    def swap(self, inside: Inside, target: str, old: str) -> tuple[str, ...]:
        live, user = self._live(inside), _ask(inside, "SELECT current_user;", "postgres")
        _lenient(inside, sql.swap(live, target, old))
        names = _ask(inside, "SELECT datname FROM pg_database;", "postgres").splitlines()
        if target in names or old not in names:
            raise BayplanError(
                f"{live} could not be renamed, and is as it was: something keeps connecting to it",
                remedy="stop the services that use it (`docker compose stop ...`) and run this again",
            )
        return (
            _typed(inside, user, sql.swap(live, old, f"{live}_restored")),
            _typed(inside, user, sql.drop(old)),
        )


def _sweep(inside: Inside) -> None:
    """Remove what restores left that were killed; one that is still at work holds on to its own."""
    query = r"SELECT datname FROM pg_database WHERE datname ~ '^restoring_\d{8}t\d{6}z$';"
    for name in _ask(inside, query, "postgres").splitlines():
        _lenient(inside, sql.drop(name))


def _checked(facts: Mapping[str, str]) -> Mapping[str, str]:
    """Return what a manifest says of its database, or raise: whoever has the public key can write one."""
    try:
        lists = [json.loads(facts.get(name, "[]")) for name in ("roles", "settings")]
        is_right = int(facts.get("size", "0")) >= 0 and facts.keys() >= NEEDED
    except (ValueError, RecursionError):
        is_right, lists = False, []
    if is_right and all(isinstance(each, list) and all(isinstance(one, str) for one in each) for each in lists):
        return facts
    raise BrokenFileError(
        "the backup is damaged: its manifest does not describe a database",
        remedy="nothing was changed; take another backup",
    )


def _ask(inside: Inside, text: str, database: str | None = None, purpose: str = "ask the database") -> str:
    argv = (*PSQL, *((f"--dbname={database}",) if database else ()))
    return inside.runner.run(inside.step(argv, purpose, stdin=text)).stdout.rstrip("\n")


def _lenient(inside: Inside, text: str) -> None:
    """Run all of a script, whatever fails in it: its last lines make good what a failure leaves."""
    argv = (*PSQL, "--set=ON_ERROR_STOP=0", "--dbname=postgres")
    inside.runner.run(inside.step(argv, "rename the databases", stdin=text), check=False)


def _typed(inside: Inside, user: str, text: str) -> str:
    """Return a script as a person would run it."""
    argv = ("docker", "exec", "-i", inside.container, "psql", "-U", user, "-d", "postgres")
    return f"{shown(argv)} <<'SQL'\n{text}SQL"


def _script(name: str) -> str:
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
    others = json.loads(facts.get("others", "[]"))
    warning = f"other databases of this server are not in the backup: {', '.join(others)}"
    return Contents(tables, sequences, tuple(extensions), facts, (warning,) if others else ())
