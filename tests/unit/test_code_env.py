"""Plain reads of the environment: each way to write one, and what the code around it demands."""
# ruff: noqa: E501, ISC004 - a sample stands beside what it means

import pytest

from bayplan.model.code import Use
from tests.unit.code_workspace import manifest, read_app, read_main, read_workspace, told

OPTIONAL = (False, None)
REQUIRED = (True, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("log(process.env.A)", {"A": OPTIONAL}),
        ("log(process.env['A'])", {"A": OPTIONAL}),
        ('log(process.env?.["A"])', {"A": OPTIONAL}),
        (
            "const { A, B = 'd', C: c, D: e = 5 } = process.env",
            {"A": OPTIONAL, "B": (False, "d"), "C": OPTIONAL, "D": (False, "5")},
        ),
        ("import { env } from 'node:process'\nlog(env.A)", {"A": OPTIONAL}),
        ("import process from 'node:process'\nlog(process.env.A)", {"A": OPTIONAL}),
        ("import * as process from 'process'\nlog(process.env.A)", {"A": OPTIONAL}),
        ("const { env } = process\nlog(env.A)", {"A": OPTIONAL}),
        ("const env = process.env\nlog(env.A)", {"A": OPTIONAL}),
        ("const e = process.env as Record<string, string>\nlog(e.A)", {"A": OPTIONAL}),
        ("const env = require('process').env\nlog(env.A)", {"A": OPTIONAL}),
        ("log(globalThis.process.env.A)", {"A": OPTIONAL}),
        ("log(Bun.env.A)", {"A": OPTIONAL}),
        ("log(Deno.env.get('A'))", {"A": OPTIONAL}),
        ("const a = process.env.A ?? 'd'", {"A": (False, "d")}),
        ("const a = process.env.A || 'd'", {"A": (False, "d")}),
        ("const a = (process.env.A as string) || 'd'", {"A": (False, "d")}),
        ("const a = process.env.A || process.env.B || 'd'", {"A": (False, "d"), "B": (False, "d")}),
        ("const D = 7\nconst a = process.env.A ?? D", {"A": (False, "7")}),
        ("const a = Number(process.env.A ?? 4000)", {"A": (False, "4000")}),
        ("const a = Number(process.env.A) || 4_000", {"A": (False, "4000")}),
        ("const a = parseInt(process.env.A || '10', 10)", {"A": (False, "10")}),
        ("const a = +(process.env.A ?? 1.5)", {"A": (False, "1.5")}),
        ("const a = process.env.A ? Number(process.env.A) : 30", {"A": (False, "30")}),
        ("const a = process.env.A ?? fallback()", {"A": OPTIONAL}),
        ("const a = process.env.A!", {"A": REQUIRED}),
        ("const a = process.env.A as string", {"A": OPTIONAL}),
        ("const a = process.env.A === 'true'", {"A": OPTIONAL}),
        ("if (!process.env.A) throw new Error('A')", {"A": REQUIRED}),
        ("if (process.env.A === undefined) { throw new Error('A') }", {"A": REQUIRED}),
        ("if (!process.env.A || !process.env.B) process.exit(1)", {"A": REQUIRED, "B": REQUIRED}),
        ("if (!process.env.A && !process.env.B) throw e", {"A": OPTIONAL, "B": OPTIONAL}),
        ("const a = process.env.A\nif (!a) { console.error('no'); process.exit(1) }", {"A": REQUIRED}),
        ("const { A } = process.env\nif (!A) throw new Error('A')", {"A": REQUIRED}),
        ("if (!process.env.A) console.warn('no A')", {"A": OPTIONAL}),
        ("assert(process.env.A, 'A is missing')", {"A": REQUIRED}),
        (
            "const a = process.env.A ?? raise('A')\nfunction raise(m: string): never { throw new Error(m) }",
            {"A": REQUIRED},
        ),
        ("const a = process.env.A ?? (() => { throw new Error('A') })()", {"A": REQUIRED}),
        ("const pool = new Pool({ connectionString: process.env.DATABASE_URL })", {"DATABASE_URL": REQUIRED}),
        ("app.register(jwt, { secret: process.env.A })", {"A": REQUIRED}),
        ("app.register(jwt, { secret: process.env.A ?? 'd' })", {"A": (False, "d")}),
        ("app.register(jwt, { secret: process.env.A ?? make() })", {"A": OPTIONAL}),
        ("jwt.sign({ sub: process.env.B }, process.env.A)", {"A": REQUIRED, "B": OPTIONAL}),
        ("const redis = new Redis(process.env.REDIS_URL)", {"REDIS_URL": REQUIRED}),
        ("if (process.env.REDIS_URL) { cache() }", {"REDIS_URL": OPTIONAL}),
        (
            "const redis = new Redis(process.env.REDIS_URL ?? 'redis://localhost')",
            {"REDIS_URL": (False, "redis://localhost")},
        ),
        ("client({ apiKey: process.env.API_KEY })", {"API_KEY": OPTIONAL}),
        ("process.env.A = '1'\ndelete process.env.B\nprocess.env.C ??= 'x'", {}),
        ("log(process.env.NODE_ENV, process.env.CI, process.env.npm_package_version, process.env.VERCEL_URL)", {}),
        ("// process.env.A\nconst s = 'process.env.B'", {}),
        ("class A { env = {}; run() { return this.env.A + other.env.B } }", {}),
    ],
)
def test_a_read_is_found_with_its_default_and_whether_it_is_demanded(text: str, expected: dict[str, object]) -> None:
    assert told(read_main(text).env) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "function need(name: string) { const v = process.env[name]; if (!v) throw new Error(name); return v }\n"
            "export const a = need('A'), b = need('B')",
            {"A": REQUIRED, "B": REQUIRED},
        ),
        (
            "const get = (name: string, fallback?: string) => process.env[name] ?? fallback\nget('A', 'x'); get('B')",
            {"A": (False, "x"), "B": OPTIONAL},
        ),
        (
            "function get(key: string, otherwise?: string) {\n  const v = process.env[key] ?? otherwise\n"
            "  if (v === undefined) throw new Error(key)\n  return v\n}\nget('A'); get('B', '1')",
            {"A": REQUIRED, "B": (False, "1")},
        ),
        ("for (const k of ['A', 'B']) if (!process.env[k]) throw new Error(k)", {"A": REQUIRED, "B": REQUIRED}),
        (
            "const NEEDED = ['A', 'B'] as const\nconst gone = NEEDED.filter((k) => !process.env[k])\n"
            "if (gone.length) throw new Error(gone.join())",
            {"A": REQUIRED, "B": REQUIRED},
        ),
        ("['A'].forEach(k => log(process.env[k]))", {"A": OPTIONAL}),
        ("const KEY = 'A'\nlog(process.env[KEY])", {"A": OPTIONAL}),
        ("class Env { static str(k: string) { return process.env[k]! } }\nEnv.str('A')", {"A": REQUIRED}),
        ("const env = { str: (k: string) => process.env[k] }\nenv.str('A')", {"A": OPTIONAL}),
    ],
)
def test_a_function_or_a_loop_that_reads_by_name_reads_each_name_it_is_given(
    text: str, expected: dict[str, object]
) -> None:
    assert told(read_main(text).env) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("constructor(private readonly config: ConfigService) { config.get('A') }", OPTIONAL),
        (
            "constructor(private config: ConfigService<Env, true>) {} x() { return this.config.get<string>('A', 'd') }",
            (False, "d"),
        ),
        ("constructor(private config: ConfigService) {} x() { return this.config.getOrThrow('A') }", REQUIRED),
        (
            "constructor(private config: ConfigService) {} x() { return this.config.get('A', { infer: true }) }",
            OPTIONAL,
        ),
        ("constructor(private config: ConfigService) {} x() { return this.config.get('A') ?? 'd' }", (False, "d")),
    ],
)
def test_nests_config_service_is_asked_for_variables(text: str, expected: tuple[bool, str | None]) -> None:
    code = read_main("import { ConfigService } from '@nestjs/config'\nclass S { " + text + " }", "@nestjs/config")
    assert told(code.env) == {"A": expected}
    assert code.env[0].via == "ConfigService"


