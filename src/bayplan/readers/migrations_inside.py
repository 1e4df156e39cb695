"""Whether an app brings its tables up to date by itself as it starts."""

import re
from collections.abc import Sequence

from bayplan.model.workspace import Package
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.source_file import Source
from bayplan.readers.reached import Reached, reached
from bayplan.source import At

MARKS = (
    b"migrationsRun",
    b"runMigrations",
    b"/migrator",
    b"migrate.latest(",
    b"getMigrator",
    b"umzug",
    b"migrateToLatest(",
)
CALLS = re.compile(
    rb"\bmigrationsRun\s*:\s*true\b|\.runMigrations\s*\(|\.migrate\.latest\s*\(|\bgetMigrator\(\)\s*\.up\s*\("
    rb"|\bumzug\.up\s*\(|\.migrateToLatest\s*\("
)
DRIZZLE = re.compile(rb"[\"']drizzle-orm/[\w/-]+/migrator[\"']")
MIGRATE = re.compile(rb"\bawait\s+migrate\s*\(|\bmigrate\s*\(\s*\w")
EXPORTED = re.compile(rb"\bexport\s+(?:default\s+)?(?:async\s+)?(?:function|const|class)\s+(?P<name>\w+)")
INSTRUMENTATION = ("instrumentation.ts", "instrumentation.js", "src/instrumentation.ts", "src/instrumentation.js")


def place_of(source: Source) -> At | None:
    """Return where a file has a library migrate."""
    found = CALLS.search(source.data)
    if found is None and DRIZZLE.search(source.data):
        found = MIGRATE.search(source.data)
    if found is None:
        return None
    start = found.start()
    return At(source.path, source.data.count(b"\n", 0, start) + 1, start - source.data.rfind(b"\n", 0, start))


def exported(source: Source) -> tuple[bytes, ...]:
    """Return the functions and values that a file exports."""
    return tuple(each["name"] for each in EXPORTED.finditer(source.data))


def may_start_with(program: Program, package: Package) -> bool:
    """Say whether something that an app runs may have a library migrate."""
    is_app = package.start is not None or package.code.framework is not None
    return is_app and any(program.having(each.folder, *MARKS) for each in program.closure(package))


def starts_with(program: Program, package: Package, sources: Sequence[str]) -> At | None:
    """Return where an app migrates that starts with these files."""
    if package.code.framework is not None and package.code.framework.value == "next":
        sources = [path for name in INSTRUMENTATION if (path := package.path(name)) in program.sources]
    loaded = reached(program, sources)
    places = ((source, place_of(source)) for source in loaded.sources if source.path in program.sources)
    return next((at for source, at in places if at is not None and _is_called(source, loaded, sources)), None)


def _is_called(source: Source, loaded: Reached, entries: Sequence[str]) -> bool:
    """Say whether what a file does happens when it is loaded, or another file calls what it exports."""
    names = exported(source)
    if source.path in entries or not names or b"migrationsRun" in source.data:
        return True
    calls = re.compile(rb"\b(?:" + b"|".join(map(re.escape, names)) + rb")\s*\(")
    return any(calls.search(other.data) for other in loaded.sources if other is not source)
