"""What repositories taught that bayplan was not written for."""

import json
from pathlib import Path

import pytest

from bayplan import pipeline
from bayplan.errors import BayplanError
from bayplan.model.parts import Asked
from bayplan.model.stack import Role
from bayplan.passes.apps import service_name
from tests.unit.planning import Repository, server


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def plain(repository: Repository, folder: str, code: str, **more: object) -> Repository:
    """Add an app in JavaScript that nothing builds."""
    content = {"name": folder.replace("/", "-"), "scripts": {"start": "node index.js"}, **more}
    return repository.manifest(folder, content).write(f"{folder}/index.js", code)


@pytest.mark.parametrize("store", ["redis", "postgres", "migrate"])
def test_an_app_never_takes_the_name_of_a_store_or_of_the_migrations(repository: Repository, store: str) -> None:
    (service,) = plain(repository, f"apps/{store}", server(4100)).plan().stack.services
    assert service.name == f"apps-{store}"


def test_no_two_apps_share_a_name(repository: Repository) -> None:
    repository.write("pnpm-workspace.yaml", "packages:\n  - '*/*'\n")
    for number, folder in enumerate(("apps/mailer", "tools/mailer", "apps/a.b", "apps/A-B", "apps/Web.API")):
        plain(repository, folder, server(4100 + number))
    names = [service.name for service in repository.plan().stack.services]
    assert sorted(names) == ["apps-a-b", "apps-a-b-app", "apps-mailer", "tools-mailer", "web-api"]


@pytest.mark.parametrize("main", ["lib", "./lib/index", "lib/index.js"])
def test_a_package_whose_main_is_a_folder_keeps_its_code(repository: Repository, main: str) -> None:
    repository.manifest("packages/kit", {"name": "kit", "main": main})
    repository.write("packages/kit/lib/index.js", "module.exports = 1\n")
    plain(repository, "apps/api", server(4100), dependencies={"kit": "workspace:*"})
    assert (
        "COPY --from=build /app/packages/kit/lib packages/kit/lib"
        in repository.plan().files["apps/api/Dockerfile"].text
    )


def test_one_package_is_one_service_and_the_second_is_told_so(repository: Repository) -> None:
    plain(repository, "apps/api", server(4100))
    settings = "services: {api: {package: apps/api}, mailer: {package: apps/api, command: node mailer.js}}\n"
    with pytest.raises(BayplanError) as refused:
        repository.plan(settings)
    assert "takes the service 'mailer' from apps/api, which is another service already" in refused.value.message


def test_services_that_call_each_other_wait_for_neither(repository: Repository) -> None:
    healthy = "app.get('/health', (q, s) => s.end());\n"
    head = "const app = require('express')();\n" + healthy
    for name, port, code in (
        ("shop", 4100, "fetch(process.env.ADMIN_URL);\n"),
        ("admin", 4101, "fetch(process.env.SHOP_URL);\nfetch(process.env.PRICER_URL);\n"),
        ("pricer", 4102, ""),
    ):
        plain(repository, f"apps/{name}", f"{head}{code}app.listen({port});\n", dependencies={"express": "5.0.0"})
    waits = {each.name: [need.name for need in each.needs] for each in repository.plan().stack.services}
    assert waits == {"admin": ["pricer"], "pricer": [], "shop": []}


def test_what_a_platform_reads_is_no_part_of_an_image(repository: Repository) -> None:
    plain(repository, "apps/api", server(4100)).write("apps/api/railway.json", "{}\n")
    planned = repository.plan("targets: {railway: {json: true}}\n")
    assert "**/railway.json" in planned.files[".dockerignore"].text
    assert "railway.json" not in planned.files["apps/api/Dockerfile"].text


def test_nothing_is_installed_for_a_build_that_there_is_not(repository: Repository) -> None:
    text = plain(repository, "apps/api", server(4100)).plan().files["apps/api/Dockerfile"].text
    assert text.count("pnpm install") == 1
    assert "--prod" in text


def test_a_store_password_under_another_name_is_asked_for_once(repository: Repository) -> None:
    code = server(4100, "new Pool({ host: process.env.DB_HOST, password: process.env.DB_PASSWORD });\n")
    planned = repository.app("api", code, pg="8.0.0").plan()
    (api,) = planned.stack.services
    password = next(variable for variable in api.variables if variable.name == "DB_PASSWORD")
    assert password.value == Asked("POSTGRES_PASSWORD")
    assert "DB_PASSWORD: ${POSTGRES_PASSWORD:?" in planned.files["docker-compose.prod.yml"].text


