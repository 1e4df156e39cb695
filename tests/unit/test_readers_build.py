"""How each package is built and started, and what of it an image needs."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bayplan.readers.scripts import main_command
from tests.unit.reading import Files, only_package, workspace

PLAIN: dict[str, object] = {"compilerOptions": {"outDir": "dist"}, "include": ["src"]}


def start(folder: Path, scripts: Mapping[str, object], files: Files, **manifest: object) -> tuple[str, ...] | None:
    found = only_package(folder, {"scripts": scripts, **manifest}, files).start
    return found.value if found else None


@pytest.mark.parametrize(
    ("script", "argv"),
    [
        ("node dist/index.js", ("node", "dist/index.js")),
        ("node dist/index", ("node", "dist/index.js")),
        ("node ./dist", ("node", "dist/index.js")),
        ("NODE_ENV=production node dist/index.js", ("node", "dist/index.js")),
        (
            "cross-env NODE_ENV=production node --enable-source-maps dist/index",
            ("node", "--enable-source-maps", "dist/index.js"),
        ),
        ("NODE_OPTIONS='--max-old-space-size=400' node dist", ("node", "--max-old-space-size=400", "dist/index.js")),
        ("dotenv -e ../../.env -- node dist/index.js", ("node", "dist/index.js")),
        ("env-cmd -f .env node dist/index.js", ("node", "dist/index.js")),
        ("doppler run -- node dist/index.js", ("node", "dist/index.js")),
        ("exec node -r ./dist/tracing.js dist/index.js", ("node", "-r", "./dist/tracing.js", "dist/index.js")),
        ("pnpm db:migrate && node dist/index.js", ("node", "dist/index.js")),
        ("cd dist && node index.js", ("node", "dist/index.js")),
        ("sh -c 'exec node dist/index.js'", ("node", "dist/index.js")),
        ("node dist/index.js | pino-pretty", ("node", "dist/index.js")),
        ("node dist/index.js 2>&1", ("node", "dist/index.js")),
        ("node --env-file=.env --env-file-if-exists .env.local dist/index.js", ("node", "dist/index.js")),
        ("set NODE_ENV=production&& node dist\\index.js", ("node", "dist/index.js")),
        ("npm run real", ("node", "dist/index.js", "--flag")),
        ("yarn real --more", ("node", "dist/index.js", "--flag", "--more")),
        ("pnpm --filter api run real", ("node", "dist/index.js", "--flag")),
        ("pm2-runtime start dist/index.js --name api", ("node", "dist/index.js")),
        ("next start -p 3001", ("next", "start", "-p", "3001")),
        ("next start -p $PORT -H ::1", ("next", "start", "-H", "::1")),
        ("next start --port ${PORT:-3001}", ("next", "start")),
        ("serve -l $PORT 'my dist'", ("sh", "-c", "exec serve -l \"$PORT\" 'my dist'")),
        ("node dist/index.js '$X'", ("node", "dist/index.js", "$X")),
        (r'node dist/index.js \$X "\$Y"', ("node", "dist/index.js", "$X", "$Y")),
        ("serve '$X' $PORT", ("sh", "-c", "exec serve '$X' \"$PORT\"")),
        ("serve 'a$X'$PORT", ("sh", "-c", 'exec serve "a\\$X$PORT"')),
        ("serve 'a\"'$PORT", ("sh", "-c", 'exec serve "a\\"$PORT"')),
        ("sh -c 'serve $PORT'", ("sh", "-c", 'exec serve "$PORT"')),
        ("node $(cat entry)", None),
        ("pnpm --filter other start", None),
        ("npm start --workspace=other", None),
        ("node dist/index.js & node dist/other.js", None),
        ("turbo run start", None),
        ("echo 'nothing to start' && exit 1", None),
        ("node 'dist/index.js", None),
        ("npm run start", None),
        ("if [ -f x ]; then node a.js; else node dist/index.js; fi", None),
    ],
)
def test_a_start_script_is_followed_to_its_command(tmp_path: Path, script: str, argv: tuple[str, ...] | None) -> None:
    scripts = {"build": "tsc", "start": script, "real": "node dist/index.js --flag"}
    assert start(tmp_path, scripts, {"tsconfig.json": PLAIN, "src/index.ts": ""}) == argv


def test_what_runs_before_the_server_is_told(tmp_path: Path) -> None:
    scripts = {"start": "prisma migrate deploy && node index.js"}
    found = only_package(tmp_path, {"scripts": scripts}, {"index.js": ""}).start
    assert found is not None
    assert "prisma migrate deploy" in found.why.because


def test_variables_of_the_script_are_kept_but_for_those_of_node(tmp_path: Path) -> None:
    scripts = {"start": "NODE_ENV=production PORT=3001 HOST=$HOST node index.js"}
    assert only_package(tmp_path, {"scripts": scripts}, {"index.js": ""}).start_variables == {"PORT": "3001"}


def test_the_port_that_a_script_falls_back_to_is_kept(tmp_path: Path) -> None:
    package = only_package(tmp_path, {"scripts": {"start": "next start -p ${PORT:-3001}"}})
    assert package.start_variables == {"PORT": "3001"}


@pytest.mark.parametrize(
    ("scripts", "argv"),
    [
        ({"start": "node dist/a.js", "start:prod": "node dist/index.js"}, ("node", "dist/index.js")),
        ({"start": "nodemon src/index.ts", "serve": "node dist/index.js"}, ("node", "dist/index.js")),
        ({"start": "tsx watch src/index.ts"}, ("node", "dist/index.js")),
        ({"start": "tsx src/index.ts"}, ("node", "dist/index.js")),
        ({"start": "ts-node-dev --respawn src/index.ts"}, ("node", "dist/index.js")),
        ({"dev": "tsx watch src/index.ts"}, ("node", "dist/index.js")),
        ({"dev": "concurrently 'tsc -w' 'nodemon dist/index.js'"}, None),
        ({"dev": "tsc --watch"}, None),
        ({}, None),
    ],
)
def test_development_commands_do_not_start_production(
    tmp_path: Path, scripts: dict[str, str], argv: tuple[str, ...] | None
) -> None:
    files = {"tsconfig.json": PLAIN, "src/index.ts": "", "src/a.ts": ""}
    assert start(tmp_path, {"build": "tsc", **scripts}, files) == argv


def test_a_worker_may_have_a_script_of_that_name_only(tmp_path: Path) -> None:
    scripts = {"build": "tsc", "worker": "node dist/worker.js", "migrate": "node dist/migrate.js"}
    assert start(tmp_path, scripts, {"tsconfig.json": PLAIN, "src/worker.ts": ""}) == ("node", "dist/worker.js")


def test_a_next_app_is_started_by_next_even_if_only_its_dev_script_is_there(tmp_path: Path) -> None:
    assert start(tmp_path, {"dev": "next dev", "build": "next build"}, {}) == ("next", "start")


def test_tsx_may_run_production_where_it_is_installed_and_nothing_builds(tmp_path: Path) -> None:
    package = only_package(
        tmp_path, {"scripts": {"start": "tsx src/index.ts"}, "dependencies": {"tsx": "4"}}, {"src/index.ts": ""}
    )
    assert package.start is not None
    assert package.start.value == ("tsx", "src/index.ts")
    assert [output.value for output in package.outputs] == ["src"]


OUT = {"outDir": "dist"}

MOVED: list[tuple[str, Files, str]] = [
    ("include of src only", {"tsconfig.json": PLAIN, "src/main.ts": ""}, "dist/main.js"),
    (
        "a source outside src",
        {"tsconfig.json": {"compilerOptions": OUT}, "src/main.ts": "", "drizzle.config.ts": ""},
        "dist/src/main.js",
    ),
    (
        "an explicit root",
        {"tsconfig.json": {"compilerOptions": {**OUT, "rootDir": "src"}}, "src/main.ts": "", "drizzle.config.ts": ""},
        "dist/main.js",
    ),
    (
        "composite",
        {"tsconfig.json": {**PLAIN, "compilerOptions": {**OUT, "composite": True}}, "src/main.ts": ""},
        "dist/src/main.js",
    ),
    (
        "an import of package.json",
        {"tsconfig.json": PLAIN, "src/main.ts": "import { version } from '../package.json';"},
        "dist/src/main.js",
    ),
    (
        "an import of another package's sources",
        {
            "tsconfig.json": {**PLAIN, "compilerOptions": {**OUT, "paths": {"@lib/*": ["../../packages/lib/src/*"]}}},
            "src/main.ts": "import { a } from '@lib/index';",
            "../../packages/lib/src/index.ts": "",
        },
        "dist/apps/api/src/main.js",
    ),
    (
        "a referenced package's sources",
        {
            "tsconfig.json": {
                **PLAIN,
                "compilerOptions": {**OUT, "paths": {"@lib": ["../../packages/lib/src/index"]}},
                "references": [{"path": "../../packages/lib"}],
            },
            "src/main.ts": "import { a } from '@lib';",
            "../../packages/lib/src/index.ts": "",
            "../../packages/lib/tsconfig.json": {},
        },
        "dist/main.js",
    ),
    (
        "tests that are excluded",
        {"tsconfig.json": {"compilerOptions": OUT, "exclude": ["test"]}, "src/main.ts": "", "test/a.ts": ""},
        "dist/main.js",
    ),
    (
        "another folder",
        {"tsconfig.json": {**PLAIN, "compilerOptions": {"outDir": "build"}}, "src/main.ts": ""},
        "build/main.js",
    ),
    ("no tsconfig", {"src/main.ts": ""}, "dist/main.js"),
]


@pytest.mark.parametrize(("files", "entry"), [case[1:] for case in MOVED], ids=[case[0] for case in MOVED])
def test_the_entry_is_where_the_compiler_really_writes_it(tmp_path: Path, files: Files, entry: str) -> None:
    package = only_package(tmp_path, {"scripts": {"build": "tsc", "start:prod": "node dist/main"}}, files)
    assert package.start is not None
    assert package.start.value == ("node", entry)
    assert ("tsc writes" in package.start.why.because) == (entry != "dist/main.js")


NEST: list[tuple[str, Files, str]] = [
    (
        "the build config",
        {"tsconfig.build.json": {"extends": "./tsconfig.json", "exclude": ["test"]}, "test/a.ts": ""},
        "dist/main.js",
    ),
    ("no build config", {"test/a.ts": ""}, "dist/src/main.js"),
    ("swc", {"test/a.ts": "", "nest-cli.json": {"compilerOptions": {"builder": "swc"}}}, "dist/main.js"),
    ("webpack", {"test/a.ts": "", "nest-cli.json": {"compilerOptions": {"webpack": True}}}, "dist/main.js"),
    ("an entry of another name", {"nest-cli.json": {"entryFile": "server"}, "src/server.ts": ""}, "dist/server.js"),
]


@pytest.mark.parametrize(("files", "entry"), [case[1:] for case in NEST], ids=[case[0] for case in NEST])
def test_nest_start_becomes_the_built_entry(tmp_path: Path, files: Files, entry: str) -> None:
    base: Files = {"tsconfig.json": {"compilerOptions": {"outDir": "./dist"}}, "src/main.ts": ""}
    assert start(tmp_path, {"build": "nest build", "start": "nest start"}, {**base, **files}) == ("node", entry)


def test_a_nest_monorepo_writes_below_the_projects_folder(tmp_path: Path) -> None:
    files = {
        "package.json": {"scripts": {"build": "nest build api", "start:prod": "node dist/apps/api/main"}},
        "nest-cli.json": {"monorepo": True, "projects": {"api": {"root": "apps/api", "sourceRoot": "apps/api/src"}}},
        "tsconfig.json": {"compilerOptions": {"outDir": "./dist"}},
        "apps/api/src/main.ts": "",
    }
    package = workspace(tmp_path, files).packages[0]
    assert package.start is not None
    assert package.start.value == ("node", "dist/apps/api/main.js")


def test_turbo_says_which_scripts_come_before_the_build(tmp_path: Path) -> None:
    tasks = {
        "build": {"dependsOn": ["^build", "db:generate", "lint:none", "$OLD"]},
        "db:generate": {"dependsOn": ["codegen", "build"]},
        "codegen": {"dependsOn": ["api#proto", "other#x"]},
    }
    scripts = {"build": "tsc", "prebuild": "x", "db:generate": "prisma generate", "codegen": "x", "proto": "buf"}
    for name in ("pipeline", "tasks"):
        package = only_package(tmp_path / name, {"scripts": scripts}, {"../../turbo.json": {name: tasks}})
        assert package.build is not None
        assert package.build.value == ("proto", "codegen", "db:generate", "build")
        assert package.build.why.at is not None
        assert package.build.why.at.file == "turbo.json"


def test_a_packages_own_turbo_file_wins(tmp_path: Path) -> None:
    own = {"extends": ["//"], "tasks": {"build": {"dependsOn": ["$TURBO_EXTENDS$", "gen"], "outputs": ["lib/**"]}}}
    package = only_package(
        tmp_path,
        {"scripts": {"build": "make-it", "gen": "x", "first": "x"}},
        {
            "turbo.json": own,
            "../../turbo.json": '{"tasks": {"build": {"dependsOn": ["first"], "outputs": ["dist/**"]}}} // c',
        },
    )
    assert package.build is not None
    assert package.build.value == ("first", "gen", "build")
    assert [output.value for output in package.outputs] == ["lib"]


@pytest.mark.parametrize(
    "script",
    [
        "turbo run build",
        "pnpm -r build",
        "pnpm --filter './apps/*' build",
        "npm run build -ws",
        "npm run build -w api",
        "yarn workspace api build",
    ],
)
def test_a_script_that_builds_the_other_packages_builds_nothing_itself(tmp_path: Path, script: str) -> None:
    files = {"package.json": {"scripts": {"build": script}}, "pnpm-workspace.yaml": "packages: ['apps/*']\n"}
    assert workspace(tmp_path, files).packages[0].build is None


def outputs(folder: Path, manifest: Mapping[str, object], files: Files) -> list[str]:
    return [output.value for output in only_package(folder, manifest, files).outputs]


@pytest.mark.parametrize(
    ("manifest", "files", "expected"),
    [
        ({"scripts": {"build": "tsc"}}, {"tsconfig.json": PLAIN}, ["dist"]),
        ({"scripts": {"build": "tsup src/index.ts"}, "main": "./dist/index.js"}, {"src/index.ts": ""}, ["dist"]),
        ({"scripts": {"build": "esbuild a.ts --outdir=out"}}, {}, ["out"]),
        ({"scripts": {"build": "make"}, "exports": {".": "./lib/index.js"}}, {}, ["lib"]),
        ({"scripts": {"build": "node build.mjs", "start": "node out/main.js"}}, {"build.mjs": ""}, ["out"]),
        ({"scripts": {"build": "remix vite:build", "start": "remix-serve ./build/server/index.js"}}, {}, ["build"]),
        ({"scripts": {"build": "run-s build:*", "build:js": "tsc"}}, {"tsconfig.json": PLAIN}, ["dist"]),
        (
            {"scripts": {"start": "node bin/www"}},
            {"bin/www": "", "app.js": "", "views/a.pug": ""},
            ["bin", "app.js", "views"],
        ),
        ({"scripts": {"start": "bun run src/index.ts"}}, {"src/index.ts": ""}, ["src"]),
        ({"scripts": {"build": "next build"}}, {"public/a.png": ""}, [".next", "public"]),
        ({"scripts": {"build": "tsc -b && vite build"}}, {"public/a.png": "", "tsconfig.json": {}}, ["dist"]),
        ({"exports": "./src/index.ts", "files": ["src"]}, {"src/index.ts": ""}, []),
        (
            {"main": "index.js"},
            {"index.js": "", "lib/a.js": "", "test/a.js": "", "x.config.js": ""},
            ["index.js", "lib"],
        ),
        (
            {"scripts": {"build": "tsc"}, "files": ["dist", "drizzle", "README.md", "../x"]},
            {"tsconfig.json": PLAIN, "drizzle/0.sql": "", "views/a.ejs": "", "migrations/a.ts": ""},
            ["dist", "drizzle", "views"],
        ),
        (
            {"scripts": {"build": "tsc", "start": "node dist/index.js"}},
            {
                "tsconfig.json": PLAIN,
                "../../turbo.json": {"tasks": {"build": {"outputs": ["dist/**", ".next/**", "b/**"]}}},
            },
            ["dist"],
        ),
    ],
)
def test_outputs_are_what_run_time_needs(
    tmp_path: Path, manifest: dict[str, object], files: Files, expected: list[str]
) -> None:
    assert outputs(tmp_path, manifest, files) == expected


def test_every_output_has_its_reason(tmp_path: Path) -> None:
    package = only_package(
        tmp_path, {"scripts": {"build": "tsc"}}, {"tsconfig.json": PLAIN, "prisma/schema.prisma": ""}
    )
    assert all(output.why.because and output.why.at for output in package.outputs)


@pytest.mark.parametrize(
    ("options", "info"),
    [
        ({"incremental": True}, "apps/api/tsconfig.tsbuildinfo"),
        ({"incremental": True, "outDir": "dist"}, "apps/api/dist/tsconfig.tsbuildinfo"),
        ({"incremental": True, "outDir": "dist", "rootDir": "src"}, "apps/api/tsconfig.tsbuildinfo"),
        ({"composite": True, "outDir": "dist", "rootDir": "."}, "apps/api/dist/tsconfig.tsbuildinfo"),
        ({"composite": True, "tsBuildInfoFile": "./.cache/x.json"}, "apps/api/.cache/x.json"),
        ({"outDir": "dist"}, None),
    ],
)
def test_the_build_info_is_where_the_compiler_leaves_it(
    tmp_path: Path, options: dict[str, object], info: str | None
) -> None:
    package = only_package(tmp_path, {"scripts": {"build": "tsc"}}, {"tsconfig.json": {"compilerOptions": options}})
    assert package.tsconfigs[0].build_info == info


def test_build_mode_always_leaves_a_build_info(tmp_path: Path) -> None:
    package = only_package(tmp_path, {"scripts": {"build": "tsc --build"}}, {"tsconfig.json": PLAIN})
    assert package.tsconfigs[0].build_info == "apps/api/dist/tsconfig.tsbuildinfo"


def test_build_mode_leaves_one_for_every_config(tmp_path: Path) -> None:
    files = {"tsconfig.json": {"files": [], "references": [{"path": "./tsconfig.app.json"}]}, "tsconfig.app.json": {}}
    package = only_package(tmp_path, {"scripts": {"build": "tsc -b && vite build"}}, files)
    assert [config.build_info for config in package.tsconfigs] == [
        "apps/api/tsconfig.tsbuildinfo",
        "apps/api/tsconfig.app.tsbuildinfo",
    ]
    assert package.tsconfigs[0].references == ("apps/api/tsconfig.app.json",)


def test_a_chain_of_tsconfigs_is_applied_from_its_end(tmp_path: Path) -> None:
    files = {
        "tsconfig.json": """{ // ours
            "extends": ["@acme/ts/base", "../../tsconfig.base.json"], "compilerOptions": {"sourceMap": true,}
        }""",
        "../../packages/ts/package.json": {"name": "@acme/ts"},
        "../../packages/ts/base.json": {
            "compilerOptions": {"outDir": "${configDir}/out", "module": "CommonJS", "composite": True}
        },
        "../../tsconfig.base.json": {"extends": "./deeper", "compilerOptions": {"module": "Node16"}},
        "../../deeper.json": {"compilerOptions": {"incremental": True, "rootDir": "apps/api/src"}},
    }
    config = only_package(tmp_path, {"scripts": {"build": "tsc"}}, files).tsconfigs[0]
    assert (config.out_dir, config.root_dir, config.module) == ("apps/api/out", "apps/api/src", "node16")
    assert config.composite
    assert config.source_map
    assert set(config.chain) == {"apps/api/tsconfig.json", "packages/ts/base.json", "tsconfig.base.json", "deeper.json"}


def test_circles_and_missing_files_end_a_chain(tmp_path: Path) -> None:
    files = {"tsconfig.json": {"extends": ["./a.json", "./missing", "@x/y"]}, "a.json": {"extends": "./tsconfig.json"}}
    config = only_package(tmp_path, {"scripts": {"build": "tsc"}}, files).tsconfigs[0]
    assert config.chain == ("apps/api/tsconfig.json", "apps/api/a.json")


def test_the_config_that_the_build_names_comes_first(tmp_path: Path) -> None:
    files = {"tsconfig.json": PLAIN, "tsconfig.build.json": {"extends": "./tsconfig.json"}, "tsconfig.test.json": {}}
    package = only_package(
        tmp_path, {"scripts": {"build": "pnpm run compile", "compile": "tsc -p tsconfig.build.json"}}, files
    )
    assert [config.path for config in package.tsconfigs] == [
        "apps/api/tsconfig.build.json",
        "apps/api/tsconfig.json",
        "apps/api/tsconfig.test.json",
    ]


@pytest.mark.parametrize(
    "script", ["", "   ", "&&", "a && ", "'", "a | ", "(a)", "A=b", "sh -c", "sh -c ''", ">", "npx"]
)
def test_odd_scripts_are_no_trouble(script: str) -> None:
    command = main_command(script)
    assert command is None or command.argv