def test_a_map_with_a_get_method_is_no_config_service() -> None:
    text = "import { ConfigService } from '@nestjs/config'\nconst m = new Map()\nm.get('A'); other.get('B')"
    assert read_main(text).env == ()


def test_lower_case_keys_of_the_config_service_are_no_variables() -> None:
    text = "import { ConfigService } from '@nestjs/config'\nfunction f(config: ConfigService) { config.get('database.url') }"
    assert read_main(text).env == ()


@pytest.mark.parametrize(
    ("path", "text", "use"),
    [
        ("src/a.ts", "log(import.meta.env.VITE_API)", Use.BUILD),
        ("src/a.ts", "log(process.env.NEXT_PUBLIC_API)", Use.BUILD),
        ("next.config.ts", "export default { env: { A: process.env.A } }", Use.BUILD),
        ("vite.config.ts", "export default { base: process.env.A }", Use.BUILD),
        ("src/a.ts", "log(process.env.A)", Use.RUN),
    ],
)
def test_what_the_bundler_replaces_is_read_at_build_time(path: str, text: str, use: Use) -> None:
    assert [each.use for each in read_app({path: text}).env] == [use]


@pytest.mark.parametrize(
    "path",
    [
        "drizzle.config.ts",
        "src/a.test.ts",
        "src/a.e2e-spec.ts",
        "src/__tests__/a.ts",
        "test/a.ts",
        "dist/a.js",
        ".next/a.js",
        "src/a.d.ts",
        "src/a.stories.tsx",
        "public/a.js",
        "cypress/a.ts",
        "knexfile.js",
        "src/a.min.js",
        "src/a.py",
    ],
)
def test_tools_tests_and_outputs_are_no_part_of_what_runs(path: str) -> None:
    assert read_app({path: "log(process.env.A)"}).env == ()


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        ("// Where mail goes\nconst a = process.env.A", "Where mail goes"),
        ("const a = process.env.A // Where mail goes", "Where mail goes"),
        ("/** Where mail goes. */\nexport const a = process.env.A", "Where mail goes."),
        ("/**\n * Where mail\n * goes.\n * @default none\n */\nconst a = process.env.A", "Where mail goes."),
        ("// Where mail\n// goes\nconst a = process.env.A", "Where mail goes"),
        ("// eslint-disable-next-line\nconst a = process.env.A", ""),
        ("// far away\n\nconst a = process.env.A", ""),
        ("const b = 1 // of b\nconst a = process.env.A", ""),
    ],
)
def test_the_comment_beside_a_read_says_what_it_is_for(text: str, purpose: str) -> None:
    assert [use.purpose for use in read_main(text).env] == [purpose]


