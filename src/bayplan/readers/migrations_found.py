"""How a package migrates that has a tool and migrations, and no script that says so."""

import posixpath
import re
from collections.abc import Collection, Iterator

from bayplan.model.workspace import Package
from bayplan.readers.build import Builder
from bayplan.readers.folders import inside, joined
from bayplan.readers.javascript.program import UNSHIPPED, Program
from bayplan.readers.javascript.source_file import Source
from bayplan.readers.migration_tools import ENDINGS
from bayplan.readers.migrations_inside import DRIZZLE, exported, place_of
from bayplan.readers.reached import source_of
from bayplan.source import At, Fact, Why

READER = "migrations"
USUAL_SCHEMAS = ("prisma", ".")
PRISMA_SETTING = re.compile(rb'"prisma"\s*:\s*\{[^{}]{0,500}"schema"\s*:')
DATA_SOURCE = re.compile(
    rb"(?P<export>\bexport\s+)?(?:default|const\s+(?P<name>\w+)[^=;\n]{0,100}=)\s*new\s+DataSource\b"
)
OUT = re.compile(rb"\bout\s*:\s*[\"'](?P<folder>[^\"'\n]+)[\"']")
KNEXFILES = tuple(f"{folder}knexfile{ending}" for folder in ("", "src/") for ending in ENDINGS[:-1])

TOOLS = ("drizzle-orm", "prisma", "drizzle-kit", "typeorm", "knex")

Found = tuple[tuple[str, ...], str]
"""A command, and the file that shows that it is one."""


def has_tool(package: Package, root: Package | None) -> bool:
    """Say whether a package depends on anything that migrates."""
    return not _tools(package, root).isdisjoint(TOOLS)


def _tools(package: Package, root: Package | None) -> set[str]:
    return {each.name for owner in (root, package) if owner for each in owner.dependencies}


def found_command(
    program: Program, package: Package, builder: Builder, root: Package | None
) -> Fact[tuple[str, ...]] | None:
    """Return the command that runs the migrations of a package; None where there are none, or no tool for them."""
    for argv, shown in _Search(program, package, builder, _tools(package, root)).every():
        return Fact(argv, Why(READER, f"{package.name} has migrations for {argv[0]}, and this runs them", At(shown)))
    return None


class _Search:
    def __init__(self, program: Program, package: Package, builder: Builder, tools: Collection[str]) -> None:
        self.program = program
        self.tree = program.tree
        self.package = package
        self.outputs = {source: out for out, source in builder.emitted.items()}
        self.tools = tools
        self.files = tuple(path for path in self.tree.below(package.folder) if self._is_own(path))

    def _is_own(self, path: str) -> bool:
        folder = posixpath.dirname(path)
        return self.program.owner(folder) == self.package.folder and UNSHIPPED.isdisjoint(folder.split("/"))

    def every(self) -> Iterator[Found]:
        finders = (self._drizzle_program, self._prisma, self._drizzle_kit, self._typeorm, self._knex)
        for name, finder in zip(TOOLS, finders, strict=True):
            if name in self.tools:
                yield from finder()

    def _runnable(self, path: str) -> str | None:
        """Return the file, relative to the package, that node runs: the one its build makes of a source, or itself."""
        made = self.outputs.get(path)
        runs = made or (path if re.search(r"\.[cm]?js$", path) else None)
        return None if runs is None else inside(self.package.folder, runs)

    def _sources(self, *marks: bytes) -> list[Source]:
        return self.program.having(self.package.folder, *marks)

    def _drizzle_program(self) -> Iterator[Found]:
        for source in self._sources(b"/migrator"):
            runs = self._runnable(source.path)
            if runs and DRIZZLE.search(source.data) and place_of(source) is not None and not exported(source):
                yield ("node", runs), source.path

    def _prisma(self) -> Iterator[Found]:
        found = (path for path in self.files if path.endswith("/migration.sql"))
        folders = (posixpath.dirname(posixpath.dirname(path)) for path in found)
        folder = next((posixpath.dirname(each) for each in folders if posixpath.basename(each) == "migrations"), None)
        if folder is None:
            return
        inner = inside(self.package.folder, folder or ".") or "."
        is_told = any(self.tree.lists(self.package.path(f"prisma.config{each}")) for each in ENDINGS)
        is_told = is_told or PRISMA_SETTING.search(self.tree.bytes(self.package.path("package.json"))) is not None
        schema = "schema.prisma" if inner == "." else f"{inner}/schema.prisma"
        if is_told or inner in USUAL_SCHEMAS:
            yield ("prisma", "migrate", "deploy"), posixpath.join(folder, "migrations")
        elif self.tree.lists(self.package.path(schema)):
            yield ("prisma", "migrate", "deploy", "--schema", schema), self.package.path(schema)

    def _drizzle_kit(self) -> Iterator[Found]:
        for ending in ENDINGS:
            path = self.package.path(f"drizzle.config{ending}")
            source = source_of(self.program, path)
            out = OUT.search(source.data) if source else None
            folder = joined(self.package.folder, out["folder"].decode(errors="replace") if out else "drizzle")
            if source is not None and folder and self.tree.lists(f"{folder}/meta/_journal.json"):
                yield ("drizzle-kit", "migrate"), path

    def _typeorm(self) -> Iterator[Found]:
        if not self._sources(b"MigrationInterface"):
            return
        sources = [each for each in self._sources(b"new DataSource") if _exports_data_source(each)]
        for source in sorted(sources, key=lambda each: "data" not in posixpath.basename(each.path).lower()):
            runs = self._runnable(source.path)
            if runs:
                yield ("typeorm", "migration:run", "-d", runs), source.path
            elif "ts-node" in self.tools:
                kind = "esm" if self.package.module == "module" else "commonjs"
                written = inside(self.package.folder, source.path) or source.path
                yield (f"typeorm-ts-node-{kind}", "migration:run", "-d", written), source.path

    def _knex(self) -> Iterator[Found]:
        if not any("/migrations/" in f"/{inside(self.package.folder, path)}" for path in self.files):
            return
        for name in KNEXFILES:
            path = self.package.path(name)
            runs = self._runnable(path) or (name if "ts-node" in self.tools else None)
            if runs and self.tree.lists(path):
                yield ("knex", "migrate:latest", "--knexfile", runs), path


def _exports_data_source(source: Source) -> bool:
    """Say whether TypeORM's command line would find a DataSource in a file."""
    for made in DATA_SOURCE.finditer(source.data):
        name = made["name"]
        if made["export"] or name is None:
            return True
        if re.search(
            rb"\bexport\s+(?:default\s+" + re.escape(name) + rb"\b|\{[^}]*\b" + re.escape(name) + rb"\b)", source.data
        ):
            return True
    return False
