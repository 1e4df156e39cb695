"""For which databases the schemas and migrations of a package are made, and what else these read."""

import re
from collections.abc import Iterator
from itertools import islice

from bayplan.errors import BrokenFileError
from bayplan.model.code import EnvUse
from bayplan.model.workspace import Package
from bayplan.readers.javascript.program import LARGEST, UNSHIPPED, Program
from bayplan.source import At, Located

DATASOURCE = re.compile(rb"^[ \t]*datasource\s+\w+\s*\{(?P<inside>[^}]{0,2000})\}", re.MULTILINE)
PROVIDER = re.compile(rb'^[ \t]*provider\s*=\s*"(?P<name>\w+)"', re.MULTILINE)
EXTENSIONS = re.compile(rb"^[ \t]*extensions\s*=\s*\[(?P<names>[^\]]*)\]", re.MULTILINE)
VARIABLE = re.compile(rb'^[ \t]*(url|directUrl)\s*=\s*env\("(?P<name>\w+)"\)', re.MULTILINE)
CREATED = rb"create\s+extension\s+(if\s+not\s+exists\s+)?[\"\\]*(?P<name>\w+)"
IN_SQL = re.compile(rb"^[ \t]*" + CREATED, re.MULTILINE | re.IGNORECASE)
IN_CODE = re.compile(rb"['\"`]\s*" + CREATED, re.IGNORECASE)
VECTOR = re.compile(rb"\b(vector|halfvec|sparsevec)\(\s*['\"]|\btype:\s*['\"](vector|halfvec)['\"]")
MOST = 100
"""How much of a kind is looked at in one file."""
COLUMNS = (b"drizzle-orm/pg-core", b"typeorm")


def read_databases(program: Program, package: Package) -> tuple[Located[str], ...]:
    """Return each database by the name schemas have for it, and each extension (`extension vector`), once."""
    found: dict[str, Located[str]] = {}
    for each in _named(program, package):
        found.setdefault(each.value, each)
    return tuple(found.values())


def read_schema_variables(program: Program, package: Package) -> tuple[EnvUse, ...]:
    """Return the variables that Prisma reads because a schema says so."""
    return tuple(
        EnvUse(use["name"].decode(), _at(path, data, use.start("name")), required=True, via="prisma", kind="url")
        for path, data in _files(program, package, ".prisma")
        for use in islice(VARIABLE.finditer(data), MOST)
    )


def _named(program: Program, package: Package) -> Iterator[Located[str]]:
    for path, data in _files(program, package, ".prisma"):
        for source in islice(DATASOURCE.finditer(data), MOST):
            start = source.start("inside")
            for provider in islice(PROVIDER.finditer(source["inside"]), MOST):
                yield Located(provider["name"].decode(), _at(path, data, start + provider.start("name")))
            for listed in islice(EXTENSIONS.finditer(source["inside"]), MOST):
                at = _at(path, data, start + listed.start("names"))
                yield from (Located(f"extension {name.decode()}", at) for name in re.findall(rb"\w+", listed["names"]))
    for path, data in _files(program, package, ".sql"):
        for created in islice(IN_SQL.finditer(data), MOST):
            yield Located(f"extension {created['name'].decode().lower()}", _at(path, data, created.start("name")))
    for code in program.having(package.folder, b"EXTENSION", b"extension", *COLUMNS):
        for created in islice(IN_CODE.finditer(code.data), MOST):
            at = _at(code.path, code.data, created.start("name"))
            yield Located(f"extension {created['name'].decode().lower()}", at)
        column = VECTOR.search(code.data) if any(mark in code.data for mark in COLUMNS) else None
        if column is not None:
            yield Located("extension vector", _at(code.path, code.data, column.start()))


def _files(program: Program, package: Package, ending: str) -> Iterator[tuple[str, bytes]]:
    for path in program.tree.below(package.folder):
        folder = path.rpartition("/")[0]
        if (
            path.endswith(ending)
            and program.owner(folder) == package.folder
            and UNSHIPPED.isdisjoint(folder.split("/"))
        ):
            try:
                data = program.tree.bytes(path)
            except BrokenFileError:
                continue
            if len(data) <= LARGEST:
                yield path, data


def _at(path: str, data: bytes, offset: int) -> At:
    return At(path, data.count(b"\n", 0, offset) + 1, offset - data.rfind(b"\n", 0, offset))
