"""How the tables of a package's database are brought up to date: what its scripts say, or what its tool needs."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bayplan.model.code import EnvUse
from bayplan.model.workspace import Migration, Package
from bayplan.readers.build import RUNNERS, Builder, read_builder
from bayplan.readers.folders import inside, joined
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.source_file import Source
from bayplan.readers.migration_tools import TOOLS, is_up, named_files, tool_of
from bayplan.readers.migrations_found import found_command, has_tool
from bayplan.readers.migrations_inside import may_start_with, starts_with
from bayplan.readers.reached import reached, read_by, source_of
from bayplan.readers.scripts import simple_commands
from bayplan.readers.tsconfig import TsConfigReader
from bayplan.source import Fact, Why

READER = "migrations"
SCRIPTS = (
    "migrate:deploy",
    "db:migrate:deploy",
    "migrate:prod",
    "db:migrate:prod",
    "migrate",
    "db:migrate",
    "migration:run",
)
ELSEWHERE = RUNNERS | {"docker", "docker-compose", "make", "echo", "exit"}
"""What hands a script on to others, or to nobody."""


def with_migrations(program: Program, packages: Sequence[Package]) -> tuple[Package, ...]:
    """Return the packages with how each migrates filled in."""
    reading = _Reading(program, packages)
    return tuple(reading.completed(package) for package in packages)


class _Reading:
    def __init__(self, program: Program, packages: Sequence[Package]) -> None:
        self.program = program
        self.tree = program.tree
        self.packages: Mapping[str, Package] = {package.folder: package for package in packages}
        self.configs = TsConfigReader(self.tree, {package.name: package.folder for package in reversed(packages)})

    def completed(self, package: Package) -> Package:
        said = _script(package)
        root = self.packages.get(".")
        itself = may_start_with(self.program, package)
        if said is None and not itself and not has_tool(package, root):
            return package
        builder = read_builder(self.tree, package, package.build, self.configs)
        at = starts_with(self.program, package, self._sources(package, builder, package.start)) if itself else None
        command = said or (None if at else found_command(self.program, package, builder, root))
        migration = self._migration(package, builder, command, is_said=said is not None) if command else None
        return replace(package, migration=migration, migrates_itself=at)

    def _sources(self, package: Package, builder: Builder, command: Fact[tuple[str, ...]] | None) -> tuple[str, ...]:
        """Return the files of the repository, relative to it, that the files of a command are made from."""
        named = named_files(self.tree, package, command.value) if command else ()
        paths = (joined(package.folder, each) for each in named)
        found = (_source(self.program, package, builder, each) for each in paths if each)
        return tuple(each for each in found if each)

    def _migration(
        self, package: Package, builder: Builder, command: Fact[tuple[str, ...]], *, is_said: bool
    ) -> Migration:
        named = named_files(self.tree, package, command.value)
        sources = self._sources(package, builder, command)
        tool = TOOLS.get(tool_of(command.value) or "")
        env: Iterable[EnvUse]
        if tool_of(command.value) == "prisma":
            schema = [use for use in package.code.env if use.via == "prisma"]
            found = reached(self.program, (each for each in sources if not each.endswith(".prisma")))
            env = (*schema, *self._read(found.sources)) if found.is_whole and schema else self._all(package, sources)
        else:
            found = reached(self.program, (*sources, *self._beside(sources, command)))
            is_known = found.is_whole and len(sources) == len(named) > 0 and (tool is None or tool.loads)
            env = self._read(found.sources) if is_known else self._all(package, sources)
        files = tuple(each for each in named if self.tree.lists(joined(package.folder, each) or ""))
        return Migration(command, is_said, files, tuple(dict.fromkeys(env)))

    def _beside(self, sources: Sequence[str], command: Fact[tuple[str, ...]]) -> Iterator[str]:
        """Yield the migrations of knex, which lie beside its configuration when that does not say where."""
        folders = {posixpath.dirname(path) for path in sources} if tool_of(command.value) == "knex" else ()
        for folder in folders:
            below = self.tree.below(f"{folder}/migrations" if folder else "migrations")
            yield from (path for path in below if path in self.program.sources)

    def _read(self, sources: Iterable[Source]) -> Iterator[EnvUse]:
        shipped = {each.path: each.package for each in sources if each.path in self.program.sources}
        for folder in sorted(set(shipped.values())):
            yield from (use for use in self.packages[folder].code.env if use.at.file in shipped)
        for each in sources:
            if each.path not in shipped:
                yield from read_by(each)

    def _all(self, package: Package, sources: Iterable[str]) -> Iterator[EnvUse]:
        """Yield what a package and those it needs read, for it cannot be told what of it a command loads."""
        for each in self.program.closure(package):
            yield from self.packages[each.folder].code.env
        for path in sources:
            source = source_of(self.program, path)
            if source is not None and path not in self.program.sources:
                yield from read_by(source)


def _script(package: Package) -> Fact[tuple[str, ...]] | None:
    """Return what the script runs that migrates: one named so, or one that has a tool do it."""
    names = [*(name for name in SCRIPTS if name in package.scripts), *package.scripts]
    for name in dict.fromkeys(names):
        script = package.scripts[name]
        every = [package.commands.get(name, ()), *_simple(script.value)]
        up = next((argv for argv in every if argv and is_up(argv)), None)
        if up is None and name in SCRIPTS and every[0] and tool_of(every[0]) is None and every[0][0] not in ELSEWHERE:
            up = every[0]
        if up is not None and not any("$" in word for word in up) and "test" not in re.split(r"[:._-]", name):
            return Fact(up, Why(READER, f"{package.name} has the script {name!r}", script.at))
    return None


def _simple(script: str) -> Iterator[tuple[str, ...]]:
    if not re.search(r"\bcd\s", script):  # what follows runs in another folder
        yield from (command.argv for command in simple_commands(script))


def _source(program: Program, package: Package, builder: Builder, path: str) -> str | None:
    """Return the file that a path names, or that the file there is made from."""
    stem = re.sub(r"\.[cm]?js$", "", path)
    candidates = (path, f"{path}.js", f"{path}/index.js") if stem == path else (path,)
    for each in candidates:
        if program.tree.lists(each):
            return each
        if each in builder.emitted:
            return builder.emitted[each]
    parts = (inside(package.folder, stem) or "").split("/")
    guesses = ("/".join(["src", *parts[1:]]), "/".join(parts[1:]))
    known = (package.path(f"{each}{ending}") for each in guesses for ending in (".ts", ".mts", ".cts", ".tsx"))
    return next((each for each in known if each in program.sources), None)
