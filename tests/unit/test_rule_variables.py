"""Variables: what code reads, what services give it, and what is written down."""

import pytest

from tests.unit.shop import API, WEB, api, compose, found, image


@pytest.mark.parametrize(
    ("service", "files"),
    [
        ("env_file: .env", {}),
        ("env_file: .env", {".env.example": "DATABASE_URL=\nJWT_SECRET=\n"}),
        ("environment: [DATABASE_URL, JWT_SECRET]", {}),
        ("environment: {DATABASE_URL: '${DATABASE_URL}', JWT_SECRET: x}", {}),
        ("environment: {JWT_SECRET: x}, command: env DATABASE_URL=postgres://$$HOST/x node apps/api/dist/main.js", {}),
    ],
)
def test_a_variable_that_is_given_or_may_be_is_not_missing(service: str, files: dict[str, str]) -> None:
    given = {API: image("USER node"), "compose.yaml": compose(api=api(service)), **files}
    assert found("missing-variable", given) == []


def test_a_platform_whose_secrets_stand_elsewhere_keeps_the_rule_quiet() -> None:
    fly = 'app = "x"\n[build]\ndockerfile = "apps/api/Dockerfile"\n'
    assert found("missing-variable", {API: image("USER node"), "fly.toml": fly}) == []


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        ("fly.toml", '[build]\ndockerfile = "apps/api/Dockerfile"\n[env]\nJWT_SECRT = "x"\n', 1),
        ("fly.toml", '[build]\ndockerfile = "apps/api/Dockerfile"\n[env]\nJWT_ISSUER = "x"\n', 0),
        ("render.yaml", "runtime: docker", 0),
        ("render.yaml", "runtime: docker, envVars: [{key: DATABASE_URL, value: x}]", 1),
        ("render.yaml", "runtime: docker, envVars: [{key: DATABASE_URL, value: x}, {fromGroup: elsewhere}]", 0),
        ("railway.toml", '[build]\ndockerfilePath = "apps/api/Dockerfile"\n', 0),
    ],
)
def test_a_platform_is_asked_for_what_its_file_can_tell(path: str, text: str, count: int) -> None:
    if path == "render.yaml":
        text = f"services: [{{type: web, name: a, dockerfilePath: apps/api/Dockerfile, {text}}}]"
    assert len(found("missing-variable", {API: image("USER node"), path: text})) == count


def test_an_env_file_that_is_incomplete_is_found() -> None:
    files = {
        API: image("USER node"),
        "compose.yaml": compose(api=api("env_file: .env")),
        ".env.example": "JWT_SECRET=\n",
    }
    (finding,) = found("missing-variable", files)
    assert "DATABASE_URL" in finding.message


def test_a_build_argument_needs_an_arg() -> None:
    web = "{build: {context: ., dockerfile: apps/web/Dockerfile, args: {NEXT_PUBLIC_API_URL: 'https://x.example'}}}"
    build = ("RUN pnpm -r build",)
    node = 'CMD ["node", "apps/web/server.js"]'
    late = {WEB: image(*build, "ARG NEXT_PUBLIC_API_URL", last=node), "compose.yaml": compose(web=web)}
    missing = {WEB: image(*build, last=node), "compose.yaml": compose(web=web)}
    assert found("public-variable-at-run-time", late) == []
    (finding,) = found("public-variable-at-run-time", missing)
    assert "does not declare it" in finding.message


@pytest.mark.parametrize(
    ("url", "count"),
    [
        ("redis://redis:6379", 0),
        ("redis://cache:6379", 0),
        ("redis://box:6379", 0),
        ("redis://localhost:6379", 1),
        ("redis://rediss:6379", 1),
        ("redis://cache.example.com:6379", 0),
        ("redis://user:word@cache.example.com:6379", 0),
        ("redis://user:word@host.docker.internal:6379", 0),
        ("redis://user:word@rediss:6379", 1),
        ("${REDIS_URL}", 0),
        ("redis://host.docker.internal:6379", 0),
    ],
)
def test_a_url_names_a_service(url: str, count: int) -> None:
    redis = "{image: 'redis:7', container_name: box, networks: {default: {aliases: [cache]}}}"
    text = compose(api=f"{{image: 'x:1', environment: {{REDIS_URL: '{url}'}}}}", redis=redis)
    assert len(found("unknown-host", {"compose.yaml": text})) == count


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (("ENV API_TOKEN=abc",), 1),
        (("ARG NPM_TOKEN",), 1),
        (("ENV DATABASE_URL=postgres://shop:sesame@db/shop",), 1),
        (("ENV DATABASE_URL=postgres://shop:$PASSWORD@db/shop",), 0),
        (("ENV NEXT_PUBLIC_TOKEN=abc",), 0),
        (("ENV JWT_SECRET=",), 0),
        (("ENV TOKEN_LIFETIME=1h SECRET_NAME=x",), 0),
    ],
)
def test_a_secret_does_not_belong_into_an_image(lines: tuple[str, ...], count: int) -> None:
    assert len(found("secret-in-image", {API: image(*lines)})) == count


def test_a_placeholder_of_a_build_stage_is_no_secret() -> None:
    text = 'FROM node:22 AS build\nENV JWT_SECRET=for-the-build\nFROM node:22-alpine\nCMD ["node", "x.js"]\n'
    assert found("secret-in-image", {API: text}) == []


def test_the_example_of_an_environment_documents_what_its_compose_file_needs() -> None:
    service = api("environment: {OWNER: '${OWNER}'}")
    files = {
        API: image("USER node"),
        ".env.example": "JWT_SECRET=\n",
        "docker-compose.staging.yml": compose(api=service),
    }
    assert len(found("undocumented-variable", files)) == 1
    assert found("undocumented-variable", {**files, ".env.staging.example": "OWNER=\n"}) == []
    assert len(found("undocumented-variable", {**files, ".env.test.example": "OWNER=\n"})) == 1


def test_the_example_that_a_message_names_documents_what_is_asked_for() -> None:
    service = api("environment: {OWNER: '${OWNER:?see .env.test.example}'}")
    files = {API: image("USER node"), ".env.example": "JWT_SECRET=\n", "docker-compose.yml": compose(api=service)}
    assert len(found("undocumented-variable", files)) == 1
    assert found("undocumented-variable", {**files, ".env.test.example": "OWNER=\n"}) == []


def test_what_a_migration_tool_starts_needs_none_of_the_apps_variables() -> None:
    tool = image(last='CMD ["node_modules/.bin/knex", "migrate:latest"]')
    files = {"compose.yaml": compose(api=api("environment: {}")), API: tool}
    assert len(found("missing-variable", {**files, API: image()})) > 0
    assert found("missing-variable", files) == []


def test_what_only_the_servers_config_reads_is_no_address_of_browsers() -> None:
    forwards = (
        "export default { rewrites: async () => [{ source: '/b', destination: process.env.NEXT_PUBLIC_B + '/' }] };\n"
    )
    web = "{build: {context: ., dockerfile: apps/web/Dockerfile, args: {NEXT_PUBLIC_B: 'http://api:4000'}}}"
    node = 'CMD ["node", "apps/web/server.js"]'
    files = {WEB: image("ARG NEXT_PUBLIC_B", last=node), "compose.yaml": compose(web=web, api="{image: 'x:1'}")}
    assert len(found("container-host-in-browser", files)) == 1
    assert found("container-host-in-browser", {**files, "apps/web/next.config.ts": forwards}) == []
