"""How databases get their tables before the services start: what is found, what it is given, where it runs."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan import pipeline
from bayplan.errors import UsageError
from bayplan.model.stack import Role, Service, Stack
from tests.unit.planning import Repository, server

PG = {"pg": "8.0.0"}
READS_URL = "new Pool({ connectionString: process.env.DATABASE_URL });\n"
SOURCE = "export default new DataSource({ url: process.env.DATABASE_URL, migrations: ['dist/migrations/*.js'] });\n"
MADE = "export class First1 implements MigrationInterface { up() {} }\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def app(repository: Repository, name: str = "api", code: str = READS_URL, **content: Any) -> Repository:
    """Add an app in TypeScript that listens and has PostgreSQL."""
    repository.app(name, server(4100, code))
    manifest = {"name": name, "main": "dist/index.js", **content}
    manifest["scripts"] = {"build": "tsc", "start": "node dist/index.js", **content.get("scripts", {})}
    manifest["dependencies"] = {**PG, **content.get("dependencies", {})}
    return repository.manifest(f"apps/{name}", manifest)


def migrating(stack: Stack) -> list[Service]:
    return [each for each in stack.services if each.name.startswith("migrate")]


def the_job(repository: Repository, settings: str = "") -> Service:
    (found,) = migrating(repository.plan(settings).stack)
    return found


def names(service: Service) -> list[str]:
    return [each.name for each in service.variables]


@pytest.mark.parametrize(
    ("script", "line", "tool"),
    [
        ("db:deploy", "prisma migrate deploy", "prisma"),
        ("release", "prisma generate && prisma migrate deploy", "prisma"),
        ("start:migrate", "prisma migrate deploy && node dist/index.js", "prisma"),
        ("typeorm:run", "typeorm migration:run -d dist/data-source.js", "typeorm"),
        ("up", "dotenv -e .env -- knex --knexfile knexfile.js migrate:latest", "knex"),
        ("tables", "NODE_ENV=production drizzle-kit migrate", "drizzle-kit"),
        ("tables", "sequelize db:migrate", "sequelize-cli"),
        ("tables", "npx mikro-orm migration:up", "@mikro-orm/cli"),
        ("tables", "node-pg-migrate up -m migrations", "node-pg-migrate"),
    ],
)
def test_a_script_of_any_name_that_has_a_tool_migrate_is_run(
    repository: Repository, script: str, line: str, tool: str
) -> None:
    app(repository, scripts={script: line}, dependencies={tool: "1.0.0"})
    job = the_job(repository)
    assert job.command.value[0].startswith("node_modules/.bin/")
    assert script in job.command.why.because


@pytest.mark.parametrize(
    "line",
    [
        "prisma migrate dev",
        "prisma db push",
        "prisma migrate reset --force",
        "drizzle-kit push",
        "drizzle-kit generate",
        "typeorm migration:revert -d dist/x.js",
        "typeorm migration:generate src/migrations/x",
        "typeorm schema:sync -d dist/x.js",
        "knex migrate:make x",
        "knex migrate:rollback",
        "sequelize db:migrate:undo",
        "mikro-orm migration:create",
    ],
)
@pytest.mark.parametrize("script", ["migrate", "db:migrate", "deploy"])
def test_what_is_for_development_or_goes_back_is_never_run(repository: Repository, script: str, line: str) -> None:
    tools = ("prisma", "drizzle-kit", "typeorm", "knex", "sequelize", "sequelize-cli", "@mikro-orm/cli")
    app(repository, scripts={script: line}, dependencies=dict.fromkeys(tools, "1.0.0"))
    assert migrating(repository.plan().stack) == []


def test_migrations_of_a_test_database_are_not_run(repository: Repository) -> None:
    app(repository, scripts={"test:migrate": "knex migrate:latest --env test"}, dependencies={"knex": "3.0.0"})
    assert migrating(repository.plan().stack) == []


def prisma(repository: Repository, folder: str = "apps/api", below: str = "prisma") -> None:
    text = (
        'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n  directUrl = env("DIRECT_URL")\n}\n'
    )
    repository.write(f"{folder}/{below}/schema.prisma", text)
    repository.write(f"{folder}/{below}/migrations/1_first/migration.sql", "CREATE TABLE t ();\n")


def test_a_prisma_schema_with_migrations_is_deployed(repository: Repository) -> None:
    app(repository, "api", "sign(process.env.JWT_SECRET!);\n", devDependencies={"prisma": "6.0.0"})
    prisma(repository)
    job = the_job(repository)
    assert job.command.value == ("node_modules/.bin/prisma", "migrate", "deploy")
    assert job.image.dockerfile == "apps/api/Dockerfile.migrate"
    assert names(job) == ["DATABASE_URL", "DIRECT_URL"]


def test_a_prisma_schema_in_an_unusual_place_is_named(repository: Repository) -> None:
    app(repository, devDependencies={"prisma": "6.0.0"})
    prisma(repository, below="src/database")
    assert the_job(repository).command.value[-2:] == ("--schema", "src/database/schema.prisma")


def test_a_prisma_schema_that_package_json_names_is_not_named_again(repository: Repository) -> None:
    app(repository, devDependencies={"prisma": "6.0.0"}, prisma={"schema": "src/database/schema.prisma"})
    prisma(repository, below="src/database")
    assert the_job(repository).command.value[-1] == "deploy"


def test_a_schema_without_migrations_is_left_alone(repository: Repository) -> None:
    app(repository, devDependencies={"prisma": "6.0.0"})
    repository.write("apps/api/prisma/schema.prisma", 'datasource db {\n  provider = "postgresql"\n}\n')
    assert migrating(repository.plan().stack) == []


def test_a_development_script_is_replaced_by_what_the_tool_has_for_production(repository: Repository) -> None:
    app(repository, scripts={"db:migrate": "prisma migrate dev"}, dependencies={"prisma": "6.0.0"})
    prisma(repository)
    job = the_job(repository)
    assert job.command.value[1:] == ("migrate", "deploy")
    assert job.image_of == "api"


def drizzle(repository: Repository, folder: str = "apps/api", out: str = "drizzle") -> None:
    text = f"export default {{ out: './{out}', dbCredentials: {{ url: process.env.DATABASE_URL! }} }};\n"
    repository.write(f"{folder}/drizzle.config.ts", text)
    repository.write(f"{folder}/{out}/meta/_journal.json", "{}")
    repository.write(f"{folder}/{out}/0000_first.sql", "CREATE TABLE t ();\n")


@pytest.mark.parametrize("out", ["drizzle", "src/db/migrations"])
def test_a_drizzle_config_with_migrations_is_migrated_with_the_kit(repository: Repository, out: str) -> None:
    tools = {"drizzle-kit": "0.31.0"}
    app(repository, code=READS_URL + "sign(process.env.JWT_SECRET);\n", devDependencies=tools)
    drizzle(repository, out=out)
    job = the_job(repository)
    assert job.command.value == ("node_modules/.bin/drizzle-kit", "migrate")
    assert job.image_of is None
    assert names(job) == ["DATABASE_URL"]


def test_a_program_that_migrates_with_drizzle_is_run_rather_than_the_kit(repository: Repository) -> None:
    tools: dict[str, Any] = {"dependencies": {"drizzle-orm": "0.44.0"}, "devDependencies": {"drizzle-kit": "0.31.0"}}
    app(repository, **tools)
    drizzle(repository)
    program = "import { migrate } from 'drizzle-orm/node-postgres/migrator';\nawait migrate(db, {});\n"
    repository.write("apps/api/src/migrate.ts", f"{program}connect(process.env.DATABASE_URL);\n")
    job = the_job(repository)
    assert (job.command.value, job.image_of, job.workdir) == (("node", "dist/migrate.js"), "api", "/app/apps/api")


def test_a_data_source_is_migrated_as_it_is_built(repository: Repository) -> None:
    app(repository, dependencies={"typeorm": "0.3.0"})
    repository.write("apps/api/src/db/data-source.ts", SOURCE).write("apps/api/src/migrations/1-first.ts", MADE)
    job = the_job(repository)
    assert job.command.value == (
        "node_modules/.bin/typeorm",
        "migration:run",
        "-d",
        "dist/db/data-source.js",
    )
    assert job.image_of == "api"


def test_a_data_source_that_is_not_built_is_run_by_ts_node(repository: Repository) -> None:
    tools = {"typeorm": "0.3.0"}
    app(
        repository, dependencies=tools, devDependencies={"ts-node": "10.0.0"}, scripts={"build": "esbuild src/index.ts"}
    )
    repository.write("apps/api/src/data-source.ts", SOURCE).write("apps/api/src/migrations/1-first.ts", MADE)
    job = the_job(repository)
    assert job.command.value[0] == "node_modules/.bin/typeorm-ts-node-commonjs"
    assert job.command.value[-1] == "src/data-source.ts"
    assert job.image.dockerfile == "apps/api/Dockerfile.migrate"


def test_a_script_of_ts_node_needs_the_tools_of_development(repository: Repository) -> None:
    line = "typeorm-ts-node-commonjs migration:run -d src/data-source.ts"
    tools: dict[str, Any] = {"dependencies": {"typeorm": "0.3.0"}, "devDependencies": {"ts-node": "10.0.0"}}
    app(repository, scripts={"migration:run": line}, **tools)
    repository.write("apps/api/src/data-source.ts", SOURCE)
    job = the_job(repository)
    assert (job.image_of, job.command.value[0]) == (None, "node_modules/.bin/typeorm-ts-node-commonjs")


@pytest.mark.parametrize("shown", ["const ds = new DataSource({});\n", "export class First {}\n"])
def test_a_data_source_that_is_not_exported_is_none(repository: Repository, shown: str) -> None:
    app(repository, dependencies={"typeorm": "0.3.0"})
    repository.write("apps/api/src/data-source.ts", shown).write("apps/api/src/migrations/1-first.ts", MADE)
    assert migrating(repository.plan().stack) == []


@pytest.mark.parametrize(("file", "built"), [("src/knexfile.ts", "dist/knexfile.js"), ("knexfile.js", "knexfile.js")])
def test_a_knexfile_with_migrations_is_migrated(repository: Repository, file: str, built: str) -> None:
    app(repository, dependencies={"knex": "3.0.0"})
    folder = file.rpartition("/")[0]
    repository.write(f"apps/api/{file}", "export default { connection: process.env.DATABASE_URL };\n")
    repository.write(f"apps/api/{folder}/migrations/1_first.ts", "export const up = () => {};\n")
    job = the_job(repository)
    assert job.command.value == ("node_modules/.bin/knex", "migrate:latest", "--knexfile", built)


def test_a_knexfile_that_nothing_keeps_in_an_image_has_one_of_its_own(repository: Repository) -> None:
    app(repository, dependencies={"knex": "3.0.0"})
    repository.write("apps/api/knexfile.js", "module.exports = { connection: process.env.DATABASE_URL };\n")
    repository.write("apps/api/migrations/1_first.js", "exports.up = () => {};\n")
    assert the_job(repository).image_of is None


@pytest.mark.parametrize(
    "code",
    [
        "new DataSource({ migrationsRun: true });\n",
        "await dataSource.runMigrations();\n",
        "await db.migrate.latest();\n",
        "import { migrate } from 'drizzle-orm/postgres-js/migrator';\nawait migrate(db, { migrationsFolder: 'd' });\n",
        "await orm.getMigrator().up();\n",
        "await umzug.up();\n",
    ],
)
def test_an_app_that_migrates_itself_has_no_job_and_a_note(repository: Repository, code: str) -> None:
    app(repository, code=READS_URL + code, devDependencies={"drizzle-kit": "0.31.0"})
    drizzle(repository)
    stack = repository.plan().stack
    assert migrating(stack) == []
    (note,) = (each for each in stack.notes if each.about == "migrations")
    assert "api brings its tables up to date by itself" in note.text
    assert note.at is not None
    assert note.at.file == "apps/api/src/index.ts"


def test_a_function_that_migrates_and_is_never_called_is_no_migration(repository: Repository) -> None:
    app(repository, code="import { pool } from './db';\n" + READS_URL, devDependencies={"drizzle-kit": "0.31.0"})
    drizzle(repository)
    repository.write("apps/api/src/db.ts", "export async function up() { await knex.migrate.latest(); }\n")
    assert the_job(repository).command.value[1:] == ("migrate",)


def test_a_function_that_migrates_and_is_called_at_the_start_is_one(repository: Repository) -> None:
    app(repository, code="import { up } from './db';\nawait up();\n" + READS_URL)
    repository.write("apps/api/src/db.ts", "export async function up() { await knex.migrate.latest(); }\n")
    (note,) = (each for each in repository.plan().stack.notes if each.about == "migrations")
    assert str(note.at) == "apps/api/src/db.ts:1"


SECRETS = "import './env';\n" + READS_URL
ENV = "export const secret = process.env.JWT_SECRET;\nnew Redis(process.env.REDIS_URL);\n"


def with_secrets(repository: Repository, source: str, **files: str) -> Service:
    line = {"migration:run": "typeorm migration:run -d dist/data-source.js"}
    app(repository, code=SECRETS, scripts=line, dependencies={"typeorm": "0.3.0", "ioredis": "5.0.0"})
    repository.write("apps/api/src/env.ts", ENV).write("apps/api/src/data-source.ts", source)
    for path, text in files.items():
        repository.write(f"apps/api/src/{path.replace('__', '/')}.ts", text)
    return the_job(repository)


def test_a_job_is_given_what_it_can_read_and_waits_for_what_that_leads_to(repository: Repository) -> None:
    job = with_secrets(repository, SOURCE)
    assert names(job) == ["DATABASE_URL"]
    assert [each.name for each in job.needs] == ["postgres"]


def test_what_it_reads_is_followed_through_imports(repository: Repository) -> None:
    source = f"import {{ options }} from './options.js';\n{SOURCE}"
    assert names(with_secrets(repository, source, options="export * from './env';\n")) == [
        "DATABASE_URL",
        "JWT_SECRET",
        "REDIS_URL",
    ]


def test_a_type_is_no_import(repository: Repository) -> None:
    assert names(with_secrets(repository, f"import type {{ Secret }} from './env';\n{SOURCE}")) == ["DATABASE_URL"]


@pytest.mark.parametrize(
    "named",
    [
        "['dist/entities/*.js']",
        "[__dirname + '/entities/*{.ts,.js}']",
        "[`${__dirname}/**/*.entity{.ts,.js}`]",
        "[join(__dirname, 'entities')]",
    ],
)
def test_what_it_reads_is_followed_through_patterns_and_folders(repository: Repository, named: str) -> None:
    source = f"{SOURCE}export const entities = {named};\n"
    found = names(with_secrets(repository, source, **{"entities__user.entity": "key(process.env.ENTITY_KEY);\n"}))
    assert found == ["DATABASE_URL", "ENTITY_KEY"]


@pytest.mark.parametrize("line", ["require(process.argv[2]);\n", "await import(name);\n", "import '@shop/gone';\n"])
def test_what_cannot_be_followed_may_read_everything(repository: Repository, line: str) -> None:
    repository.manifest("packages/gone", {"name": "@shop/gone"})
    found = names(with_secrets(repository, line + SOURCE))
    assert found == ["DATABASE_URL", "JWT_SECRET", "REDIS_URL"]


def test_a_command_that_reads_no_address_of_a_database_may_read_everything(repository: Repository) -> None:
    assert "JWT_SECRET" in names(with_secrets(repository, "export default new DataSource(found());\n"))


def test_a_table_named_as_a_folder_is_no_folder(repository: Repository) -> None:
    files = {"users__keys": "key(process.env.USERS_KEY);\n"}
    assert names(with_secrets(repository, f"@Entity('users')\n{SOURCE}", **files)) == ["DATABASE_URL"]


def test_a_variable_that_no_app_reads_is_asked_for(repository: Repository) -> None:
    text = "export default { out: 'drizzle', url: process.env.MIGRATION_DATABASE_URL, log: process.env.LOG ?? 'no' };\n"
    app(repository, devDependencies={"drizzle-kit": "0.31.0"})
    drizzle(repository)
    repository.write("apps/api/drizzle.config.ts", text)
    planned = repository.plan()
    (job,) = migrating(planned.stack)
    assert names(job) == ["LOG", "MIGRATION_DATABASE_URL"]
    assert [each.name for each in job.needs] == ["postgres"]


def two(repository: Repository) -> Repository:
    for name in ("orders", "users"):
        line = {"migration:run": "typeorm migration:run -d dist/data-source.js"}
        app(repository, name, scripts=line, dependencies={"typeorm": "0.3.0"})
        repository.write(f"apps/{name}/src/data-source.ts", SOURCE)
    return app(repository, "web")


def test_each_package_with_migrations_has_a_job_and_they_run_one_after_the_other(repository: Repository) -> None:
    stack = two(repository).plan().stack
    needs = {each.name: [need.name for need in each.needs] for each in stack.services}
    assert needs["migrate"] == ["postgres"]
    assert needs["migrate-users"] == ["postgres", "migrate"]
    assert needs["orders"] == ["postgres", "migrate"]
    assert needs["users"] == ["postgres", "migrate-users"]
    assert needs["web"] == ["postgres", "migrate", "migrate-users"]
    assert [each.image_of for each in stack.services[:2]] == ["orders", "users"]


def test_each_of_several_can_be_overruled(repository: Repository) -> None:
    settings = "services: {migrate: {skip: true}, migrate-users: {command: node up.js, memory: 64MB}}\n"
    job = the_job(two(repository), settings)
    assert (job.name, job.command.value, job.limits.memory_mb) == ("migrate-users", ("node", "up.js"), 64)


def test_what_a_package_needs_migrates_first(repository: Repository) -> None:
    app(repository, "api", dependencies={"@shop/db": "workspace:*"}, scripts={"migrate": "node dist/up.js"})
    content = {"name": "@shop/db", "main": "index.js", "scripts": {"migrate": "node migrate.js"}, "dependencies": PG}
    repository.manifest("packages/db", content).write("packages/db/index.js", READS_URL)
    assert [each.package for each in migrating(repository.plan().stack)] == ["packages/db", "apps/api"]


def test_a_job_of_nextjs_runs_in_an_image_of_what_runs_alone(repository: Repository) -> None:
    depending = {"next": "15.0.0", "@shop/db": "workspace:*"}
    scripts = {"build": "next build", "start": "next start"}
    repository.manifest("apps/web", {"name": "web", "scripts": scripts, "dependencies": depending})
    content = {"name": "@shop/db", "scripts": {"build": "tsc", "migrate": "node dist/migrate.js"}, "dependencies": PG}
    repository.manifest("packages/db", content).write("packages/db/src/migrate.ts", READS_URL)
    repository.write("packages/db/tsconfig.json", json.dumps({"compilerOptions": {"outDir": "dist", "rootDir": "src"}}))
    planned = repository.plan("services: {migrate: {dockerfile: docker/Dockerfile.tables}}\n")
    text = planned.files["docker/Dockerfile.tables"].text
    assert "--prod" in text
    assert "COPY --from=build /app ./" not in text
    assert 'CMD ["node", "dist/migrate.js"]' in text


def test_a_tool_of_a_nextjs_app_itself_runs_without_a_build_of_the_site(repository: Repository) -> None:
    scripts = {"build": "next build", "start": "next start", "migrate": "node scripts/migrate.mjs"}
    depending = {"next": "15.0.0", **PG}
    repository.manifest("apps/web", {"name": "web", "scripts": scripts, "dependencies": depending})
    repository.write("apps/web/scripts/migrate.mjs", READS_URL).write("apps/web/app/page.tsx", READS_URL)
    planned = repository.plan()
    text = planned.files["apps/web/Dockerfile.migrate"].text
    assert "run build" not in text
    assert 'CMD ["node", "scripts/migrate.mjs"]' in text
    assert "run build" in planned.files["apps/web/Dockerfile"].text


def npm(root: Path, *, nested: bool, dev: bool) -> Stack:
    """Plan an npm workspace in which knex lies at the root, or where versions differ in its package."""
    kind = "devDependencies" if dev else "dependencies"
    api = {"name": "api", "version": "1.0.0", "main": "dist/index.js", kind: {"knex": "^3.0.0"}}
    api["scripts"] = {"start": "node index.js", "migrate": "knex migrate:latest --knexfile ./knexfile.js"}
    api["dependencies"] = {**PG, **api.get("dependencies", {})}  # type: ignore[dict-item]
    shop = {"name": "shop", "private": True, "workspaces": ["packages/*"], "engines": {"node": "22.x"}}
    place = "packages/api/node_modules/knex" if nested else "node_modules/knex"
    packages = {
        "": shop,
        "packages/api": api,
        "node_modules/api": {"resolved": "packages/api", "link": True},
        "node_modules/pg": {"version": "8.0.0"},
        "node_modules/knex": {"version": "2.0.0"},
        place: {"version": "3.0.0"},
    }
    tree = {
        "package.json": json.dumps(shop),
        "package-lock.json": json.dumps({"name": "shop", "lockfileVersion": 3, "packages": packages}),
        "packages/api/package.json": json.dumps(api),
        "packages/api/index.js": f"require('http').createServer().listen(3000);\n{READS_URL}",
        "packages/api/knexfile.js": "module.exports = { connection: process.env.DATABASE_URL };\n",
    }
    for path, text in tree.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return pipeline.plan(root).stack


@pytest.mark.parametrize("dev", [False, True])
@pytest.mark.parametrize(
    ("nested", "place"), [(False, "../../node_modules/.bin/knex"), (True, "node_modules/.bin/knex")]
)
def test_a_tool_is_called_where_npm_puts_it(tmp_path: Path, *, nested: bool, place: str, dev: bool) -> None:
    (job,) = migrating(npm(tmp_path, nested=nested, dev=dev))
    assert job.command.value == (place, "migrate:latest", "--knexfile", "./knexfile.js")
    assert job.image_of == (None if dev else "api")


def test_a_tool_is_called_where_a_hoisting_pnpm_puts_it(repository: Repository) -> None:
    app(repository, scripts={"migrate": "knex migrate:latest"}, dependencies={"knex": "3.0.0"})
    repository.write("pnpm-workspace.yaml", "packages:\n  - apps/*\nnodeLinker: hoisted\n")
    assert the_job(repository).command.value[0] == "../../node_modules/.bin/knex"


def test_a_tool_of_the_root_is_installed_and_called_there(repository: Repository) -> None:
    root = {"name": "shop", "private": True, "packageManager": "pnpm@10.34.8", "devDependencies": {"prisma": "6.0.0"}}
    repository.manifest(".", root)
    app(repository)
    prisma(repository)
    planned = repository.plan()
    text = planned.files["apps/api/Dockerfile.migrate"].text
    assert 'CMD ["../../node_modules/.bin/prisma", "migrate", "deploy"]' in text
    assert "--filter shop" in text


def test_a_tool_that_is_run_by_its_file_is_found_where_it_is_installed(repository: Repository) -> None:
    line = "node --import tsx ./node_modules/typeorm/cli.js migration:run -d src/data-source.ts"
    tools: dict[str, Any] = {"dependencies": {"typeorm": "0.3.0"}, "devDependencies": {"tsx": "4.0.0"}}
    app(repository, scripts={"migration:run": line}, **tools)
    repository.write("apps/api/src/data-source.ts", SOURCE)
    job = the_job(repository)
    assert job.image_of is None
    assert job.command.value[3] == "node_modules/typeorm/cli.js"


def test_a_script_that_calls_another_packages_migrations_is_not_run_twice(repository: Repository) -> None:
    scripts = {"migrate": "pnpm --filter @shop/db migrate"}
    app(repository, scripts=scripts, dependencies={"@shop/db": "workspace:*"})
    content = {"name": "@shop/db", "main": "index.js", "scripts": {"migrate": "node migrate.js"}, "dependencies": PG}
    repository.manifest("packages/db", content).write("packages/db/index.js", READS_URL)
    stack = repository.plan().stack
    assert [each.package for each in migrating(stack)] == ["packages/db"]
    assert [each for each in stack.notes if each.about == "migrations"] == []


def test_the_check_of_the_image_it_runs_in_never_fails_a_long_migration(repository: Repository) -> None:
    code = READS_URL + "import express from 'express';\nexpress().get('/health', (_, answer) => answer.send('ok'));\n"
    app(repository, code=code, scripts={"migrate": "node dist/up.js"}, dependencies={"express": "5.0.0"})
    planned = repository.plan()
    services = yaml.safe_load(planned.files["docker-compose.prod.yml"].text)["services"]
    assert "HEALTHCHECK" in planned.files["apps/api/Dockerfile"].text
    assert services["migrate"]["healthcheck"] == {"disable": True}
    assert "healthcheck" not in services["api"]


@pytest.mark.parametrize(
    "line", ["turbo run migrate", "docker compose run migrate", "make migrate", "echo no", "$X", ""]
)
def test_what_others_run_or_nobody_is_no_migration(repository: Repository, line: str) -> None:
    app(repository, scripts={"migrate": line}, dependencies={"turbo": "2.0.0"})
    stack = repository.plan().stack
    assert migrating(stack) == []
    assert [each for each in stack.notes if each.about == "migrations"] == []


@pytest.mark.parametrize(
    "line", ["./scripts/migrate.sh", "prisma migrate deploy --schema ../../database/schema.prisma"]
)
def test_what_no_image_can_hold_is_noted_with_its_place(repository: Repository, line: str) -> None:
    app(repository, scripts={"migrate": line}, dependencies={"prisma": "6.0.0"})
    repository.write("database/schema.prisma", 'datasource db {\n  provider = "postgresql"\n}\n')
    stack = repository.plan().stack
    assert migrating(stack) == []
    (note,) = (each for each in stack.notes if each.about == "migrations")
    assert f"`{line}` needs what api does not depend on" in note.text
    assert note.at is not None
    assert note.at.key.endswith("migrate")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"process.env.X" + b" " * 300_000 + b"import type " * 30_000, b""]
)
def test_a_config_that_nobody_wrote_by_hand_is_survived(repository: Repository, content: bytes) -> None:
    app(repository, scripts={"migrate": "knex migrate:latest"}, dependencies={"knex": "3.0.0"})
    (repository.root / "apps/api/knexfile.ts").write_bytes(content)
    assert "DATABASE_URL" in names(the_job(repository))


def test_a_config_outside_the_repository_is_not_read(repository: Repository, tmp_path: Path) -> None:
    app(repository, scripts={"migrate": "knex migrate:latest"}, dependencies={"knex": "3.0.0"})
    (tmp_path.parent / "outside.ts").write_text("process.env.OUTSIDE", encoding="utf-8")
    (repository.root / "apps/api/knexfile.ts").symlink_to(tmp_path.parent / "outside.ts")
    assert names(the_job(repository)) == ["DATABASE_URL"]


@pytest.mark.parametrize("name", ["migrate-nobody", "migrate-api"])
def test_a_job_that_nothing_migrates_is_refused(repository: Repository, name: str) -> None:
    app(repository, scripts={"migrate": "node dist/up.js"})
    with pytest.raises(UsageError, match=f"describes the service '{name}'"):
        repository.plan(f"services: {{{name}: {{memory: 64MB}}}}\n")


def test_an_app_may_be_called_as_a_job(repository: Repository) -> None:
    app(repository, "migrate-users")
    (service,) = repository.plan("services: {migrate-users: {memory: 64MB}}\n").stack.services
    assert (service.name, service.role.value, service.limits.memory_mb) == ("migrate-users", Role.WEB, 64)
