"""The tools that migrate: which of their commands bring a database up to date, and what each of them loads."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bayplan.model.workspace import Package
from bayplan.readers.folders import inside, joined
from bayplan.tree import Tree

CODE = r"\.[cm]?[jt]s$"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool on the command line."""

    up: tuple[tuple[str, ...], ...]
    """The words that bring a database up to date; whatever else it is told is for development."""
    options: tuple[str, ...] = ()
    """The options that name the file it loads."""
    defaults: tuple[str, ...] = ()
    """The names of that file where no option says it."""
    loads: bool = True
    """Whether all that it loads starts at that file."""


TYPEORM = Tool((("migration:run",),), ("-d", "--dataSource"))
MIKRO_ORM = Tool((("migration:up",),), loads=False)
TOOLS: Mapping[str, Tool] = {
    "prisma": Tool((("migrate", "deploy"),), ("--config",), ("prisma.config", ".config/prisma")),
    "drizzle-kit": Tool((("migrate",),), ("--config",), ("drizzle.config",)),
    "typeorm": TYPEORM,
    "typeorm-ts-node-commonjs": TYPEORM,
    "typeorm-ts-node-esm": TYPEORM,
    "knex": Tool((("migrate:latest",), ("migrate:up",)), ("--knexfile",), ("knexfile",)),
    "sequelize": Tool((("db:migrate",),), loads=False),
    "sequelize-cli": Tool((("db:migrate",),), loads=False),
    "mikro-orm": MIKRO_ORM,
    "mikro-orm-esm": MIKRO_ORM,
    "kysely": Tool((("migrate:latest",), ("migrate:up",), ("migrate", "latest")), loads=False),
    "node-pg-migrate": Tool((("up",),), loads=False),
    "db-migrate": Tool((("up",),), loads=False),
}
BY_FILE = {"typeorm/cli.js": "typeorm", "knex/bin/cli.js": "knex", "drizzle-kit/bin.cjs": "drizzle-kit"}
ENDINGS = (".ts", ".js", ".mts", ".mjs", ".cts", ".cjs", ".json")


def tool_of(argv: Sequence[str]) -> str | None:
    """Return the tool that a command runs, also by its file: `node node_modules/typeorm/cli.js`."""
    name = posixpath.basename(argv[0])
    if name in TOOLS:
        return name
    files = [each for word in argv[1:] for path, each in BY_FILE.items() if word.endswith(f"node_modules/{path}")]
    return files[0] if files else None


def is_up(argv: Sequence[str]) -> bool:
    """Say whether a command brings a database up to date, and does nothing else to it."""
    tool = TOOLS.get(tool_of(argv) or "")
    return tool is not None and any(_follow_in(argv[1:], words) for words in tool.up)


def _follow_in(argv: Sequence[str], words: Sequence[str]) -> bool:
    return any(tuple(argv[index : index + len(words)]) == tuple(words) for index in range(len(argv)))


def named_files(tree: Tree, package: Package, argv: Sequence[str]) -> tuple[str, ...]:
    """Return the files, relative to the package, that a command names or that its tool looks for."""
    found = [each for each in map(_file, argv[1:]) if each is not None and "node_modules" not in each.split("/")]
    tool = TOOLS.get(tool_of(argv) or "")
    if tool is not None and not any(word.partition("=")[0] in tool.options for word in argv):
        usual = [f"{name}{ending}" for name in tool.defaults for ending in ENDINGS]
        found += [each for each in usual if tree.lists(package.path(each))][:1]
    relative = (joined(package.folder, each) for each in found)
    return tuple(dict.fromkeys(_relative(package, each) for each in relative if each is not None))


def _file(word: str) -> str | None:
    value = word.partition("=")[2] if word.startswith("-") else word
    is_path = re.search(CODE, value) or ("/" in value and re.fullmatch(r"[\w./@-]+", value))
    return value if is_path and not value.startswith(("-", "/", "@")) else None


def _relative(package: Package, path: str) -> str:
    found = inside(package.folder, path)
    return posixpath.relpath(path, package.folder) if found is None else found