def test_what_turbo_lets_a_build_see_is_no_build_argument(repository: Repository) -> None:
    repository.write("turbo.json", json.dumps({"globalEnv": ["SESSION_SECRET"], "tasks": {"build": {}}}))
    code = server(4100, "if (!process.env.SESSION_SECRET) throw new Error();\n")
    (api,) = repository.app("api", code).plan().stack.services
    assert [(each.name, each.at_build) for each in api.variables] == [("SESSION_SECRET", False)]


def test_what_ignores_sigterm_gets_an_init_and_a_note(repository: Repository) -> None:
    handler = "process.on('SIGTERM', () => process.exit(0));\n"
    repository.app("deaf", server(4100)).app("kind", server(4101, handler))
    planned = repository.plan()
    inits = {service.name: service.init is not None for service in planned.stack.services}
    assert inits == {"deaf": True, "kind": False}
    assert [note.about for note in planned.stack.notes if "SIGTERM" in note.text] == ["deaf"]
    assert planned.files["docker-compose.prod.yml"].text.count("init: true") == 1


def test_what_ends_itself_by_a_signal_gets_an_init(repository: Repository) -> None:
    code = "const app = await NestFactory.create(M);\napp.enableShutdownHooks();\nawait app.listen(4100);\n"
    head = "import { NestFactory } from '@nestjs/core';\n"
    planned = repository.app("api", head + code, at_nestjs__core="10.0.0").plan()
    assert [service.init is not None for service in planned.stack.services] == [True]
    assert not [note for note in planned.stack.notes if "SIGTERM" in note.text]


@pytest.mark.parametrize(
    ("folder", "name"), [("Öffentliche Seite", "offentliche-seite"), ("Straße", "strasse"), ("店", "app")]
)
def test_a_name_keeps_its_letters_without_their_marks(folder: str, name: str) -> None:
    assert service_name(folder) == name


def test_an_app_called_as_the_proxy_is_another_service(repository: Repository) -> None:
    repository.app("caddy", server(4100))
    stack = repository.plan("proxy:\n  sites:\n    shop.example.com: {to: apps-caddy}\n").stack
    assert [service.name for service in stack.services] == ["apps-caddy"]
    assert stack.proxy is not None
    assert stack.proxy.name == "caddy"


def test_a_dependency_that_the_lockfile_does_not_hold_is_noted(repository: Repository) -> None:
    repository.app("api", server(4100), cors="2.8.5")
    repository.lock()
    assert [note.text for note in repository.plan().stack.notes if note.about == "lockfile"] == []
    api = json.loads((repository.root / "apps/api/package.json").read_text())
    api["dependencies"] |= {"helmet": "^8.0.0", "shared": "link:../../../shared"}
    repository.write("apps/api/package.json", json.dumps(api))
    texts = [note.text for note in pipeline.plan(repository.root).stack.notes if note.about == "lockfile"]
    assert len(texts) == 2
    assert "shared lies outside of the repository (../../../shared)" in texts[0]
    assert "does not hold helmet: run `pnpm install`" in texts[1]


@pytest.mark.parametrize("script", ["npm start -w apps/api", "npm --prefix apps/api start", "pnpm --filter api start"])
def test_a_root_that_only_starts_another_package_is_not_said_to_start_nothing(
    repository: Repository, script: str
) -> None:
    repository.app("api", server(4100))
    repository.manifest(".", repository.folders["."] | {"scripts": {"start": script}})
    stack = repository.plan().stack
    assert [service.name for service in stack.services] == ["api"]
    assert not [note for note in stack.notes if "start" in note.text]


def test_what_serves_the_files_of_another_package_is_told_that_its_image_lacks_them(repository: Repository) -> None:
    imports = "import express from 'express';\nimport path from 'node:path';\n"
    serving = "const app = express();\napp.use(express.static(path.join(__dirname, '../../web/dist')));\n"
    repository.app("api", server(4100, imports + serving), express="5.0.0")
    repository.manifest("apps/web", {"name": "web", "scripts": {"build": "vite build"}})
    (note,) = (note for note in repository.plan().stack.notes if "its image does not hold" in note.text)
    assert note.about == "api"
    assert "apps/web/dist of web" in note.text


