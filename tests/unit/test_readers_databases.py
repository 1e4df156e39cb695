"""What the schemas and migrations of a package say about databases."""

from pathlib import Path
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayplan.model.workspace import Package
from tests.unit.reading import only_package

PRISMA = """generator client {
  provider = "prisma-client-js"
}

datasource db {
  // provider = "sqlite"
  provider   = "postgresql"
  url        = env("DATABASE_URL")
  directUrl  = env("DIRECT_URL")
  extensions = [pgcrypto, vector(schema: "public")]
}
"""


def names(package: Package) -> list[str]:
    return [each.value for each in package.code.databases]


def test_the_datasource_of_prisma_counts_and_its_generator_does_not(tmp_path: Path) -> None:
    package = only_package(tmp_path, {}, {"prisma/schema.prisma": PRISMA})
    assert names(package)[0] == "postgresql"
    assert {"extension pgcrypto", "extension vector"} <= set(names(package))
    assert str(package.code.databases[0].at) == "apps/api/prisma/schema.prisma:7"


def test_prisma_reads_variables_of_its_schema(tmp_path: Path) -> None:
    package = only_package(tmp_path, {}, {"prisma/schema.prisma": PRISMA})
    assert [(use.name, use.required, use.at.line) for use in package.code.env] == [
        ("DATABASE_URL", True, 8),
        ("DIRECT_URL", True, 9),
    ]


@pytest.mark.parametrize(
    ("file", "content", "found"),
    [
        ("drizzle/0.sql", "CREATE EXTENSION vector;", ["extension vector"]),
        ("drizzle/0.sql", 'create extension if not exists "uuid-ossp";', ["extension uuid"]),
        ("drizzle/0.sql", "-- CREATE EXTENSION vector;", []),
        ("drizzle/0.sql", "SELECT 'no extension';", []),
        ("test/0.sql", "CREATE EXTENSION vector;", []),
        ("src/a.ts", "await query(`\n  CREATE EXTENSION IF NOT EXISTS vector`);", ["extension vector"]),
        ("src/a.ts", "// we could CREATE EXTENSION vector here", []),
        (
            "src/a.ts",
            "import { vector } from 'drizzle-orm/pg-core';\nvector('v', { dimensions: 3 });",
            ["extension vector"],
        ),
        (
            "src/a.ts",
            "import { Column } from 'typeorm';\nclass A { @Column({ type: 'vector' }) v!: string }",
            ["extension vector"],
        ),
        ("src/a.ts", "import { vector } from './geometry';\nvector('v');", []),
    ],
)
def test_extensions_are_found_where_they_are_made_or_used(
    tmp_path: Path, file: str, content: str, found: list[str]
) -> None:
    assert names(only_package(tmp_path, {}, {file: content})) == found


def test_a_file_that_is_no_text_says_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "apps/api/drizzle"
    folder.mkdir(parents=True)
    (folder / "0.sql").write_bytes(b"\xff\xfe\nCREATE EXTENSION vector\xff;\n" + b"\0" * 100)
    assert names(only_package(tmp_path, {})) == ["extension vector"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet='datasource { } provider = "x" env("A") url extensions [\n] // \0é', max_size=200))
def test_nothing_in_a_schema_breaks_its_reader(tmp_path: Path, text: str) -> None:
    package = only_package(tmp_path, {}, {"schema.prisma": text, "0.sql": text})
    assert all(each.at.line >= 1 for each in package.code.databases)


@pytest.mark.parametrize(
    "piece",
    ["\n", " ", "datasource x {", "create extension a\n", "create ", "url = env(", 'url = env("A")\n', "'create "],
)
def test_a_megabyte_of_the_same_is_read_in_no_time(tmp_path: Path, piece: str) -> None:
    text = piece * (900_000 // len(piece))
    start = monotonic()
    only_package(tmp_path, {}, {"schema.prisma": text, "0.sql": text})
    assert monotonic() - start < 5
