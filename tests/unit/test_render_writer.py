"""The blueprint that is written for Render."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayplan import pipeline
from bayplan.formats.render import parse
from bayplan.model.config import GithubConfig, RenderConfig, TargetsConfig
from bayplan.model.image import Image
from bayplan.model.parts import Asked, Composed, Given, Health, Limits, Link, Mount, Part, Variable
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.source import Fact, Why
from bayplan.writers import render
from bayplan.writers.render_platform import plan
from tests.unit.planning import Repository, server

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
BECAUSE = Why("test", "it is a test")
Blueprint = dict[str, Any]


def planned(example: str) -> Stack:
    return pipeline.plan(EXAMPLES / example / "repo").stack


def blueprint(stack: Stack, targets: TargetsConfig | None = None) -> Blueprint:
    wanted = targets or TargetsConfig(render=RenderConfig(region="frankfurt"))
    (file,) = render.write(replace(stack, targets=wanted)).values()
    data: Blueprint = yaml.safe_load(file.text)
    return data


def named(data: Blueprint, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in data["services"] if each["name"] == name)
    return found


def told(service: dict[str, Any]) -> dict[str, Any]:
    """Return what gives each variable of a service its value."""
    return {each["key"]: {key: value for key, value in each.items() if key != "key"} for each in service["envVars"]}


@pytest.mark.requirement("FS-32")
def test_forgestack_is_one_blueprint_of_two_servers_a_worker_a_database_and_a_key_value_store() -> None:
    data = blueprint(planned("forgestack"))
    kinds = {each["name"]: each["type"] for each in data["services"]}
    assert kinds == {
        "forgestack-api": "web",
        "forgestack-web": "web",
        "forgestack-worker": "worker",
        "forgestack-redis": "keyvalue",
    }
    (database,) = data["databases"]
    assert (database["name"], database["postgresMajorVersion"], database["ipAllowList"]) == (
        "forgestack-postgres",
        "15",
        [],
    )
    store = named(data, "forgestack-redis")
    assert (store["maxmemoryPolicy"], store["ipAllowList"]) == ("noeviction", [])
    api, web, worker = (named(data, f"forgestack-{name}") for name in ("api", "web", "worker"))
    assert (api["healthCheckPath"], web["healthCheckPath"]) == ("/api/health", "/api/health")
    assert "healthCheckPath" not in worker
    url = {"fromDatabase": {"name": "forgestack-postgres", "property": "connectionString"}}
    queue = {
        "fromService": {"name": "forgestack-redis", "type": "keyvalue", "property": "connectionString"},
    }
    assert told(api)["DATABASE_URL"] == told(worker)["DATABASE_URL"] == url
    assert told(api)["REDIS_URL"] == told(worker)["REDIS_URL"] == queue
    assert told(api)["PORT"] == {"value": "4000"}
    public = {"fromService": {"name": "forgestack-api", "type": "web", "envVarKey": "RENDER_EXTERNAL_URL"}}
    assert told(web)["NEXT_PUBLIC_API_URL"] == public, "browsers come from outside"
    inside = {"fromService": {"name": "forgestack-api", "type": "web", "property": "hostport"}}
    assert told(web)["API_INTERNAL_URL_HOSTPORT"] == inside
    assert web["dockerCommand"] == "env API_INTERNAL_URL=http://$API_INTERNAL_URL_HOSTPORT node server.js"
    assert told(api)["JWT_SECRET"] == {"generateValue": True}
    assert told(api)["S3_BUCKET"] == {"sync": False}


@pytest.mark.parametrize("example", ["cipherbox", "everyskill", "forgestack", "whereabouts"])
def test_the_reader_takes_what_the_writer_gives(example: str) -> None:
    stack = replace(planned(example), targets=TargetsConfig(render=RenderConfig(region="frankfurt")))
    ((path, file),) = render.write(stack).items()
    read = parse(file.text, path)
    assert read.irregular == ()
    running = {f"{stack.project_name}-{each.name}" for each in stack.services if each.image_of is None}
    assert running <= {each.name for each in read.services}
    assert all(file.why(number) for number, line in enumerate(file.text.splitlines(), 1) if line.strip())


def test_migrations_run_in_the_new_image_in_their_own_folder_before_it_starts() -> None:
    api = named(blueprint(planned("forgestack")), "forgestack-api")
    assert api["preDeployCommand"] == "sh /release.sh", "without quotes: what Render makes of them is not said"
    backend = named(blueprint(planned("whereabouts")), "whereabouts-backend")
    assert backend["preDeployCommand"].startswith("../../node_modules/.bin/knex migrate:latest")


def test_only_changes_that_reach_an_image_deploy_it() -> None:
    worker = named(blueprint(planned("forgestack")), "forgestack-worker")
    paths = worker["buildFilter"]["paths"]
    assert {"apps/worker/**", "packages/db/**", "pnpm-lock.yaml"} <= set(paths)
    assert "apps/api/**" not in paths


def test_optional_variables_are_left_to_the_dashboard_and_named() -> None:
    stack = replace(planned("forgestack"), targets=TargetsConfig(render=RenderConfig()))
    (file,) = render.write(stack).values()
    assert "LOG_LEVEL" not in told(named(yaml.safe_load(file.text), "forgestack-api"))
    assert "# Set in the dashboard where it is wanted: " in file.text
    assert "LOG_LEVEL" in file.text


def test_cipherbox_has_a_static_site_private_services_and_a_node_with_a_disk() -> None:
    data = blueprint(planned("cipherbox"))
    site = named(data, "cipherbox-staging-web")
    assert (site["type"], site["runtime"], site["staticPublishPath"]) == ("web", "static", "./apps/web/dist")
    assert site["routes"] == [{"type": "rewrite", "source": "/*", "destination": "/index.html"}]
    assert site["buildCommand"].split(" && ") == [
        "npx --yes pnpm@10.34.8 install --frozen-lockfile --filter @cipherbox/web...",
        "npx --yes pnpm@10.34.8 -C packages/crypto run build",
        "npx --yes pnpm@10.34.8 -C apps/web run build",
    ]
    assert told(site)["VITE_API_URL"] == {"value": "https://api.staging.example.com"}
    assert site["domains"] == ["app.staging.example.com"]
    assert "apps/web/publish.sh" not in site["buildFilter"]["paths"]
    assert named(data, "cipherbox-staging-tee-worker")["type"] == "pserv"
    node = named(data, "cipherbox-staging-ipfs")
    assert (node["type"], node["runtime"], node["image"]["url"]) == ("pserv", "image", "docker.io/ipfs/kubo:v0.34.0")
    assert node["disk"]["mountPath"] == "/data/ipfs"


def test_an_address_of_a_private_service_is_put_together_by_the_command() -> None:
    api = named(blueprint(planned("cipherbox")), "cipherbox-staging-api")
    words = api["dockerCommand"].split()
    assert words[0] == "env"
    assert "TEE_WORKER_URL=http://$TEE_WORKER_URL_HOSTPORT" in words
    assert words[-2:] == ["node", "dist/main.js"]
    assert not set("'\"") & set(api["dockerCommand"])
    reference = {"name": "cipherbox-staging-tee-worker", "type": "pserv", "property": "hostport"}
    assert told(api)["TEE_WORKER_URL_HOSTPORT"] == {"fromService": reference}


def test_a_secret_of_two_services_is_made_up_once() -> None:
    data = blueprint(planned("cipherbox"))
    made = told(named(data, "cipherbox-staging-api"))["TEE_WORKER_SECRET"]
    taken = told(named(data, "cipherbox-staging-tee-worker"))["TEE_WORKER_SECRET"]
    assert made == {"generateValue": True}
    assert taken == {"fromService": {"name": "cipherbox-staging-api", "type": "web", "envVarKey": "TEE_WORKER_SECRET"}}


def test_an_environment_has_a_file_of_its_own() -> None:
    stack = replace(planned("cipherbox"), targets=TargetsConfig(render=RenderConfig()))
    assert list(render.write(stack)) == ["render.staging.yaml"]


def test_migrations_with_an_image_of_their_own_hold_the_deployment_back() -> None:
    data = blueprint(planned("everyskill"))
    job = named(data, "everyskill-migrate")
    assert (job["type"], job["dockerfilePath"]) == ("cron", "./packages/db/Dockerfile.migrate")
    assert named(data, "everyskill-web")["autoDeployTrigger"] == "off"


def test_nothing_is_written_that_nobody_asked_for() -> None:
    stack = planned("whereabouts")
    assert render.write(replace(stack, targets=TargetsConfig())) == {}
    data = blueprint(stack, TargetsConfig(render=RenderConfig()))
    assert "previews" not in data
    assert "region" not in data["services"][0]
    assert "autoDeployTrigger" not in data["services"][0]


def test_previews_and_checks_follow_the_settings() -> None:
    targets = TargetsConfig(render=RenderConfig(previews="automatic"), github=GithubConfig())
    data = blueprint(planned("whereabouts"), targets)
    assert data["previews"] == {"generation": "automatic"}
    assert data["services"][0]["autoDeployTrigger"] == "checksPass"


@pytest.mark.parametrize(
    ("what", "memory", "name"),
    [
        ("server", 64, "0.5c-512mb"),
        ("server", 512, "0.5c-512mb"),
        ("server", 513, "1c-2g"),
        ("server", 999_999, "8c-64g"),
        ("database", 512, "0.5c-1g"),
        ("keyvalue", 256, "256mb"),
    ],
)
def test_the_smallest_plan_that_fits_is_taken(what: str, memory: int, name: str) -> None:
    assert plan(what, memory) == name


def image(name: str) -> Image:
    from bayplan.model.image import Command, Stage, Workdir

    steps = (Workdir("/app", BECAUSE), Command(("node", "a.js"), BECAUSE))
    return Image(f"{name}/Dockerfile", ".", (Stage("run", "node:22-alpine", steps, BECAUSE),))


def service(name: str, *variables: Variable, **more: Any) -> Service:
    given: dict[str, Any] = {"port": Fact(3000, BECAUSE), **more}
    return Service(
        name,
        name,
        Fact(Role.WEB, BECAUSE),
        image(name),
        Fact(("node", "a.js"), BECAUSE),
        Limits(512, 1.0),
        variables=variables,
        **given,
    )


def variable(name: str, value: Given | Asked | Composed, **more: Any) -> Variable:
    return Variable(name, value, BECAUSE, **more)


def store(kind: str, image_name: str, *variables: Variable, **more: Any) -> Store:
    health = Health(BECAUSE, command=("true",))
    return Store(
        kind,
        kind,
        Fact(image_name, BECAUSE),
        3306,
        health,
        "/data",
        f"{kind}_data",
        Limits(512, 1.0),
        BECAUSE,
        variables,
        **more,
    )


def stack(*services: Service, stores: tuple[Store, ...] = ()) -> Stack:
    return Stack("shop", "production", Fact("22", BECAUSE), services, stores)


def test_the_default_of_a_secret_stands_in_no_blueprint_and_is_asked_for() -> None:
    secret = variable("API_KEY", Asked("API_KEY", "dev-only", required=False), required=False, secret=True)
    assert told(named(blueprint(stack(service("api", secret))), "shop-api"))["API_KEY"] == {"sync": False}


def test_a_store_that_render_does_not_run_has_a_disk_and_secrets_of_its_own() -> None:
    secret = Asked("MARIADB_PASSWORD")
    url = Composed((Given("mysql://app:"), secret, Given("@"), Given("mariadb", "mariadb"), Given(":3306/shop")))
    mariadb = store("mariadb", "mariadb:11", variable("MARIADB_PASSWORD", secret), command=("--skip-name-resolve",))
    api = service(
        "api",
        variable("DB_HOST", Given("mariadb", "mariadb"), leads_to=Link("mariadb", Part.HOST)),
        variable("DB_PASSWORD", secret, leads_to=Link("mariadb", Part.PASSWORD)),
        variable("DATABASE_URL", url, leads_to=Link("mariadb", Part.URL)),
    )
    data = blueprint(stack(api, stores=(mariadb,)))
    there = named(data, "shop-mariadb")
    assert (there["type"], there["image"]["url"]) == ("pserv", "docker.io/library/mariadb:11")
    assert told(there)["MARIADB_PASSWORD"] == {"generateValue": True}
    assert there["dockerCommand"].split()[-1] == "--skip-name-resolve"
    given = told(named(data, "shop-api"))
    assert given["DB_HOST"] == {"fromService": {"name": "shop-mariadb", "type": "pserv", "property": "host"}}
    assert given["DB_PASSWORD"]["fromService"]["envVarKey"] == "MARIADB_PASSWORD"
    assert given["DATABASE_URL"] == {"sync": False}, "a secret never stands in a command"


def test_a_path_behind_a_public_address_is_added_by_the_command_but_asked_for_where_it_is_built_in() -> None:
    from bayplan.model.parts import Binding

    public = Binding(3000, "", BECAUSE)
    link = Link("api", Part.BROWSERS, "/v1")
    web = service(
        "web",
        variable("API_URL", Asked("API_URL", "http://localhost:3000/v1", required=False), leads_to=link),
        variable(
            "VITE_API", Asked("VITE_API", "http://localhost:3000/v1", required=False), leads_to=link, at_build=True
        ),
        binding=public,
    )
    given = named(blueprint(stack(service("api", binding=public), web)), "shop-web")
    assert "API_URL=$API_URL_BASE/v1" in given["dockerCommand"].split()
    assert told(given)["API_URL_BASE"]["fromService"]["envVarKey"] == "RENDER_EXTERNAL_URL"
    assert told(given)["VITE_API"] == {"sync": False}


def test_long_ends_replicas_and_kept_folders_are_said() -> None:
    mounts = (Mount("uploads", "/app/uploads", BECAUSE),)
    api = named(blueprint(stack(service("api", grace_seconds=900, mounts=mounts))), "shop-api")
    assert api["maxShutdownDelaySeconds"] == 300
    assert api["disk"] == {"name": "uploads", "mountPath": "/app/uploads"}
    many = named(blueprint(stack(service("api", replicas=3, grace_seconds=20))), "shop-api")
    assert many["numInstances"] == 3
    assert "maxShutdownDelaySeconds" not in many


def test_a_service_with_a_disk_stays_alone() -> None:
    mounts = (Mount("uploads", "/app/uploads", BECAUSE),)
    api = named(blueprint(stack(service("api", replicas=3, mounts=mounts))), "shop-api")
    assert "numInstances" not in api
    assert "disk" in api


def test_an_environment_without_services_has_no_blueprint() -> None:
    alone = replace(stack(stores=(store("postgres", "postgres:17"),)), targets=TargetsConfig(render=RenderConfig()))
    assert render.write(alone) == {}


def test_a_command_that_needs_quotes_is_left_to_the_image_and_its_address_is_asked_for() -> None:
    link = variable("URL", Composed((Given("http://"), Given("b", "b"), Given(":3000"))), leads_to=Link("b", Part.URL))
    for words in (("node", "a b.js"), ("node", "a.js", "$HOME")):
        odd = replace(service("a", link), command=Fact(words, BECAUSE))
        there = named(blueprint(stack(odd, service("b"))), "shop-a")
        assert "dockerCommand" not in there
        assert told(there)["URL"] == {"sync": False}


def test_a_host_name_and_its_www_are_one_domain(tmp_path: Path) -> None:
    sites = "proxy: { sites: { shop.example.com: { to: api, also: [www.shop.example.com, api.example.com] } } }"
    repository = Repository(tmp_path).app("api", server(3000))
    written = repository.plan(f"targets: {{ render: {{}} }}\n{sites}\n").files["render.yaml"].text
    domains = named(yaml.safe_load(written), "shop-api")["domains"]
    assert domains == ["shop.example.com", "api.example.com"]


def test_a_header_of_a_static_site_may_hold_a_dollar_but_nothing_that_only_the_operator_knows(tmp_path: Path) -> None:
    headers = '{ X-Price: "costs $5", X-Home: "https://${DOMAIN}" }'
    site = f"proxy: {{ sites: {{ example.com: {{ to: web, headers: {headers} }} }} }}\ntargets: {{ render: {{}} }}\n"
    content = {"name": "web", "scripts": {"build": "vite build"}, "devDependencies": {"vite": "7.0.0"}}
    repository = Repository(tmp_path).manifest("apps/web", content)
    repository.write("apps/web/index.html", "<html></html>")
    web = named(blueprint(repository.plan(site).stack), "shop-web")
    assert web["headers"] == [{"path": "/*", "name": "X-Price", "value": "costs $5"}]


def test_the_build_of_a_static_site_reads_the_registry_s_secrets_from_its_variables() -> None:
    from bayplan.model.image import Command, Copy, Run, Stage, Workdir

    login = 'NPM_CONFIG_USERCONFIG=.npmrc NPM_TOKEN="$(cat /run/secrets/NPM_TOKEN)" pnpm install --frozen-lockfile'
    base = Stage("base", "node:22", (Run(("npm install -g pnpm@10.1.0",), BECAUSE), Workdir("/app", BECAUSE)), BECAUSE)
    runs = (
        Run((f"{login} --store-dir /pnpm/store",), BECAUSE, secrets=("NPM_TOKEN",)),
        Run(("pnpm -C web run build",), BECAUSE),
    )
    last = (Copy(("/app/web/dist",), "/site", BECAUSE, "build"), Command(("sh", "/publish.sh"), BECAUSE))
    recipe = Image(
        "web/Dockerfile", "site", (base, Stage("build", "base", runs, BECAUSE), Stage("run", "a", last, BECAUSE))
    )
    files = replace(service("web", port=None), role=Fact(Role.FILES, BECAUSE), image=recipe)
    site = named(blueprint(stack(files)), "shop-web")
    assert site["buildCommand"].split(" && ") == [
        "cd site",
        "NPM_CONFIG_USERCONFIG=.npmrc npx --yes pnpm@10.1.0 install --frozen-lockfile",
        "npx --yes pnpm@10.1.0 -C web run build",
    ]
    assert site["staticPublishPath"] == "./site/web/dist"
    assert told(site)["NPM_TOKEN"] == {"sync": False}


def test_a_password_that_key_value_does_not_ask_for_is_any_or_none() -> None:
    secret = Asked("REDIS_PASSWORD")
    link = Link("redis", Part.PASSWORD)
    redis = store("redis", "redis:7-alpine")
    wanting = named(
        blueprint(stack(service("a", variable("REDIS_PASSWORD", secret, leads_to=link)), stores=(redis,))), "shop-a"
    )
    assert told(wanting)["REDIS_PASSWORD"] == {"generateValue": True}
    optional = variable("REDIS_PASSWORD", secret, leads_to=link, required=False)
    without = named(blueprint(stack(service("a", optional), stores=(redis,))), "shop-a")
    assert "REDIS_PASSWORD" not in told(without)


@pytest.mark.parametrize(
    ("tag", "version"),
    [("postgres:16-alpine", "16"), ("pgvector/pgvector:pg17", "17"), ("postgres:9.6", None), ("postgres:latest", None)],
)
def test_the_database_has_the_major_version_of_the_image(tag: str, version: str | None) -> None:
    data = blueprint(stack(service("a"), stores=(store("postgres", tag),)))
    assert data["databases"][0].get("postgresMajorVersion") == version


HOSTILE: list[Callable[[str], Variable]] = [
    lambda text: variable("A", Given(text)),
    lambda text: variable("A", Asked("A", text, required=False)),
]


@pytest.mark.parametrize("make", HOSTILE)
@pytest.mark.parametrize(
    "text", ["a: b", "- x", "'\"", "line\nbreak", "${{ secrets.A }}", "#", "off", "!!python/x", "\x85"]
)
def test_values_stay_what_they_are(make: Callable[[str], Variable], text: str) -> None:
    data = blueprint(stack(service("a", make(text))))
    assert told(data["services"][0])["A"] == {"value": text}


def test_without_a_proxy_whatever_the_machine_would_publish_is_public(tmp_path: Path) -> None:
    repository = Repository(tmp_path).app("api", server(3000))
    written = repository.plan("targets: { render: {} }\n").files["render.yaml"].text
    assert named(yaml.safe_load(written), "shop-api")["type"] == "web"


def test_a_release_is_told_the_addresses_that_it_reads() -> None:
    link = variable("URL", Composed((Given("http://"), Given("b", "b"), Given(":3000"))), leads_to=Link("b", Part.URL))
    command: Fact[tuple[str, ...]] = Fact(("node", "migrate.js"), BECAUSE)
    for variables, told_first in (((link,), "env URL=http://$URL_HOSTPORT "), ((), "")):
        ends = replace(service("migrate", *variables), role=Fact(Role.JOB, BECAUSE), image_of="api")
        job = replace(ends, command=command)
        api = named(blueprint(stack(job, service("api", link), service("b"))), "shop-api")
        assert api["preDeployCommand"] == f"{told_first}node migrate.js"