def test_of_two_lockfiles_the_one_that_is_too_much_is_named(repository: Repository) -> None:
    repository.app("api", server(4100)).manifest(".", {"name": "shop", "workspaces": ["apps/*"]})
    (repository.root / "pnpm-workspace.yaml").unlink()
    repository.write("package-lock.json", "{}").write("yarn.lock", "# yarn lockfile v1\n")
    with pytest.raises(BayplanError) as refused:
        pipeline.plan(repository.root)
    assert "installed with yarn" in refused.value.message
    assert "if package-lock.json, which is there too, is the one you use, delete" in refused.value.remedy


def test_the_root_is_not_called_a_dot(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "site", "scripts": {"start": "astro dev"}}')
    with pytest.raises(BayplanError) as refused:
        pipeline.plan(tmp_path)
    assert 'the script "start" of the root (`astro dev`) runs astro' in refused.value.message


def migrating(repository: Repository, script: str, **groups: dict[str, str]) -> Repository:
    content = {"name": "@shop/db", "main": "index.js", "scripts": {"migrate": script}, **groups}
    repository.manifest("packages/db", content)
    repository.write("packages/db/index.js", "new Pool({ host: process.env.DB_HOST });\n")
    depending = {"@shop/db": "workspace:*"}
    return plain(repository, "apps/api", server(4100), dependencies=depending)


def test_a_migration_by_a_tool_of_production_runs_in_the_image_of_the_app(repository: Repository) -> None:
    migrating(repository, "typeorm migration:run -d dist/x.js", dependencies={"pg": "8.0.0", "typeorm": "0.3.0"})
    migrate = repository.plan().stack.service("migrate")
    assert migrate is not None
    assert migrate.image_of == "api"
    assert migrate.command.value == ("node_modules/.bin/typeorm", "migration:run", "-d", "dist/x.js")
    assert [need.name for need in migrate.needs] == ["postgres"]


def test_a_migration_by_a_tool_of_development_has_an_image_of_its_own(repository: Repository) -> None:
    migrating(
        repository,
        "dotenv -e ../../.env -- drizzle-kit migrate",
        dependencies={"pg": "8.0.0"},
        devDependencies={"drizzle-kit": "0.31.0"},
    )
    planned = repository.plan()
    migrate = planned.stack.service("migrate")
    assert migrate is not None
    assert migrate.role.value is Role.JOB
    assert migrate.image_of is None
    assert 'CMD ["node_modules/.bin/drizzle-kit", "migrate"]' in planned.files["packages/db/Dockerfile.migrate"].text


def test_only_what_reads_tables_waits_for_the_migrations(repository: Repository) -> None:
    migrating(repository, "node migrate.js", dependencies={"pg": "8.0.0"})
    code = "import { Worker } from 'bullmq';\nnew Worker('mail', work, { url: process.env.REDIS_URL });\n"
    mailer = repository.app("mailer", code, bullmq="5.0.0").plan().stack.service("mailer")
    assert mailer is not None
    assert [need.name for need in mailer.needs] == ["redis"]


def test_a_lockfile_of_another_manager_is_noted(repository: Repository) -> None:
    plain(repository, "apps/api", server(4100)).write("package-lock.json", "{}")
    assert any("package-lock.json" in note.text for note in repository.plan().stack.notes)


def test_a_root_that_only_starts_the_others_is_no_app_and_no_note(repository: Repository) -> None:
    content = {"name": "shop", "packageManager": "pnpm@10.34.8", "scripts": {"start": "pnpm -r --parallel start"}}
    plain(repository, "apps/api", server(4100)).manifest(".", content)
    stack = repository.plan().stack
    assert [service.name for service in stack.services] == ["api"]
    assert not any("shop" in note.about for note in stack.notes)


def test_a_database_in_a_file_is_noted_and_compiled_where_it_runs(repository: Repository) -> None:
    repository.app("api", server(4100), better_sqlite3="12.0.0")
    planned = repository.plan()
    assert any("better-sqlite3" in note.text and "volume" in note.text for note in planned.stack.notes)
    kept = repository.plan("services: {api: {keep: [/data]}}\n").stack
    assert not any("better-sqlite3" in note.text for note in kept.notes)
    assert planned.files["apps/api/Dockerfile"].text.count("apk add") == 2


