"""What the passes decide, and how the writers say it."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from bayplan.cli.main import main
from bayplan.errors import BayplanError, UsageError
from bayplan.formats import dockerignore
from bayplan.model.parts import Asked, Composed, Given, fixed
from bayplan.model.stack import Role
from bayplan.passes import node_version
from bayplan.source import Fact, Why
from tests.unit.planning import Repository, server

EXPRESS = "import express from 'express';\nconst app = express();\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_what_listens_is_a_web_service_on_its_port(repository: Repository) -> None:
    stack = repository.app("api", server(4100)).plan().stack
    (api,) = stack.services
    assert api.role.value is Role.WEB
    assert api.port is not None
    assert api.port.value == 4100
    assert api.binding is not None
    assert api.binding.port == 4100


def test_a_root_that_only_says_so_gives_the_stack_its_scope(repository: Repository) -> None:
    repository.app("api", server(3000)).manifest(".", {**repository.folders["."], "name": "@shop/root"})
    assert repository.plan().stack.name == "shop"


def test_what_takes_jobs_is_a_worker_without_port_or_check(repository: Repository) -> None:
    code = "import { Worker } from 'bullmq';\nnew Worker('mail', work, { url: process.env.REDIS_URL });\n"
    stack = repository.app("mailer", code, bullmq="5.0.0").plan().stack
    (mailer,) = stack.services
    assert mailer.role.value is Role.WORKER
    assert mailer.port is None
    assert mailer.health is None
    assert mailer.queues == ("mail",)
    assert [store.kind for store in stack.stores] == ["redis"]


def test_a_hoisted_install_is_told_to_hold_what_every_package_runs(repository: Repository) -> None:
    repository.app("api", server(3000)).write(".npmrc", "node-linker=hoisted\n")
    assert "what all packages run" in next(
        note.text for note in repository.plan().stack.notes if note.about == "node_modules"
    )


def test_a_source_called_like_an_output_stays_in_the_context(repository: Repository) -> None:
    repository.app("api", server(3000), start="node build/index.js")
    compiler = {"compilerOptions": {"outDir": "build", "rootDir": "src"}, "include": ["src"]}
    repository.write("apps/api/tsconfig.json", json.dumps(compiler))
    patterns = repository.plan().overlay[".dockerignore"].splitlines()
    assert dockerignore.matches(patterns, "apps/api/build/index.js")
    assert dockerignore.matches(patterns, "apps/api/coverage/index.html")
    assert not dockerignore.matches(patterns, "apps/api/src/build/plan.ts")
    assert not dockerignore.matches(patterns, "apps/api/src/coverage/coverage.module.ts")


def test_what_listens_where_a_variable_says_is_told_where(repository: Repository) -> None:
    code = "import http from 'node:http';\nconst { HOST = '127.0.0.1', API_PORT } = process.env;\n"
    planned = repository.app("api", code + "http.createServer().listen(API_PORT, HOST);\n").plan()
    (api,) = planned.stack.services
    assert api.role.value is Role.WEB
    assert api.variables == ()
    assert "ENV NODE_ENV=production API_PORT=3000 HOST=0.0.0.0\n" in planned.overlay["apps/api/Dockerfile"]


def test_scripts_that_an_install_would_run_wait_for_their_sources(repository: Repository) -> None:
    repository.app("api", server(3000))
    for folder, scripts in ((".", {"prepare": "husky"}), ("apps/api", {"postinstall": "prisma generate"})):
        content = repository.folders[folder]
        repository.manifest(folder, {**content, "scripts": {**content.get("scripts", {}), **scripts}})
    dockerfile = repository.plan().overlay["apps/api/Dockerfile"]
    assert (
        "RUN npm pkg delete scripts.prepare && \\\n    npm --prefix apps/api pkg delete scripts.postinstall\n"
        in dockerfile
    )
    assert "RUN pnpm -C apps/api run postinstall && \\\n    pnpm -C apps/api run build && \\\n" in dockerfile


def test_what_shows_places_in_its_sources_keeps_its_maps(repository: Repository) -> None:
    repository.app("api", server(3000), start="node --enable-source-maps dist/index.js")
    planned = repository.plan()
    assert planned.stack.services[0].reads_source_maps
    assert '-type f \\( -name "*.d.ts.map"' in planned.overlay["apps/api/Dockerfile"]


def test_two_services_on_one_port_are_published_on_two(repository: Repository) -> None:
    repository.app("one", server(3000)).app("two", server(3000))
    published = [service.binding.port for service in repository.plan().stack.services if service.binding]
    assert sorted(published) == [3000, 3001]


def test_bayplan_yaml_overrules_every_guess(repository: Repository) -> None:
    settings = """