def test_the_place_of_a_read_is_counted_in_characters_from_one() -> None:
    (use,) = read_main("\ufeffconst ä = 'ö', b = process.env.A").env
    assert (use.at.file, use.at.line, use.at.column, use.at.length) == ("app/src/main.ts", 1, 20, 13)


def test_an_alias_of_the_environment_is_followed_into_other_files() -> None:
    files = {"src/env.ts": "export const e = process.env", "src/main.ts": "import { e } from './env'\nlog(e.A)"}
    assert told(read_app(files).env) == {"A": OPTIONAL}


def test_a_file_belongs_to_the_deepest_package_that_contains_it() -> None:
    found = read_workspace(
        {
            "package.json": manifest("root"),
            "tool.ts": "process.env.A",
            "apps/api/package.json": manifest("api"),
            "apps/api/src/main.ts": "process.env.B",
            "apps/api2/src/main.ts": "process.env.C",
        }
    )
    assert [use.name for use in found["."].env] == ["C", "A"]
    assert [use.name for use in found["apps/api"].env] == ["B"]


def test_a_function_of_a_workspace_package_reads_for_the_package_it_stands_in() -> None:
    found = read_workspace(
        {
            "packages/env/package.json": manifest("@acme/env", start=""),
            "packages/env/src/index.ts": "export function need(k: string) { if (!process.env[k]) throw k; return process.env[k]! }",
            "apps/api/package.json": manifest("api", "@acme/env"),
            "apps/api/src/main.ts": "import { need } from '@acme/env'\nconst a = need('A')",
        }
    )
    assert [(use.name, use.required, use.at.file) for use in found["apps/api"].env] == [
        ("A", True, "apps/api/src/main.ts")
    ]
    assert found["packages/env"].env == ()


def test_env_var_says_what_it_needs() -> None:
    text = (
        "import env from 'env-var'\nconst a = env.get('A').required().asString()\n"
        "const b = env.get('B').default('5').asInt()\nconst c = env.get('C').asString()\nother.get('D')"
    )
    assert told(read_main(text, "env-var").env) == {"A": REQUIRED, "B": (False, "5"), "C": OPTIONAL}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/db.js", "module.exports = require('knex')(require('../knexfile'))"),
        ("db.js", "import config from './knexfile.js'"),
        ("src/db.ts", "const config = await import('../knexfile')"),
    ],
)
def test_a_tools_file_is_part_of_the_code_that_imports_it(path: str, text: str) -> None:
    knexfile = "module.exports = { connection: { host: process.env.A } }"
    assert told(read_app({path: text, "knexfile.js": knexfile}).env) == {"A": OPTIONAL}
    assert read_app({path: "log('../knexfile')", "knexfile.js": knexfile}).env == ()