def static_beside_an_api(repository: Repository) -> Repository:
    plain(repository, "apps/api", server(4100))
    content = {"name": "site", "scripts": {"build": "vite build"}, "devDependencies": {"vite": "7.0.0"}}
    return repository.manifest("apps/site", content).write("apps/site/index.html", "<html></html>")


def test_a_static_site_is_served_on_this_machine_until_it_has_a_host_name(repository: Repository) -> None:
    planned = static_beside_an_api(repository).plan()
    roles = {service.name: str(service.role.value) for service in planned.stack.services}
    assert roles == {"api": "web", "site": "files"}
    assert planned.stack.service("api").binding is not None  # type: ignore[union-attr]
    assert planned.files["Caddyfile"].text.startswith("http://localhost {\n")
    assert '"127.0.0.1:8080:80"' in planned.files["docker-compose.prod.yml"].text
    (note,) = [note for note in planned.stack.notes if note.about == "site"]
    assert "http://localhost:8080" in note.text
    assert "proxy.sites" in note.text


def test_a_static_site_that_no_host_name_leads_to_is_left_out_and_said_so(repository: Repository) -> None:
    stack = static_beside_an_api(repository).plan("proxy: {sites: {example.com: {to: api}}}\n").stack
    assert [service.name for service in stack.services] == ["api"]
    assert any(note.about == "site" and "static site" in note.text for note in stack.notes)


def test_redis_has_a_password_where_the_code_reads_one_and_every_address_holds_it(repository: Repository) -> None:
    reading = "const redis = { host: process.env.REDIS_HOST, password: process.env.REDIS_PASSWORD };\n"
    repository.app("api", server(4100, reading), ioredis="5.0.0")
    repository.app("web", server(4101, "connect(process.env.REDIS_URL);\n"), ioredis="5.0.0")
    text = repository.plan().files["docker-compose.prod.yml"].text
    assert "--requirepass" not in text
    assert 'requirepass "$$REDISCLI_AUTH"' in text
    assert "REDISCLI_AUTH: ${REDIS_PASSWORD:?see .env.example}" in text
    assert "      REDIS_PASSWORD: ${REDIS_PASSWORD:?see .env.example}" in text
    assert "REDIS_URL: redis://:${REDIS_PASSWORD:?see .env.example}@redis:6379" in text


def test_redis_has_no_password_where_no_code_reads_one(repository: Repository) -> None:
    repository.app("web", server(4101, "connect(process.env.REDIS_URL);\n"), ioredis="5.0.0")
    text = repository.plan().files["docker-compose.prod.yml"].text
    assert "requirepass" not in text
    assert "REDIS_URL: redis://redis:6379" in text


def test_without_a_variable_there_is_no_list_of_variables(repository: Repository) -> None:
    code = "require('node:http').createServer().listen(4100)\n"
    assert ".env.example" not in plain(repository, "apps/api", code).plan().files


def test_a_tool_of_development_is_installed_where_it_runs() -> None:
    case = Path(__file__).parents[1] / "cases" / "migration-tool" / "repo"
    text = pipeline.plan(case).files["packages/db/Dockerfile.migrate"].text
    assert "pnpm install --frozen-lockfile" in text


def test_where_nothing_can_be_started_each_package_says_why(repository: Repository) -> None:
    unread = {"name": "b", "scripts": {"start": "node $(cat x)"}}
    repository.manifest("packages/lib", {"name": "lib", "main": "index.js"}).manifest("apps/b", unread)
    repository.manifest("apps/c", {"name": "c", "main": "x.js", "scripts": {"start": "vite dev"}})
    repository.manifest("apps/d", {"name": "d", "main": "x.js"}).manifest("apps/e", {"name": "e"})
    with pytest.raises(BayplanError) as empty:
        repository.plan("services: {d: {skip: true, package: apps/d}}\n")
    unreadable = '  the script "start" of apps/b (`node $(cat x)`) could not be read'
    assert empty.value.message.splitlines() == [
        "nothing in this repository can be started",
        f"{unreadable}; name it: services.b.command in bayplan.yaml (apps/b/package.json:4)",
        '  the script "start" of apps/c (`vite dev`) runs vite, which is nothing to run here (apps/c/package.json:5)',
        "  apps/d is a library: other packages import it, and no script starts it (apps/d/package.json:2)",
        "  apps/e has no start script (apps/e/package.json:2)",
        "  packages/lib is a library: other packages import it, and no script starts it (packages/lib/package.json:2)",
    ]
