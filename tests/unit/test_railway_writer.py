"""The project that is written for Railway, as bayplan's own reader understands it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bayplan import pipeline
from bayplan.formats import railway, railway_code
from bayplan.model.config import GithubConfig, RailwayConfig, TargetsConfig
from bayplan.model.deployment import DeployedService
from bayplan.model.image import Command, Copy, Environment, Image, Run, Stage, Workdir
from bayplan.model.parts import Asked, Binding, Composed, Given, Health, Limits, Link, Mount, Part, Variable
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.source import Fact, Why
from bayplan.writers import railway as writer
from bayplan.writers import write_all

EXAMPLES = Path(__file__).parents[2] / "examples"
BECAUSE = Why("test", "it is a test")
MAIN = ".railway/railway.ts"


def planned(example: str) -> Stack:
    return pipeline.plan(EXAMPLES / example / "repo").stack


def written(stack: Stack, wanted: RailwayConfig | None = None, **targets: Any) -> dict[str, Rendered]:
    return dict(writer.write(replace(stack, targets=TargetsConfig(railway=wanted or RailwayConfig(), **targets))))


def project(stack: Stack, wanted: RailwayConfig | None = None, **targets: Any) -> str:
    (text,) = [file.text for path, file in written(stack, wanted, **targets).items() if path.endswith(".ts")]
    assert railway_code.parse(text, MAIN).irregular == ()
    return text


def read(text: str, name: str) -> DeployedService:
    return next(each for each in railway_code.parse(text, MAIN).services if each.name == name)


def told(text: str, name: str) -> dict[str, str]:
    """Return what a service is told, as it is written."""
    source = text.splitlines()
    return {
        key: source[value.at.line - 1].strip().removeprefix(f"{key}: ").removesuffix(",")
        for key, value in read(text, name).environment.items()
    }


def image(name: str, *steps: Environment, context: str = ".") -> Image:
    last = Stage(
        "run", "node:22-alpine", (*steps, Workdir("/app", BECAUSE), Command(("node", "a.js"), BECAUSE)), BECAUSE
    )
    return Image(f"{name}/Dockerfile", context, (last,))


def service(name: str, *variables: Variable, **more: Any) -> Service:
    given: dict[str, Any] = {"role": Fact(Role.WEB, BECAUSE), "image": image(name), "port": Fact(3000, BECAUSE), **more}
    command: Fact[tuple[str, ...]] = Fact(("node", "a.js"), BECAUSE)
    return Service(name, name, command=command, limits=Limits(512, 1.0), variables=variables, **given)


def variable(name: str, value: Given | Asked | Composed, **more: Any) -> Variable:
    return Variable(name, value, BECAUSE, **more)


def store(kind: str, image_name: str, *variables: Variable, **more: Any) -> Store:
    health = Health(BECAUSE, command=("true",))
    volume, limits = f"{kind}_data", Limits(512, 1.0)
    return Store(
        kind, kind, Fact(image_name, BECAUSE), 3306, health, "/data", volume, limits, BECAUSE, variables, **more
    )


def stack(*services: Service, stores: tuple[Store, ...] = (), **more: Any) -> Stack:
    return Stack("shop", more.pop("environment", "production"), Fact("22", BECAUSE), services, stores, **more)


def test_nothing_is_written_for_those_who_do_not_ask() -> None:
    assert writer.write(replace(planned("forgestack"), targets=TargetsConfig())) == {}


@pytest.mark.requirement("FS-31")
def test_forgestack_is_one_project_of_all_services_and_where_asked_a_file_for_each() -> None:
    files = written(planned("forgestack"), RailwayConfig(json=True))
    assert sorted(files) == [
        ".railway/railway.ts",
        "apps/api/railway.json",
        "apps/web/railway.json",
        "apps/worker/railway.json",
    ]
    code = railway_code.parse(files[MAIN].text, MAIN)
    assert [(each.name, each.kind) for each in code.services] == [
        ("postgres", "store"),
        ("redis", "store"),
        ("api", "web"),
        ("web", "web"),
        ("worker", ""),
    ]
    for app, path in (("api", "/api/health"), ("web", "/api/health"), ("worker", None)):
        old, new = json.loads(files[f"apps/{app}/railway.json"].text), read(files[MAIN].text, app)
        assert old["build"]["builder"] == "DOCKERFILE"
        assert old["build"]["dockerfilePath"] == f"apps/{app}/Dockerfile"
        assert new.dockerfile is not None
        assert new.dockerfile.value == f"apps/{app}/Dockerfile"
        for deploy in (old["deploy"], {key.removeprefix("deploy."): each.value for key, each in new.settings.items()}):
            assert deploy["restartPolicyType"] == "ON_FAILURE"
            assert int(deploy["restartPolicyMaxRetries"]) == 3
        assert old["deploy"].get("healthcheckPath") == path
        assert old["deploy"].get("healthcheckTimeout") == (120 if path else None)
        assert (new.health_path.value if new.health_path else None) == path
        assert ("healthcheckTimeout" in new.settings) is (path is not None)


def test_a_railway_json_is_what_railway_takes_but_for_its_end() -> None:
    files = written(planned("forgestack"), RailwayConfig(json=True))
    for path, file in files.items():
        if path.endswith(".json"):
            (irregular,) = railway.parse(file.text, path).irregular
            assert "2026-12-01" in irregular.message
            assert file.why(1) is not None


def test_whoever_asks_for_the_old_files_is_told_of_their_end(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(EXAMPLES / "forgestack" / "repo", tmp_path / "shop")
    config = tmp_path / "shop" / "bayplan.yaml"
    config.write_text(config.read_text().replace("railway: {}", "railway: { json: true }"))
    notes = [note.text for note in pipeline.plan(tmp_path / "shop").stack.notes if note.about == "railway"]
    assert any("2026-12-01" in note and "cannot be in both" in note for note in notes)


def test_the_api_of_forgestack_is_told_by_reference() -> None:
    text = project(planned("forgestack"))
    api = told(text, "api")
    assert api["PORT"] == '"4000"'
    assert api["DATABASE_URL"] == "postgresDatabase.env.DATABASE_URL"
    assert api["REDIS_URL"] == "redisDatabase.env.REDIS_URL"
    assert api["CORS_ORIGIN"] == '"https://${{web.RAILWAY_PUBLIC_DOMAIN}}"'
    assert {api["JWT_SECRET"], api["LOG_LEVEL"]} == {"preserve()"}
    web = told(text, "web")
    assert web["NEXT_PUBLIC_API_URL"] == '"https://${{api.RAILWAY_PUBLIC_DOMAIN}}"'
    assert web["API_INTERNAL_URL"] == '"http://${{api.RAILWAY_PRIVATE_DOMAIN}}:4000"'


def test_migrations_run_in_the_new_image_before_it_starts() -> None:
    release = read(project(planned("forgestack")), "api").release
    assert release is not None
    assert release.value == ("sh /release.sh",)
    release = read(project(planned("whereabouts")), "backend").release
    assert release is not None
    assert release.value == ("../../node_modules/.bin/knex migrate:latest --knexfile dist/knexfile.js",)


def test_only_changes_that_reach_an_image_deploy_it() -> None:
    worker = read(project(planned("forgestack")), "worker").settings
    watched = {each.value for key, each in worker.items() if key.startswith("build.watchPatterns")}
    assert {"/apps/worker/**", "/packages/db/**", "/pnpm-lock.yaml"} <= watched
    assert not any(path.startswith(("/apps/api", "/packages/ui")) for path in watched)


def test_an_environment_has_a_file_of_its_own_that_is_for_no_other() -> None:
    (path,) = written(planned("cipherbox"))
    assert path == ".railway/railway.staging.ts"
    text = project(planned("cipherbox"))
    assert 'if (!ctx.isEnvironment("staging")) throw' in text
    assert f"railway config apply --file {path}" in text


def test_a_secret_of_two_services_is_a_shared_variable() -> None:
    text = project(planned("cipherbox"))
    values = {told(text, name)["TEE_WORKER_SECRET"] for name in ("api", "tee-worker")}
    assert values == {"ctx.shared.TEE_WORKER_SECRET"}
    assert "Shared variables, which the settings of the project hold: TEE_WORKER_SECRET\n" in text


def test_a_service_of_another_workspace_is_built_from_its_folder() -> None:
    tee = read(project(planned("cipherbox")), "tee-worker")
    assert tee.context is not None
    assert tee.context.value == "tee-worker"
    assert tee.dockerfile is not None
    assert tee.dockerfile.value == "tee-worker/Dockerfile"


def test_the_default_of_a_secret_stands_in_no_file_and_railway_is_told() -> None:
    secret = Variable("API_KEY", Asked("API_KEY", "dev-only", required=False), BECAUSE, required=False, secret=True)
    text = project(stack(service("api", secret)))
    assert "dev-only" not in text
    assert "`railway variable set API_KEY --stdin --service api`" in text


def test_what_takes_long_to_start_is_asked_for_as_long(tmp_path: Path) -> None:
    from tests.unit.planning import Repository, server

    config = "services: { api: { start: 10m, health: /health } }\ntargets: { railway: { json: true } }\n"
    files = Repository(tmp_path).app("api", server(4000)).plan(config).files
    assert "healthcheckTimeout: 600," in files[MAIN].text
    assert json.loads(files["apps/api/railway.json"].text)["deploy"]["healthcheckTimeout"] == 600


def test_files_are_served_by_an_image_of_their_own() -> None:
    text = project(planned("cipherbox"))
    web = read(text, "web")
    assert web.dockerfile is not None
    assert web.dockerfile.value == "apps/web/Dockerfile.serve"
    assert web.health_path is not None
    assert web.mounts == ()
    assert told(text, "web") == {"PORT": '"8080"', "VITE_API_URL": '"https://${{api.RAILWAY_PUBLIC_DOMAIN}}"'}


def test_a_database_that_railway_does_not_have_runs_from_its_image_in_a_folder_of_its_volume() -> None:
    text = project(planned("everyskill"))
    postgres = read(text, "postgres")
    assert postgres.image is not None
    assert postgres.image.value == "pgvector/pgvector:pg17"
    assert [(each.source, each.target) for each in postgres.mounts] == [("postgres_data", "/var/lib/postgresql/data")]
    assert postgres.environment["PGDATA"].value == "/var/lib/postgresql/data/pgdata"
    assert told(text, "postgres").items() >= {"POSTGRES_PASSWORD": "preserve()", "POSTGRES_USER": '"app"'}.items()
    url = read(text, "web").environment["DATABASE_URL"].value
    assert (
        url == "postgresql://app:${{postgres.POSTGRES_PASSWORD}}@${{postgres.RAILWAY_PRIVATE_DOMAIN}}:5432/everyskill"
    )


def test_a_job_with_an_image_of_its_own_is_a_service_that_ends() -> None:
    text = project(planned("everyskill"))
    assert read(text, "migrate").settings["deploy.restartPolicyType"].value == "ON_FAILURE"
    assert "// Runs with each of its deployments" in text


def test_a_repository_a_branch_and_a_region_are_said_where_they_are_known() -> None:
    wanted = RailwayConfig(repo="example/shop", branch="release", region="europe-west4")
    text = project(planned("cipherbox"), wanted, github=GithubConfig())
    api, tee = (read(text, name).settings for name in ("api", "tee-worker"))
    assert api["source.repo"].value == "example/shop"
    assert api["source.branch"].value == "release"
    assert api["source.checkSuites"].value == "true"
    assert tee["source.rootDirectory"].value == "tee-worker"
    assert api["replicas.europe-west4"].value == "1"
    assert 'postgres("postgres", { region: "europe-west4" })' in text
    assert 'volume("ipfs_staging", { region: "europe-west4" })' in text
    assert "railway up" not in text


def test_a_version_that_is_not_the_images_is_said() -> None:
    postgres = store("postgres", "postgres:15-alpine")
    assert "// PostgreSQL 18, Railway's own version; elsewhere it is 15." in project(
        stack(service("a"), stores=(postgres,))
    )
    same = store("postgres", "postgres:18-alpine")
    assert "Railway's own version" not in project(stack(service("a"), stores=(same,)))


def test_a_store_is_told_by_a_command_that_takes_the_place_of_its_entry_point() -> None:
    secret = Asked("MARIADB_PASSWORD")
    mariadb = store("mariadb", "mariadb:11", variable("MARIADB_PASSWORD", secret))
    url = Composed((Given("mysql://app:"), secret, Given("@"), Given("mariadb", "mariadb"), Given(":3306/shop")))
    api = service(
        "api",
        variable("DB_HOST", Given("mariadb", "mariadb"), leads_to=Link("mariadb", Part.HOST)),
        variable("DB_PASSWORD", secret, leads_to=Link("mariadb", Part.PASSWORD), secret=True),
        variable("DATABASE_URL", url, leads_to=Link("mariadb", Part.URL)),
    )
    text = project(stack(api, stores=(mariadb,)))
    command = read(text, "mariadb").command
    assert command is not None
    assert command.value == ("docker-entrypoint.sh mariadbd --datadir=/data/mysql",)
    assert told(text, "api") == {
        "PORT": '"3000"',
        "DB_HOST": '"${{mariadb.RAILWAY_PRIVATE_DOMAIN}}"',
        "DB_PASSWORD": '"${{mariadb.MARIADB_PASSWORD}}"',
        "DATABASE_URL": '"mysql://app:${{mariadb.MARIADB_PASSWORD}}@${{mariadb.RAILWAY_PRIVATE_DOMAIN}}:3306/shop"',
    }


def test_a_command_with_a_variable_in_it_has_a_shell() -> None:
    valkey = store("valkey", "valkey/valkey:8", command=("valkey-server", "--requirepass", Asked("VALKEY_PASSWORD")))
    command = read(project(stack(service("a"), stores=(valkey,))), "valkey").command
    assert command is not None
    expected = "sh -c 'exec docker-entrypoint.sh valkey-server --requirepass \"$VALKEY_PASSWORD\"'"
    assert command.value == (expected,)


def test_one_volume_is_mounted_by_root_and_the_others_are_named() -> None:
    mounts = (Mount("uploads", "/app/uploads", BECAUSE), Mount("cache", "/app/cache", BECAUSE))
    text = project(stack(service("api", mounts=mounts)))
    assert [(each.source, each.target) for each in read(text, "api").mounts] == [("uploads", "/app/uploads")]
    assert told(text, "api")["RAILWAY_RUN_UID"] == '"0"'
    assert "// Railway mounts one volume: /app/cache is gone with each deployment." in text
    assert 'volume("cache")' not in text, "nothing would mount it"


def test_what_mounts_a_volume_is_one_and_none_is_not_said() -> None:
    mounts = (Mount("uploads", "/app/uploads", BECAUSE),)
    for each in (service("api", mounts=mounts, replicas=3), service("api", replicas=0)):
        assert "replicas" not in read(project(stack(each)), "api").settings


def test_a_server_that_others_reach_listens_on_ipv6_too() -> None:
    listens = Environment((("HOSTNAME", "0.0.0.0"),), BECAUSE)  # noqa: S104
    web = service("web", image=image("web", listens))
    reader = service("api", variable("WEB", Composed((Given("http://"), Given("web", "web"), Given(":3000")))))
    assert told(project(stack(web, reader)), "web")["HOSTNAME"] == '"::"'
    assert "HOSTNAME" not in told(project(stack(web)), "web")


def test_ends_overlaps_and_replicas_are_said() -> None:
    api = read(project(stack(service("api", grace_seconds=45, replicas=3))), "api").settings
    assert (api["deploy.drainingSeconds"].value, api["deploy.overlapSeconds"].value) == ("45", "10")
    assert api["replicas"].value == "3"
    worker = read(project(stack(service("w", port=None, role=Fact(Role.WORKER, BECAUSE)))), "w").settings
    assert "deploy.overlapSeconds" not in worker


def test_values_are_texts_whatever_they_hold() -> None:
    for text in ('"; process.exit(1); "', "`${x}`", "\u2028\u202e\\", "*/ // <!--"):
        assert read(project(stack(service("a", variable("A", Given(text))))), "a").environment["A"].value == text


def test_defaults_are_said_but_no_secret_and_no_address_of_this_machine() -> None:
    text = project(
        stack(
            service(
                "a",
                variable("LEVEL", Asked("LEVEL", "info", required=False)),
                variable("TOKEN", Asked("TOKEN", "dev", required=False), secret=True),
                variable("API_URL", Asked("API_URL", "http://localhost:4000", required=False), for_browsers=True),
            )
        )
    )
    assert told(text, "a") == {"PORT": '"3000"', "LEVEL": '"info"', "TOKEN": "preserve()", "API_URL": "preserve()"}


def test_the_commands_for_public_addresses_are_there() -> None:
    text = project(stack(service("api", binding=Binding(3000, "", BECAUSE)), service("inner")))
    assert "//   railway domain --service api --port 3000\n" in text
    assert "--service inner" not in text


def test_brackets_of_folders_are_no_patterns() -> None:
    copied = Copy(("app/[slug]",), "app/", BECAUSE, whole=True)
    built = Image(
        "Dockerfile", ".", (Stage("build", "node:22", (copied, Run(("x",), BECAUSE)), BECAUSE), *image("a").stages)
    )
    text = project(stack(service("a", image=built)))
    assert '"/app/\\\\[slug\\\\]/**"' in text


def test_images_are_built_without_cache_mounts_where_railway_builds_them() -> None:
    files = write_all([planned("forgestack")])
    assert "--mount=type=cache" not in files["apps/api/Dockerfile"].text


def test_every_line_has_a_reason() -> None:
    (file,) = written(planned("forgestack")).values()
    for number, line in enumerate(file.text.splitlines(), 1):
        if line.strip(" })];,") and "railway/iac" not in line and "defineRailway(" not in line and "return" not in line:
            assert file.why(number) is not None, line
