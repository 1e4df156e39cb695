"""What is written for Fly: an app for each service and each store, and what it says of them."""

import shlex
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bayplan import pipeline
from bayplan.formats import fly as fly_format
from bayplan.model.config import FlyConfig, TargetsConfig
from bayplan.model.front import Site
from bayplan.model.image import Environment
from bayplan.model.parts import Asked, Given, Health, Limits, Link, Mount, Part, Variable
from bayplan.model.stack import Service, Stack, Store
from bayplan.pipeline import Planned
from bayplan.source import Why
from bayplan.writers import fly, fly_apps, fly_parts
from tests.unit.planning import Repository, server

EXAMPLES = Path(__file__).parents[2] / "examples"
WHY = Why("test", "a test says so")
FLY = "targets: { fly: { region: ams } }"


def read(files: dict[str, Any]) -> dict[str, Any]:
    return {path: tomllib.loads(file.text) for path, file in files.items()}


@cache
def planned(name: str) -> Planned:
    return pipeline.plan(EXAMPLES / name / "repo")


def example(name: str) -> dict[str, Any]:
    return read({path: file for path, file in planned(name).files.items() if path.endswith("toml")})


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return a stack of an API that takes jobs from Redis and of a web app that calls it."""
    repository = Repository(tmp_path)
    health = "import express from 'express'; express().get('/up', (_, r) => r.send()).listen(4000);\n"
    repository.app("api", health + "new Queue(process.env.REDIS_URL!);\n", express="5.1.0", bullmq="5.81.5")
    repository.app("web", server(3000, "fetch(process.env.API_URL ?? 'http://localhost:4000');\n"))
    return repository.plan(FLY).stack


def of(stack: Stack, name: str) -> Service:
    return next(each for each in stack.services if each.name == name)


def changed(stack: Stack, name: str, **fields: Any) -> Stack:
    services = tuple(replace(each, **fields) if each.name == name else each for each in stack.services)
    return replace(stack, services=services)


def app(stack: Stack, path: str) -> Any:
    return read(fly.write(stack))[path]


@pytest.mark.requirement("FS-30")
def test_forgestack_has_a_file_for_each_app() -> None:
    files = example("forgestack")
    api, web, worker = (files[f"fly.{name}.toml"] for name in ("api", "web", "worker"))
    for each in (api, web, worker):
        assert each["primary_region"] == "ams"
        assert len(each["vm"]) == 1
    for each, port in ((api, 4000), (web, 3000)):
        service = each["http_service"]
        assert service["internal_port"] == port
        assert service["force_https"] is True
        assert (service["auto_stop_machines"], service["auto_start_machines"]) == ("stop", True)
        assert service["min_machines_running"] == 1
        (check,) = service["checks"]
        assert check["path"] == "/api/health"
        assert check["grace_period"]
    assert [each["vm"][0]["memory"] for each in (api, worker, web)] == ["512mb", "512mb", "1gb"]
    assert worker["processes"] == {"worker": "node dist/index.js"}
    assert "http_service" not in worker
    assert "services" not in worker
    assert "checks" not in worker


@pytest.mark.requirement("FS-30")
def test_the_files_of_forgestack_agree_with_its_images() -> None:
    found = planned("forgestack")
    _, deployment, findings = pipeline.check_with(found, found.overlay)
    apps = [each for each in deployment.platform_services if each.platform == "fly"]
    assert {each.name for each in apps} == {f"forgestack-{n}" for n in ("api", "web", "worker", "postgres", "redis")}
    assert findings == ()


def test_the_worker_is_told_to_end_and_has_its_time() -> None:
    worker = example("forgestack")["fly.worker.toml"]
    assert (worker["kill_signal"], worker["kill_timeout"]) == ("SIGTERM", "30s")


def test_migrations_run_in_the_new_image_before_it_starts() -> None:
    api = example("forgestack")["fly.api.toml"]
    argv = shlex.split(api["deploy"]["release_command"])
    assert argv == ["sh", "/release.sh"]


def test_addresses_are_those_of_the_other_apps() -> None:
    files = example("forgestack")
    assert files["fly.web.toml"]["build"]["args"] == {"NEXT_PUBLIC_API_URL": "https://forgestack-api.fly.dev"}
    assert files["fly.web.toml"]["env"] == {"API_INTERNAL_URL": "http://forgestack-api.internal:4000"}
    assert files["fly.api.toml"]["env"]["CORS_ORIGIN"] == "https://forgestack-web.fly.dev"
    assert files["fly.worker.toml"]["env"]["REDIS_URL"] == "redis://forgestack-redis.internal:6379?family=0"


def test_no_secret_stands_in_a_file_and_its_name_stands_above() -> None:
    text = planned("forgestack").files["fly.api.toml"].text
    assert "postgresql://" not in text
    head = text.partition('\napp = "')[0]
    assert all(name in head for name in ("fly secrets import", "DATABASE_URL", "JWT_SECRET", "S3_BUCKET"))
    assert "REDIS_URL" not in head


def test_a_database_keeps_its_data_below_what_a_fresh_volume_holds() -> None:
    postgres = example("forgestack")["fly.postgres.toml"]
    assert postgres["build"] == {"image": "postgres:15-alpine"}
    assert postgres["env"]["PGDATA"].startswith(postgres["mounts"]["destination"] + "/")
    assert postgres["kill_signal"] == "SIGINT", "a fast shutdown: SIGTERM would wait for every client"
    assert "POSTGRES_PASSWORD" not in postgres["env"]
    assert "http_service" not in postgres
    assert "services" not in postgres
    assert postgres["checks"]["postgres"]["port"] == 5432


def test_redis_drops_no_job_and_steps_down_where_a_shell_reads_its_password() -> None:
    assert "--maxmemory-policy noeviction" in example("forgestack")["fly.redis.toml"]["processes"]["app"]
    shell, option, script = shlex.split(example("cipherbox")["fly.staging.redis.toml"]["processes"]["app"])
    assert (shell, option) == ("sh", "-c")
    assert script.startswith("exec docker-entrypoint.sh redis-server - ")
    assert '"$REDISCLI_AUTH"' in script


def test_what_is_built_from_a_folder_of_its_own_has_its_file_there() -> None:
    files = example("cipherbox")
    worker = files["tee-worker/fly.staging.toml"]
    assert worker["build"] == {"dockerfile": "Dockerfile"}
    assert worker["checks"]["tee-worker"]["path"] == "/health"
    assert "http_service" not in worker, "nobody outside calls it"
    stack = planned("cipherbox").stack
    assert fly_apps.deploy(stack, "tee-worker") == ("fly", "deploy", "tee-worker", "--config", "fly.staging.toml")
    assert fly_apps.deploy(stack, "api") == ("fly", "deploy", "--config", "fly.staging.api.toml")


def test_what_the_code_may_leave_out_and_a_store_asks_for_is_set_too() -> None:
    stack = planned("cipherbox").stack
    assert "REDIS_PASSWORD" in fly_apps.set_before(stack, "api")
    assert fly_apps.set_before(stack, "redis") == ("REDISCLI_AUTH",)


def test_kubo_listens_on_the_private_network_too() -> None:
    ipfs = example("cipherbox")["fly.staging.ipfs.toml"]
    script = ipfs["experimental"]["entrypoint"][-1]
    assert "/ip6/::/tcp/5001" in script
    assert script.endswith("exec start_ipfs daemon --migrate=true")


def test_a_job_with_an_image_of_its_own_runs_once_and_leaves_no_machine() -> None:
    migrate = example("everyskill")["fly.migrate.toml"]
    assert migrate["build"] == {"dockerfile": "packages/db/Dockerfile.migrate"}
    assert migrate["deploy"] == {"release_command": "node dist/migrate.js"}
    assert migrate.keys() == {"app", "primary_region", "build", "deploy", "vm"}
    stack = planned("everyskill").stack
    assert fly_apps.deploy(stack, "migrate")[-1] == "--update-only"
    order = fly_apps.deployed(stack)
    assert order.index("postgres") < order.index("migrate") < order.index("web")


def test_where_nothing_but_a_job_runs_it_has_its_file_too(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("seed", "console.log(1);\n")
    files = repository.plan(f"services: {{ seed: {{ role: job }} }}\n{FLY}").files
    assert [path for path in files if path.endswith("toml")] == ["fly.seed.toml"]


def test_a_deployment_waits_for_what_takes_long_to_start(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("api", f"{server(4000)}app.get('/health', f);\n", express="4.0.0")
    api = repository.plan(f"services: {{ api: {{ start: 10m, health: /health }} }}\n{FLY}").files["fly.api.toml"]
    assert tomllib.loads(api.text)["deploy"] == {"wait_timeout": "600s"}


def test_what_a_build_can_do_without_is_named_too(stack: Stack) -> None:
    wanted = Variable("VITE_TITLE", Asked("VITE_TITLE", required=False), WHY, required=False, at_build=True)
    text = fly.write(changed(stack, "api", variables=(wanted,)))["fly.api.toml"].text
    assert "# Given to `fly deploy` by --build-arg NAME=value: where it is wanted, VITE_TITLE\n" in text


def test_the_default_of_a_secret_stands_in_no_file_and_is_asked_for(stack: Stack) -> None:
    secret = Variable("API_KEY", Asked("API_KEY", "dev-only", required=False), WHY, required=False, secret=True)
    changed_stack = changed(stack, "api", variables=(secret,))
    assert fly_apps.set_before(changed_stack, "api") == ("API_KEY",)
    assert "dev-only" not in fly.write(changed_stack)["fly.api.toml"].text


def test_without_a_target_nothing_is_written(stack: Stack) -> None:
    assert fly.write(replace(stack, targets=TargetsConfig())) == {}
    assert fly.write(replace(stack, services=())) == {}


def test_a_region_that_nobody_chose_says_how_to_choose_one(stack: Stack) -> None:
    text = fly.write(replace(stack, targets=TargetsConfig(fly=FlyConfig())))["fly.api.toml"].text
    said = "# `fly platform regions` lists the others; targets.fly.region in bayplan.yaml chooses one."
    assert f'{said}\nprimary_region = "iad"' in text


def test_another_environment_has_files_and_apps_of_its_own(stack: Stack) -> None:
    staging = replace(stack, environment="staging", project="shop_staging")
    files = read(fly.write(staging))
    assert files.keys() == {"fly.staging.api.toml", "fly.staging.web.toml", "fly.staging.redis.toml"}
    assert files["fly.staging.api.toml"]["app"] == "shop-staging-api"
    assert files["fly.staging.web.toml"]["env"]["API_URL"] == "http://shop-staging-api.internal:4000"


def test_what_listens_on_ipv4_alone_is_told_to_listen_on_both_when_others_call_it(stack: Stack) -> None:
    api = of(stack, "api")
    last = api.image.stages[-1]
    bound = replace(last, steps=(*last.steps, Environment((("HOSTNAME", "0.0.0.0"),), WHY)))  # noqa: S104
    image = replace(api.image, stages=(*api.image.stages[:-1], bound))
    assert app(changed(stack, "api", image=image), "fly.api.toml")["env"]["HOSTNAME"] == "::"
    web = replace(of(stack, "web").image, stages=(*of(stack, "web").image.stages[:-1], bound))
    assert "HOSTNAME" not in app(changed(stack, "web", image=web), "fly.web.toml").get("env", {})


def test_a_service_without_a_health_route_is_asked_whether_its_port_is_open(stack: Stack) -> None:
    web = app(changed(stack, "web", health=None), "fly.web.toml")
    assert "checks" not in web["http_service"]
    assert web["checks"]["web"]["type"] == "tcp"


def test_headers_of_the_proxy_are_those_of_flys_proxy(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("api", server(4000))
    found = repository.plan(
        f"{FLY}\nproxy:\n  sites:\n    a.example.com: {{ to: api, headers: {{ X-Frame-Options: DENY }} }}\n"
    )
    service = app(found.stack, "fly.api.toml")["http_service"]
    assert service["http_options"]["response"]["headers"] == {"X-Frame-Options": "DENY"}
    assert isinstance(found.stack.proxy.sites[0] if found.stack.proxy else None, Site)


def test_one_volume_goes_into_a_machine_and_the_file_says_what_is_left_out(stack: Stack) -> None:
    kept = (Mount("Shop-Files_of_a_very_long_name_indeed", "/app/a", WHY), Mount("other", "/app/b", WHY))
    text = fly.write(changed(stack, "api", mounts=kept))["fly.api.toml"].text
    mounts = tomllib.loads(text)["mounts"]
    assert mounts["destination"] == "/app/a"
    assert mounts["source"] == "shop_files_of_a_very_long_name"
    assert "what is written to /app/b is gone with it" in text


def test_replicas_are_machines_that_stay_awake(stack: Stack) -> None:
    assert app(changed(stack, "api", replicas=3), "fly.api.toml")["http_service"]["min_machines_running"] == 3
    assert app(changed(stack, "api", replicas=0), "fly.api.toml")["http_service"]["min_machines_running"] == 1


@pytest.mark.parametrize(
    ("memory", "cpus", "size", "text"),
    [
        (512, 1.0, "shared-cpu-1x", "512mb"),
        (1024, 0.5, "shared-cpu-1x", "1gb"),
        (2000, 1.0, "shared-cpu-1x", "2gb"),
        (2100, 1.0, "shared-cpu-2x", "2304mb"),
        (512, 3.0, "shared-cpu-4x", "1gb"),
        (100, 0.1, "shared-cpu-1x", "256mb"),
        (20_000, 2.0, "performance-4x", "20gb"),
        (512, 16.0, "performance-16x", "32gb"),
        (300_000, 64.0, "performance-16x", "128gb"),
    ],
)
def test_a_machine_has_at_least_what_was_asked_for(memory: int, cpus: float, size: str, text: str) -> None:
    assert fly_parts.machine(Limits(memory, cpus)).value == [{"size": size, "memory": text}]


def test_no_app_is_given_more_time_to_end_than_fly_has(stack: Stack) -> None:
    assert app(changed(stack, "api", grace_seconds=900), "fly.api.toml")["kill_timeout"] == "300s"


def variable(value: Asked | Given, **fields: Any) -> Variable:
    return Variable("NAME", value, WHY, **fields)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (variable(Given("plain")), "plain"),
        (variable(Given("plain"), secret=True), None),
        (variable(Asked("NAME")), None),
        (variable(Asked("NAME", default="x", required=False)), "x"),
        (variable(Asked("NAME", default="http://localhost:1"), for_browsers=True), None),
        (
            variable(Asked("NAME"), for_browsers=True, leads_to=Link("api", Part.BROWSERS, "/v1")),
            "https://shop-api.fly.dev/v1",
        ),
        (variable(Given("https://shop.example.com"), leads_to=Link("api", Part.BROWSERS)), "https://shop.example.com"),
        (variable(Asked("NAME"), leads_to=Link("elsewhere", Part.BROWSERS)), None),
    ],
)
def test_a_file_tells_what_is_known_and_no_secret(stack: Stack, given: Variable, told: str | None) -> None:
    assert fly_apps.told(stack, given) == told


def test_a_host_name_of_redis_says_what_the_code_must_do_with_it(stack: Stack) -> None:
    host = Variable("REDIS_HOST", Given("redis", reaches="redis"), WHY, leads_to=Link("redis", Part.HOST))
    text = fly.write(changed(stack, "api", variables=(host,)))["fly.api.toml"].text
    assert text.count("`family: 0` in the code") == 1


def test_the_address_of_redis_that_has_a_query_gets_one_more(stack: Stack) -> None:
    value = fly_apps.value_of(
        stack, Variable("A", Given("redis", reaches="redis"), WHY, leads_to=Link("redis", Part.HOST))
    )
    assert value == Given("shop-redis.internal", "redis")


def test_hostile_texts_stay_texts(stack: Stack) -> None:
    evil = 'x"\n[http_service]\ninternal_port = 1\n# \u202e\x00'
    hostile = changed(
        stack, "api", variables=(Variable("EVIL", Given(evil), WHY),), health=Health(WHY, path=f"/{evil}")
    )
    files = read(fly.write(hostile))
    assert files["fly.api.toml"]["env"]["EVIL"] == evil
    assert files["fly.api.toml"]["http_service"]["internal_port"] == 4000


def test_what_is_written_is_what_fly_takes(stack: Stack) -> None:
    kept = (Mount("files", "/app/files", WHY),)
    for path, file in fly.write(changed(stack, "api", mounts=kept)).items():
        assert fly_format.parse(file.text, path).irregular == ()


@pytest.mark.parametrize("kind", ["postgres", "mysql", "mongo", "meilisearch", "nats", "rabbitmq", "minio", "valkey"])
def test_every_store_becomes_an_app(stack: Stack, kind: str, tmp_path: Path) -> None:
    store = planned_store(tmp_path / "other", kind)
    (path,) = [each for each in fly.write(replace(stack, stores=(store,))) if kind in each]
    written = app(replace(stack, stores=(store,)), path)
    assert written["mounts"]["destination"] == store.data
    assert written["checks"][kind]["port"] == store.port
    if "processes" in written:
        assert shlex.split(written["processes"]["app"])
    assert fly_format.parse(fly.write(replace(stack, stores=(store,)))[path].text, path).irregular == ()


PACKAGES = {
    "postgres": "pg",
    "mysql": "mysql2",
    "mongo": "mongodb",
    "meilisearch": "meilisearch",
    "nats": "nats",
    "rabbitmq": "amqplib",
    "valkey": "iovalkey",
}


def planned_store(folder: Path, kind: str) -> Store:
    folder.mkdir()
    repository = Repository(folder)
    code = "process.env.MINIO_ENDPOINT!;\n" if kind == "minio" else ""
    repository.app("api", server(4000, code), **({PACKAGES[kind]: "1.0.0"} if kind in PACKAGES else {}))
    return next(each for each in repository.plan().stack.stores if each.kind == kind)


def test_a_secret_in_the_command_of_a_store_is_read_by_a_shell(stack: Stack) -> None:
    (redis,) = stack.stores
    store = replace(redis, command=("redis-server", "--requirepass", Asked("REDIS_PASSWORD")))
    command = app(replace(stack, stores=(store,)), "fly.redis.toml")["processes"]["app"]
    assert shlex.split(command) == ["sh", "-c", 'exec redis-server --requirepass "$REDIS_PASSWORD"']