name: store
node: 24
services:
  api:
    port: 5000
    publish: "127.0.0.1:8080"
    health: /up
    command: node other.js --flag "a b"
    memory: 1GB
    cpus: 2
    grace: 45s
    budget: 200MB
    writable: [/data]
    variables: {GREETING: "it's $5"}
"""
    stack = repository.app("api", server(4100)).plan(settings).stack
    (api,) = stack.services
    assert stack.name == "store"
    assert stack.node.value == "24"
    assert api.port == Fact(5000, api.port.why if api.port else Why("", ""))
    assert api.binding is not None
    assert (api.binding.address, api.binding.port) == ("127.0.0.1", 8080)
    assert api.health is not None
    assert api.health.path == "/up"
    assert api.command.value == ("node", "other.js", "--flag", "a b")
    assert (api.limits.memory_mb, api.limits.cpus) == (1000, 2)
    assert (api.grace_seconds, api.budget_mb) == (45, 200)
    assert "/data" in api.writable
    assert api.tmpfs == ("/tmp:size=250m", "/data:size=250m,uid=1000,gid=1000"), (
        "root's otherwise, once it starts again"
    )
    assert [variable.value for variable in api.variables] == [Given("it's $5")]


def test_a_service_can_be_left_out_and_left_unpublished(repository: Repository) -> None:
    repository.app("api", server(4100)).app("lab", server(4200))
    stack = repository.plan("services:\n  lab: {skip: true}\n  api: {publish: false}\n").stack
    (api,) = stack.services
    assert api.name == "api"
    assert api.binding is None


def test_a_service_that_does_not_exist_is_refused_with_its_place(repository: Repository) -> None:
    with pytest.raises(UsageError) as refused:
        repository.app("api", server(4100)).plan("services:\n  apii: {port: 1}\n")
    assert refused.value.at is not None
    assert refused.value.at.line == 3
    assert "api" in refused.value.remedy


def test_nothing_to_start_is_an_error_that_says_what_to_do(repository: Repository) -> None:
    with pytest.raises(BayplanError, match="nothing in this repository can be started") as empty:
        repository.plan()
    assert "services" in empty.value.remedy


@pytest.mark.requirement("FS-22")
def test_a_store_url_is_composed_of_the_stack_and_the_operators_password(repository: Repository) -> None:
    code = server(4100, "new Pool({ connectionString: process.env.DATABASE_URL! });\n")
    (api,) = repository.app("api", code, pg="8.0.0").plan().stack.services
    (url,) = api.variables
    assert isinstance(url.value, Composed)
    assert Asked("POSTGRES_PASSWORD") in url.value.parts
    assert url.value.parts[2:] == (Given("@"), Given("postgres", reaches="postgres"), Given(":5432/shop"))
    assert [need.name for need in api.needs] == ["postgres"]


@pytest.mark.parametrize("escape", ["\\x1b[2J", "\\u202e", "\\u0085"])
def test_a_default_that_no_file_can_show_is_shown_nowhere(repository: Repository, escape: str) -> None:
    planned = repository.app("api", server(4100, f'const code = process.env.CODE ?? "a{escape}b";\n')).plan()
    (code,) = planned.stack.services[0].variables
    assert (code.required, code.fallback, code.example) == (False, None, "")
    assert "CODE=\n" in planned.files[".env.example"].text


def test_the_parts_of_a_store_address_are_known_by_their_usual_names(repository: Repository) -> None:
    code = server(
        4100,
        "const env = process.env;\n"
        "new Pool({ host: env.DB_HOST!, password: env.DB_PASSWORD!, database: env.DB_NAME! });\n",
    )
    (api,) = repository.app("api", code, pg="8.0.0").plan().stack.services
    values = {variable.name: variable.value for variable in api.variables}
    host = Given("postgres", reaches="postgres")
    assert values == {"DB_HOST": host, "DB_PASSWORD": Asked("POSTGRES_PASSWORD"), "DB_NAME": Given("shop")}


@pytest.mark.requirement("FS-23")
@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("new Pool();\n", {"PGDATABASE", "PGHOST", "PGPASSWORD", "PGPORT", "PGUSER"}),
        ("new Pool({ connectionString: process.env.DATABASE_URL });\n", {"DATABASE_URL"}),
        ("new Pool({ host: process.env.PGHOST });\n", {"PGHOST"}),
    ],
)
def test_a_client_that_is_told_nothing_finds_its_store_by_itself(
    repository: Repository, code: str, given: set[str]
) -> None:
    imports = "import { Pool } from 'pg';\n"
    api = repository.app("api", imports + server(4100, code), pg="8.0.0").plan().stack.service("api")
    assert api is not None
    assert {each.name for each in api.variables} == given


def test_a_password_is_a_secret_however_short_its_name(repository: Repository) -> None:
    reads = "send(process.env.SMTP_PASS, process.env.MAIL_PWD, process.env.BYPASS);\n"
    api = repository.app("api", server(4100, reads)).plan().stack.service("api")
    assert api is not None
    assert {each.name for each in api.variables if each.secret} == {"SMTP_PASS", "MAIL_PWD"}


def test_the_address_for_browsers_is_published_and_the_one_for_servers_internal(repository: Repository) -> None:
    repository.app("api", server(4100))
    code = server(
        3000, "fetch(process.env.API_INTERNAL_URL ?? 'http://localhost:4100');\nconsole.log(process.env.CORS_ORIGIN);\n"
    )
    repository.app("front", code + "export const api = process.env.NEXT_PUBLIC_API_URL;\n")
    front = repository.plan().stack.service("front")
    assert front is not None
    values = {variable.name: variable.value for variable in front.variables}
    assert fixed(values["API_INTERNAL_URL"]) == "http://api:4100"
    assert values["NEXT_PUBLIC_API_URL"] == Asked("NEXT_PUBLIC_API_URL", "http://localhost:4100", required=False)
    assert [need.name for need in front.needs] == ["api"]


def test_a_path_that_the_code_takes_for_its_api_is_part_of_the_address(repository: Repository) -> None:
    repository.app("api", server(4100))
    repository.app("front", server(3000, "export const api = process.env.NEXT_PUBLIC_API_URL ?? '/v1';\n"))
    front = repository.plan().stack.service("front")
    assert front is not None
    assert [each.value for each in front.variables] == [
        Asked("NEXT_PUBLIC_API_URL", "http://localhost:4100/v1", required=False)
    ]


def test_an_address_follows_a_port_that_bayplan_yaml_changes(repository: Repository) -> None:
    repository.app("api", server(4100))
    repository.app("front", server(3000, "fetch(process.env.BACKEND_URL ?? 'http://localhost:4100');\n"))
    front = repository.plan("services:\n  api: {port: 5000}\n").stack.service("front")
    assert front is not None
    assert [fixed(variable.value) for variable in front.variables] == ["http://api:5000"]


@pytest.mark.requirement("FS-21")
def test_development_decides_the_version_of_a_store(repository: Repository) -> None:
    repository.write("docker-compose.yml", "services:\n  db:\n    image: postgres:16-alpine\n")
    code = server(4100, "new Pool({ connectionString: process.env.DATABASE_URL! });\n")
    (store,) = repository.app("api", code, pg="8.0.0").plan().stack.stores
    assert store.image.value == "postgres:16-alpine"
    assert store.data == "/var/lib/postgresql/data"


def test_the_data_of_postgres_18_is_kept_where_it_is(repository: Repository) -> None:
    code = server(4100, "new Pool({ connectionString: process.env.DATABASE_URL! });\n")
    settings = "stores:\n  postgres: {image: 'postgres:18-alpine'}\n"
    (store,) = repository.app("api", code, pg="8.0.0").plan(settings).stack.stores
    assert store.data == "/var/lib/postgresql"


def test_a_store_that_runs_elsewhere_is_asked_for(repository: Repository) -> None:
    code = server(4100, "new Pool({ connectionString: process.env.DATABASE_URL! });\n")
    stack = repository.app("api", code, pg="8.0.0").plan("stores:\n  postgres: {skip: true}\n").stack
    assert stack.stores == ()
    assert stack.services[0].variables[0].value == Asked("DATABASE_URL")


@pytest.mark.requirement("FS-03")
@pytest.mark.parametrize(
    ("major", "today", "said"),
    [("20", (2026, 4, 29), False), ("20", (2026, 4, 30), True), ("24", (2026, 11, 20), False)],
)
def test_the_end_of_a_majors_life_is_said_from_its_day_on(
    major: str, today: tuple[int, int, int], *, said: bool
) -> None:
    note = node_version.end_of_life(Fact(major, Why("test", "test")), date(*today))
    assert (note is not None) == said


@pytest.mark.requirement("FS-03")
def test_the_base_image_is_the_major_that_was_chosen(repository: Repository) -> None:
    repository.app("api", server(4100))
    assert "FROM node:22-alpine AS run" in repository.plan().files["apps/api/Dockerfile"].text
    assert "FROM node:24-alpine AS run" in repository.plan("node: 24\n").files["apps/api/Dockerfile"].text


@pytest.mark.requirement("FS-01", "FS-02", "FS-11")
def test_the_last_stage_only_copies_and_the_slow_ones_run_on_the_builder(repository: Repository) -> None:
    text = repository.app("api", server(4100), ms="2.1.3").plan().files["apps/api/Dockerfile"].text
    stages = text.split("\nFROM ")
    assert "--platform=$BUILDPLATFORM" in text.split("FROM ", 1)[1].splitlines()[0]
    assert "\nRUN" not in stages[-1]
    assert "corepack" not in text
    assert "npm install -g pnpm@10.34.8" in text


def test_what_must_be_compiled_for_the_target_is_installed_there(repository: Repository) -> None:
    text = repository.app("api", server(4100), better_sqlite3="12.0.0").plan().files["apps/api/Dockerfile"].text
    assert "FROM node:22-alpine AS production" in text
    assert "apk add --no-cache g++ make python3" in text
    assert "better-sqlite3 must be built on the platform it runs on" in text


def test_older_pnpm_is_told_the_platform_in_its_manifest(tmp_path: Path) -> None:
    text = (
        Repository(tmp_path, "pnpm@9.15.9")
        .app("api", server(4100), ms="2.1.3")
        .plan()
        .files["apps/api/Dockerfile"]
        .text
    )
    assert 'npm pkg set "pnpm.supportedArchitectures.os[]=linux"' in text
    assert "--cpu" not in text


def test_migrations_run_to_their_end_before_what_needs_the_tables(repository: Repository) -> None:
    repository.manifest(
        "packages/db",
        {
            "name": "@shop/db",
            "main": "dist/index.js",
            "scripts": {"build": "tsc", "migrate": "node dist/migrate.js"},
            "dependencies": {"pg": "8.0.0"},
        },
    )
    repository.write("packages/db/tsconfig.json", '{"compilerOptions": {"outDir": "dist", "rootDir": "src"}}')
    repository.write("packages/db/src/migrate.ts", "console.log(process.env.DATABASE_URL!);\n")
    stack = repository.app("api", server(4100), at_shop__db="workspace:*").plan().stack
    migrate, api = stack.service("migrate"), stack.service("api")
    assert migrate is not None
    assert api is not None
    assert migrate.role.value is Role.JOB
    assert migrate.image_of == "api"
    assert migrate.workdir == "/app/packages/db"
    assert [need.name for need in api.needs] == ["postgres", "migrate"]


def test_migrations_that_production_cannot_run_are_noted(repository: Repository) -> None:
    content = {
        "name": "api",
        "scripts": {"start": "node index.js", "migrate": "drizzle-kit migrate"},
        "dependencies": {},
    }
    repository.manifest("apps/api", content).write("apps/api/index.js", server(4100))
    notes = [note.text for note in repository.plan().stack.notes]
    assert any("drizzle-kit migrate" in note for note in notes)


@pytest.mark.requirement("FS-07")
def test_a_health_route_is_preferred_and_a_missing_one_noted(repository: Repository) -> None:
    listening = "app.listen(process.env.PORT ?? 4100);\n"
    repository.app("with", f"{EXPRESS}app.get('/users', h);\napp.get('/healthz', h);\n{listening}", express="5.0.0")
    repository.app("without", f"{EXPRESS}{listening}", express="5.0.0")
    stack = repository.plan().stack
    checks = {service.name: service.health for service in stack.services}
    assert checks["with"] is not None
    assert checks["with"].path == "/healthz"
    assert checks["without"] is not None
    assert checks["without"].path is None
    assert any(note.about == "without" and "health route" in note.text for note in stack.notes)


@pytest.mark.requirement("FS-10", "FS-22")
def test_every_variable_is_documented_with_all_that_is_known(repository: Repository) -> None:
    code = server(
        4100,
        "const env = z.object({\n"
        "  JWT_SECRET: z.string(),\n"
        "  MODE: z.enum(['fast', 'slow']).default('fast').describe('How it works'),\n"
        "  TRACE_URL: z.string().url().optional(),\n"
        "}).parse(process.env);\n",
    )
    text = repository.app("api", "import { z } from 'zod';\n" + code, zod="4.0.0").plan().files[".env.example"].text
    assert "Secret: openssl rand -hex 32\nJWT_SECRET=\n" in text
    default = "# Optional; this is the default. One of fast, slow. Read by api at run time.\n"
    assert f"# How it works.\n{default}# MODE=fast\n" in text
    assert "# Optional; this is an example. Read by api at run time.\n# TRACE_URL=https://example.com\n" in text
    assert text.index("# Auth\n") < text.index("JWT_SECRET") < text.index("# Observability\n") < text.index("TRACE_URL")


@pytest.mark.requirement("FS-20", "FS-22")
def test_compose_requires_passes_through_and_escapes(repository: Repository) -> None:
    code = server(4100, "if (!process.env.NEEDED) throw new Error();\nconsole.log(process.env.MAYBE);\n")
    settings = "services:\n  api:\n    variables: {PRICE: '$5'}\n    writable: [/data/$x]\n"
    text = repository.app("api", code).plan(settings).files["docker-compose.prod.yml"].text
    api = yaml.safe_load(text)["services"]["api"]
    assert api["environment"] == {"NEEDED": "${NEEDED:?see .env.example}", "MAYBE": None, "PRICE": "$$5"}
    assert api["tmpfs"] == ["/tmp:size=128m", "/data/$$x:size=128m,uid=1000,gid=1000"]
    assert api["read_only"] is True
    assert api["cap_drop"] == ["ALL"]
    assert api["restart"] == "unless-stopped"


@pytest.mark.requirement("FS-12")
def test_the_context_leaves_out_secrets_and_outputs_but_no_folder_that_is_needed(repository: Repository) -> None:
    repository.write("apps/api/drizzle/0000.sql", "select 1;")
    text = repository.app("api", server(4100)).plan().files[".dockerignore"].text
    lines = text.splitlines()
    assert {"**/.env*", ".git", "**/node_modules", "**/dist", "**/*.tsbuildinfo"} <= set(lines)
    assert "**/drizzle" not in lines


def test_an_install_by_a_manager_that_no_image_is_written_for_is_refused_kindly(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(
        '{"name": "x", "scripts": {"start": "node i.js"}, "packageManager": "yarn@4.5.0"}'
    )
    (tmp_path / "i.js").write_text(server(80))
    (tmp_path / "package-lock.json").write_text('{"name": "x", "lockfileVersion": 3, "packages": {}}')
    from bayplan import pipeline

    with pytest.raises(UsageError, match="installed with yarn"):
        pipeline.plan(tmp_path)


def test_what_would_not_work_is_not_written(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    code = f"{EXPRESS}app.get('/health', h);\napp.listen(process.env.PORT ?? 4100);\n"
    repository.app("api", code, express="5.0.0").plan("services:\n  api: {health: /nowhere}\n")
    assert main(["-C", str(repository.root), "write"]) == 1
    said = capsys.readouterr().out
    assert "unanswered-health-path" in said
    assert "nothing was written" in said
    assert not (repository.root / "docker-compose.prod.yml").exists()
    assert main(["-C", str(repository.root), "write", "--diff"]) == 0
    patch, beside = capsys.readouterr()
    assert patch.startswith("--- /dev/null\n")
    assert "would write none of this" in beside


def test_what_a_next_app_demands_when_it_is_loaded_is_there_when_it_is_built(repository: Repository) -> None:
    fields = "API_URL: z.string().url(), MODE: z.enum(['live', 'test']), SESSION_SECRET: z.string().min(32)"
    repository.app("api", server(4000))
    repository.manifest(
        "apps/web",
        {"name": "web", "scripts": {"build": "next build"}, "dependencies": {"next": "15.1.11", "zod": "3.25.76"}},
    )
    repository.write("apps/web/next.config.mjs", "export default {};\n")
    repository.write("apps/web/app/page.tsx", "export default () => null;\n")
    repository.write(
        "apps/web/env.ts",
        f"import {{ z }} from 'zod';\nexport const env = z.object({{ {fields} }}).parse(process.env);\n",
    )
    dockerfile = repository.plan().overlay["apps/web/Dockerfile"]
    told = "export API_URL=http://api:4000 MODE=live SESSION_SECRET=set-at-run-time-and-not-when-it-is-built && \\\n"
    assert told in dockerfile


def test_a_module_built_on_its_platform_needs_nobody_to_name_the_platform(repository: Repository) -> None:
    repository.app("api", server(3000), bcrypt="5.1.1")
    production = (
        repository.plan().overlay["apps/api/Dockerfile"].partition(" AS production\n")[2].partition("\nFROM")[0]
    )
    assert "apk add --no-cache g++ make python3" in production
    assert "TARGETARCH" not in production


def test_addresses_for_browsers_stand_apart_and_are_noted(repository: Repository) -> None:
    repository.app("api", server(4100))
    repository.app("front", server(3000, "export const api = process.env.NEXT_PUBLIC_API_URL;\n"))
    planned = repository.plan()
    text = planned.files[".env.example"].text
    assert text.index("# Needed on a server") < text.index("# NEXT_PUBLIC_API_URL=http://localhost:4100")
    assert any(note.about == "front" and "this machine only" in note.text for note in planned.stack.notes)


def test_only_what_any_text_will_do_for_is_made_by_a_command(repository: Repository) -> None:
    code = "z.object({ JWT_SECRET: z.string(), STRIPE_SECRET_KEY: z.string() }).parse(process.env);\n"
    text = (
        repository.app("api", "import { z } from 'zod';\n" + server(4100, code), zod="4.0.0")
        .plan()
        .files[".env.example"]
        .text
    )
    assert "Secret: openssl rand -hex 32\nJWT_SECRET=" in text
    assert "Secret, from Stripe's dashboard.\nSTRIPE_SECRET_KEY=" in text


def test_redis_refuses_writes_before_it_is_out_of_memory(repository: Repository) -> None:
    code = server(4100, "new Redis(process.env.REDIS_URL!);\n")
    (store,) = repository.app("api", code, ioredis="5.0.0").plan("stores:\n  redis: {memory: 1GB}\n").stack.stores
    assert store.command[store.command.index("--maxmemory") + 1] == "650mb"


def test_another_script_builds_it_when_bayplan_yaml_says_so(repository: Repository) -> None:
    repository.app("api", server(4100)).plan()
    repository.folders["apps/api"]["scripts"]["build:prod"] = "tsc -p ."
    repository.manifest("apps/api", repository.folders["apps/api"])
    text = repository.plan("services:\n  api: {build: 'build:prod'}\n").files["apps/api/Dockerfile"].text
    assert "pnpm -C apps/api run build:prod" in text
    with pytest.raises(UsageError, match="no script 'buld:prod'") as refused:
        repository.plan("services:\n  api: {build: 'buld:prod'}\n")
    assert "build:prod" in refused.value.remedy


@pytest.mark.parametrize(
    ("ignores", "said"), [(".env*\n", True), (".env.*\n!.env.example\n", False), (".env\nnode_modules\n", False)]
)
def test_documentation_that_git_does_not_keep_is_noted(repository: Repository, ignores: str, *, said: bool) -> None:
    notes = repository.write(".gitignore", ignores).app("api", server(4100)).plan().stack.notes
    assert any(note.about == ".env.example" for note in notes) == said


def test_a_folder_that_is_kept_is_a_volume_that_the_service_owns(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("api", "require('http').createServer().listen(4000);\n")
    planned = repository.plan("services: {api: {keep: [/app/apps/api/uploads, /data]}}\n")
    compose = planned.files["docker-compose.prod.yml"].text
    assert "      - api_uploads:/app/apps/api/uploads\n      - api_data:/data\n" in compose
    assert "volumes:\n  api_uploads:\n  api_data:\n" in compose
    image = planned.files["apps/api/Dockerfile"].text
    made = "USER node\nWORKDIR /app/apps/api/uploads\nWORKDIR /data\nWORKDIR /app/apps/api\nEXPOSE 4000\n"
    assert made in image


def test_two_kept_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("api", "require('http').createServer().listen(4000);\n")
    with pytest.raises(UsageError, match="both would be called api_data"):
        repository.plan("services: {api: {keep: [/a/data, /b/data]}}\n")


def test_browsers_are_told_the_host_name_that_leads_to_a_service(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("api", "require('http').createServer().listen(4000);\n")
    reads = (
        "process.env.NEXT_PUBLIC_API_URL ?? 'http://localhost:4000/v1';\nrequire('http').createServer().listen(3000);\n"
    )
    repository.app("web", reads)
    planned = repository.plan('proxy: {tls: "off", sites: {"api.${DOMAIN}": {to: api}, example.com: {to: web}}}\n')
    text = planned.files["docker-compose.prod.yml"].text
    assert "NEXT_PUBLIC_API_URL: http://api.${DOMAIN:?see .env.example}/v1" in text


def test_a_server_reads_its_public_address_when_it_runs(tmp_path: Path) -> None:
    code = "require('http').createServer().listen(4000);\nprocess.env.PUBLIC_URL;\n"
    planned = Repository(tmp_path).app("api", code).plan()
    assert "    environment:\n      PUBLIC_URL:" in planned.files["docker-compose.prod.yml"].text
    assert "PUBLIC_URL" not in planned.files["apps/api/Dockerfile"].text
