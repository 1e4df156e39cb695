"""What a compose file opens, repeats, tells everybody, or does not bring along."""

import pytest

from bayplan.model.finding import Effect
from tests.unit.shop import API, api, compose, found, image

NETWORKS = "networks: {inner: {internal: true}, outer: {}}\n"


@pytest.mark.parametrize(
    ("service", "count"),
    [
        ("{image: 'x:1', ports: ['80:80'], networks: [inner]}", 1),
        ("{image: 'x:1', ports: ['80:80'], networks: [inner, outer]}", 0),
        ("{image: 'x:1', ports: ['80:80']}", 0),
        ("{image: 'x:1', networks: [inner]}", 0),
        ("{image: 'x:1', ports: ['80:80'], networks: [inner], extends: {file: x.yaml, service: y}}", 0),
    ],
)
def test_nothing_is_published_from_an_internal_network(service: str, count: int) -> None:
    assert len(found("published-on-internal-network", {"compose.yaml": compose(web=service) + NETWORKS})) == count


def test_a_file_beside_it_may_add_a_network() -> None:
    files = {
        "compose.yaml": compose(web="{image: 'x:1', ports: ['80:80'], networks: [inner]}") + NETWORKS,
        "compose.prod.yaml": compose(web="{networks: [outer]}"),
    }
    assert found("published-on-internal-network", files) == []


@pytest.mark.parametrize(
    ("file", "store", "count"),
    [
        ("docker-compose.prod.yml", "{image: 'postgres:17', ports: ['5432:5432']}", 1),
        ("docker/docker-compose.staging.yml", "{image: 'redis:7', ports: ['6379']}", 1),
        ("production/compose.yaml", "{image: 'mongo:7', ports: ['0.0.0.0:27017:27017']}", 1),
        ("docker-compose.prod.yml", "{image: 'postgres:17', ports: ['127.0.0.1:5432:5432']}", 0),
        ("docker-compose.prod.yml", "{image: 'postgres:17', ports: ['10.0.0.5:5432:5432']}", 0),
        ("docker-compose.prod.yml", "{image: 'postgres:17', ports: ['${BIND:-127.0.0.1}:5432:5432']}", 0),
        ("docker-compose.prod.yml", "{image: 'postgres:17', ports: ['${BIND:-0.0.0.0}:5432:5432']}", 1),
        ("docker-compose.prod.yml", "{image: 'postgres:17', ports: ['${BIND}:5432:5432']}", 0),
        ("docker-compose.prod.yml", "{image: 'ipfs/kubo:v0.34.0', ports: ['4001:4001']}", 0),
        ("docker-compose.prod.yml", "{image: 'minio/minio:1', ports: ['9000:9000']}", 0),
        ("docker-compose.prod.yml", "{image: 'caddy:2', ports: ['80:80']}", 0),
        ("docker-compose.prod.yml", "{image: 'postgres:17', ports: ['5432:5432'], profiles: [debug]}", 0),
        ("docker-compose.yml", "{image: 'postgres:17', ports: ['5432:5432']}", 0),
        ("docker-compose.dev.yml", "{image: 'postgres:17', ports: ['5432:5432']}", 0),
        ("docker-compose.prod.local.yml", "{image: 'postgres:17', ports: ['5432:5432']}", 0),
        ("products/compose.yaml", "{image: 'postgres:17', ports: ['5432:5432']}", 0),
    ],
)
def test_a_store_in_production_is_for_the_services_beside_it(file: str, store: str, count: int) -> None:
    assert len(found("published-store", {file: compose(store=store)})) == count


@pytest.mark.parametrize(
    ("host", "count"), [("shop.example.org", 1), ("shop.localhost", 0), (":80", 0), ("http://shop.example.org", 0)]
)
def test_beside_a_proxy_with_public_names_it_is_production(host: str, count: int) -> None:
    proxy = "{image: 'caddy:2', ports: ['80:80', '443:443'], volumes: ['./Caddyfile:/etc/caddy/Caddyfile']}"
    files = {
        "Caddyfile": f"{host} {{\n\trespond ok\n}}\n",
        "compose.yaml": compose(caddy=proxy, db="{image: 'postgres:17', ports: ['5432:5432']}"),
    }
    assert len(found("published-store", files)) == count


@pytest.mark.parametrize(
    ("service", "count"),
    [
        ("ports: ['80:80'], deploy: {replicas: 2}", 1),
        ("ports: ['${PORT:-80}:80'], scale: 3", 1),
        ("ports: ['80-81:80'], deploy: {replicas: 2}", 0),
        ("ports: ['80'], deploy: {replicas: 2}", 0),
        ("ports: ['80:80'], deploy: {replicas: 1}", 0),
        ("ports: ['80:80'], deploy: {replicas: '${N:-2}'}", 0),
        ("container_name: web, scale: 2", 1),
        ("container_name: web", 0),
        ("ports: ['80:80'], deploy: {replicas: 2, update_config: {order: start-first}}", 0),  # Docker swarm
    ],
)
def test_a_second_container_finds_its_port_and_its_name_taken(service: str, count: int) -> None:
    assert len(found("colliding-replicas", {"compose.yaml": compose(web=f"{{image: 'x:1', {service}}}")})) == count


@pytest.mark.parametrize(
    ("test", "effect"),
    [
        ("[CMD, curl, 'http://127.0.0.1:80/']", Effect.UNTIDY),
        ("curl -s http://127.0.0.1:80/ || exit 1", Effect.UNTIDY),
        ("curl -sS -o /dev/null http://127.0.0.1:80/", Effect.UNTIDY),
        ("curl -sf http://127.0.0.1:80/ || exit 1", None),
        ("[CMD, curl, '-fsS', 'http://127.0.0.1:80/']", None),
        ("[CMD, curl, '--fail-with-body', 'http://127.0.0.1:80/']", None),
        ("curl -s http://127.0.0.1:80/ | grep -q ok", None),
        ("test $(curl -so /dev/null -w '%{http_code}' http://127.0.0.1:80/) = 200", None),
        ("wget -q --spider http://127.0.0.1:80/", None),
        ("wget -q --spider http://127.0.0.1:80/ || true", Effect.UNTIDY),
        ("wget -q --spider http://127.0.0.1:80/; exit 0", Effect.UNTIDY),
        ("wget -q --spider http://127.0.0.1:80/ || (echo down && exit 1)", None),
        ("[NONE]", None),
    ],
)
def test_a_health_check_notices_an_error(test: str, effect: Effect | None) -> None:
    written = test if test.startswith("[") else f'"{test}"'
    service = f"{{image: 'x:1', healthcheck: {{test: {written}}}}}"
    findings = found("health-check-that-cannot-fail", {"compose.yaml": compose(web=service)})
    assert [finding.effect for finding in findings] == ([effect] if effect else [])


@pytest.mark.parametrize(
    ("check", "command", "more", "effect"),
    [
        ("redis-cli ping", "redis-server --requirepass x", "", Effect.UNTIDY),
        ("redis-cli ping | grep PONG", "redis-server --requirepass x", "", Effect.WILL_NOT_START),
        ("redis-cli -a x ping | grep PONG", "redis-server --requirepass x", "", None),
        ("redis-cli --no-auth-warning -a x ping", "redis-server --requirepass x", "", None),
        ("REDISCLI_AUTH=x redis-cli ping", "redis-server --requirepass x", "", None),
        ("redis-cli ping", "redis-server --requirepass x", "environment: {REDISCLI_AUTH: x}", None),
        ("redis-cli ping", "redis-server --requirepass x", "env_file: .env", None),
        ("redis-cli ping", "redis-server --appendonly yes", "", None),
        ("valkey-cli ping", "valkey-server --requirepass x", "", Effect.UNTIDY),
    ],
)
def test_redis_answers_a_check_that_has_the_password(
    check: str, command: str, more: str, effect: Effect | None
) -> None:
    service = (
        f"{{image: 'redis:7', command: '{command}', healthcheck: {{test: '{check}'}}{', ' if more else ''}{more}}}"
    )
    findings = found("health-check-that-cannot-fail", {"compose.yaml": compose(queue=service)})
    assert [finding.effect for finding in findings] == ([effect] if effect else [])


def test_the_check_of_an_image_is_judged_as_well() -> None:
    files = {
        API: image("HEALTHCHECK CMD curl http://127.0.0.1:4000/health", "USER node"),
        "compose.yaml": compose(api=api()),
    }
    (finding,) = found("health-check-that-cannot-fail", files)
    assert finding.places[0].at.file == API


@pytest.mark.parametrize(
    ("command", "count"),
    [
        ("redis-server --requirepass ${REDIS_PASSWORD}", 1),
        ("redis-server --appendonly yes --requirepass=secret", 1),
        ('["sh", "-c", "exec redis-server --requirepass \\"$$REDIS_PASSWORD\\""]', 1),
        ("redis-server /etc/redis.conf", 0),
        ("redis-server --requirepass ''", 0),
        ("postgres -c password_encryption=scram-sha-256", 0),
        ("node server.js --password-file /run/secrets/password", 0),
    ],
)
def test_no_password_stands_in_the_list_of_processes(command: str, count: int) -> None:
    written = command if command.startswith("[") else f'"{command}"'
    files = {"compose.yaml": compose(queue=f"{{image: 'redis:7', command: {written}}}")}
    assert len(found("password-in-command", files)) == count


@pytest.mark.parametrize(
    ("service", "others", "count"),
    [
        ("env_file: api.env", {}, 1),
        ("env_file: [api.env]", {"api.env": "A=1\n"}, 0),
        ("env_file: api.env", {".gitignore": "*.env\n"}, 0),
        ("env_file: conf/api.env", {"conf/.gitignore": "*\n"}, 0),
        ("env_file: .env", {".env.example": "A=1\n"}, 0),
        ("env_file: api.env", {"api.env.example": "A=1\n"}, 0),
        ("env_file: [{path: api.env, required: false}]", {}, 0),
        ("env_file: '${WHERE}.env'", {}, 0),
        ("env_file: /etc/shop.env", {}, 0),
        ("env_file: ../shop.env", {}, 0),
    ],
)
def test_an_env_file_is_there_or_somebody_makes_it(service: str, others: dict[str, str], count: int) -> None:
    files = {"compose.yaml": compose(api=f"{{image: 'x:1', {service}}}"), ".gitignore": "dist\n", **others}
    assert len(found("missing-env-file", files)) == count


@pytest.mark.parametrize(
    ("mount", "others", "count"),
    [
        ("./nginx.conf:/etc/nginx/nginx.conf:ro", {}, 1),
        ("./nginx.conf:/etc/nginx/nginx.conf:ro", {"nginx.conf": "x"}, 0),
        ("./init.sql:/docker-entrypoint-initdb.d/", {}, 0),  # may as well be a folder
        ("./nginx.conf:/etc/nginx/nginx.conf", {".gitignore": "nginx.conf\n"}, 0),
        ("./nginx.conf:/etc/nginx/nginx.conf", {"nginx.conf.example": "x"}, 0),
        ("./nginx.conf:/etc/nginx/nginx.conf", {"nginx.example.conf": "x"}, 0),
        ("./conf.d:/etc/nginx/conf.d", {"conf.d/a.conf": "x"}, 0),
        ("./data:/data", {}, 0),
        ("./.env:/app/.env", {}, 0),
        ("./data.sqlite:/app/data.sqlite", {}, 0),
        ("/etc/nginx.conf:/etc/nginx/nginx.conf", {}, 0),
        ("../nginx.conf:/etc/nginx/nginx.conf", {}, 0),
        ("${CONF:-./nginx.conf}:/etc/nginx/nginx.conf", {}, 0),
    ],
)
def test_a_mounted_file_is_there_or_somebody_makes_it(mount: str, others: dict[str, str], count: int) -> None:
    files = {"compose.yaml": compose(web=f"{{image: 'x:1', volumes: ['{mount}']}}"), ".gitignore": "dist\n", **others}
    assert len(found("missing-mounted-file", files)) == count


def test_a_file_that_only_adds_to_a_build_names_no_dockerfile() -> None:
    files = {
        "apps/api/Dockerfile": image("USER node"),
        "compose.yaml": compose(api=api()),
        "compose.prod.yaml": compose(api="{build: {args: {A: b}}}"),
    }
    assert found("missing-dockerfile", files) == []


PUBLIC = {"Caddyfile": "shop.example.org {\n\treverse_proxy api:4000\n}\n"}
ENTRANCE = "{image: 'caddy:2', ports: ['80:80', '443:443'], volumes: ['./Caddyfile:/etc/caddy/Caddyfile']}"


@pytest.mark.parametrize(
    ("service", "count"),
    [
        ("ports: ['4000:4000']", 1),
        ("ports: ['8080:4000']", 1),
        ("ports: ['0.0.0.0:4000:4000']", 1),
        ("ports: ['${BIND:-0.0.0.0}:4000:4000']", 1),
        ("ports: [{target: 4000, published: 4000}]", 1),
        ("ports: ['127.0.0.1:4000:4000']", 0),
        ("ports: ['10.0.0.7:4000:4000']", 0),
        ("ports: ['${BIND:-127.0.0.1}:4000:4000']", 0),
        ("ports: ['4000:4000/udp']", 0),
        ("ports: ['9229:9229']", 0),  # not what the proxy sends to
        ("ports: ['4000:4000'], profiles: [debug]", 0),
        ("ports: ['4000:4000'], network_mode: host", 0),
        ("expose: ['4000']", 0),
    ],
)
def test_who_stands_behind_a_proxy_is_reached_through_it(service: str, count: int) -> None:
    files = {**PUBLIC, "compose.yaml": compose(caddy=ENTRANCE, api=f"{{image: 'x:1', {service}}}")}
    assert len(found("bypassed-proxy", files)) == count


@pytest.mark.parametrize(
    "other",
    [
        {"Caddyfile": ":80 {\n\treverse_proxy api:4000\n}\n"},
        {"Caddyfile": "shop.localhost {\n\treverse_proxy api:4000\n}\n"},
        {"Caddyfile": "{$DOMAIN:localhost} {\n\treverse_proxy api:4000\n}\n"},
        {"Caddyfile": "shop.example.org {\n\treverse_proxy https://api:4000\n}\n"},
        {"Caddyfile": "shop.example.org {\n\ttls internal\n\treverse_proxy api:4000\n}\n"},
        {"Caddyfile": "shop.example.org {\n\trespond ok\n}\n:80 {\n\treverse_proxy api:4000\n}\n"},
    ],
)
def test_a_proxy_without_public_names_is_not_bypassed(other: dict[str, str]) -> None:
    files = {"compose.yaml": compose(caddy=ENTRANCE, api="{image: 'x:1', ports: ['4000:4000']}")}
    assert found("bypassed-proxy", {**PUBLIC, **files})
    assert found("bypassed-proxy", {**files, **other}) == []


@pytest.mark.parametrize(
    ("file", "services"),
    [
        ("docker-compose.dev.yml", {}),
        ("compose.override.yaml", {}),
        ("compose.yaml", {"caddy": ENTRANCE.replace("image", "network_mode: host, image", 1)}),
        (
            "compose.yaml",
            {"caddy": ENTRANCE.replace("80:80", "127.0.0.1:8080:80").replace("443:443", "127.0.0.1::443")},
        ),
        ("compose.yaml", {"tunnel": "{image: 'cloudflare/cloudflared:2025.1.0'}"}),
        ("compose.yaml", {"api": "{image: 'minio/minio:1', ports: ['4000:4000']}"}),
    ],
)
def test_hosts_that_the_world_reaches_otherwise_or_not_at_all_are_left_alone(
    file: str, services: dict[str, str]
) -> None:
    every = {"caddy": ENTRANCE, "api": "{image: 'x:1', ports: ['4000:4000']}", **services}
    assert found("bypassed-proxy", {**PUBLIC, file: compose(**every)}) == []


LITERAL = "uT4vkq8yGm2rWz7B"


@pytest.mark.parametrize(
    ("variable", "effect"),
    [
        (f"JWT_SECRET: {LITERAL}", Effect.EXPOSES_DATA),
        (f"STRIPE_API_KEY: {LITERAL}", Effect.EXPOSES_DATA),
        (f"DATABASE_URL: 'postgres://shop:{LITERAL}@db/shop'", Effect.EXPOSES_DATA),
        (f"REDIS_URL: 'redis://:{LITERAL}@queue:6379'", Effect.EXPOSES_DATA),
        ("POSTGRES_PASSWORD: postgres", Effect.UNTIDY),
        ("POSTGRES_PASSWORD: sesame", Effect.UNTIDY),
        ("DATABASE_URL: 'postgres://shopkeeper:shopkeeper@db/shop'", Effect.UNTIDY),
        ("POSTGRES_PASSWORD: bookshop1, POSTGRES_USER: bookshop1", Effect.UNTIDY),
        ("JWT_SECRET: '${JWT_SECRET:?}'", None),
        ("JWT_SECRET: '${JWT_SECRET:-unsafe-in-development}'", None),
        ("JWT_SECRET: ''", None),
        ("JWT_SECRET:", None),
        ("JWT_SECRET: changeme", None),
        ("JWT_SECRET: please-change-me-now", None),
        ("JWT_SECRET: your-256-bit-secret", None),
        ("JWT_SECRET: <a long random text>", None),
        ("JWT_SECRET: ADD_A_JWT_SECRET", None),
        ("JWT_SECRET: secret-goes-here", None),
        ('JWT_SECRET: "{YOUR_SECRET}"', None),
        ("JWT_SECRET: jwt_secret", None),
        ("ALLOW_EMPTY_PASSWORD: 'yes'", None),
        ("JWT_ACCESS_TOKEN: 15m", None),
        ("POSTGRES_PASSWORD_FILE: /run/secrets/postgres", None),
        ("DB_PASSWORD: /run/secrets/postgres", None),
        ("GOOGLE_APPLICATION_CREDENTIALS: ./google.json", None),
        ("DB_SECRET: 'arn:aws:secretsmanager:eu-west-1:1:secret:db'", None),
        ("POSTHOG_API_KEY: phc_a8sd7f6a8sd7f6", None),
        (f"NEXT_PUBLIC_MAPS_API_KEY: {LITERAL}", None),
        (f"TOKEN_ISSUER: {LITERAL}", None),
        ("DATABASE_URL: 'postgres://db/shop'", None),
    ],
)
def test_secrets_of_production_are_not_in_the_repository(variable: str, effect: Effect | None) -> None:
    files = {"docker-compose.prod.yml": compose(api=f"{{image: 'x:1', environment: {{{variable}}}}}")}
    assert [finding.effect for finding in found("secret-in-compose", files)] == ([effect] if effect else [])


@pytest.mark.parametrize(("variable", "count"), [(f"API_KEY: {LITERAL}", 1), ("API_KEY: '${API_KEY}'", 0)])
def test_nor_are_those_of_a_build(variable: str, count: int) -> None:
    files = {"docker-compose.prod.yml": compose(api=f"{{build: {{context: ., args: {{{variable}}}}}}}")}
    assert len(found("secret-in-compose", files)) == count


def test_a_secret_in_several_places_is_one_finding_and_is_not_repeated() -> None:
    service = f"{{image: 'x:1', environment: [TOKEN={LITERAL}, 'DATABASE_URL=postgres://a:{LITERAL}@db/a']}}"
    (finding,) = found("secret-in-compose", {"docker-compose.prod.yml": compose(api=service, worker=service)})
    assert len(finding.places) == 4
    assert LITERAL not in finding.message + finding.help


@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("docker/compose.production.yaml", 1),
        ("docker-compose.yml", 0),
        ("docker-compose.dev.yml", 0),
        ("docker-compose.prod.local.yml", 0),
        ("docker-compose.prod.example.yml", 0),
        ("docker-compose.test.yml", 0),
        ("compose.override.yaml", 0),
    ],
)
def test_secrets_of_development_may_be_in_the_repository(file: str, count: int) -> None:
    service = f"{{image: 'x:1', environment: {{JWT_SECRET: {LITERAL}}}}}"
    assert len(found("secret-in-compose", {file: compose(api=service)})) == count
    assert found("secret-in-compose", {file: compose(api=service.replace("image", "profiles: [x], image"))}) == []


def test_beside_a_proxy_with_public_names_secrets_are_those_of_production() -> None:
    service = f"{{image: 'x:1', environment: {{JWT_SECRET: {LITERAL}}}}}"
    assert len(found("secret-in-compose", {**PUBLIC, "compose.yaml": compose(caddy=ENTRANCE, api=service)})) == 1


@pytest.mark.parametrize(("base", "proposed"), [("node:22-alpine", "`USER node`"), ("caddy:2-alpine", "the number")])
def test_the_user_that_is_proposed_is_one_that_the_image_has(base: str, proposed: str) -> None:
    (finding,) = found("root-user", {"apps/api/Dockerfile": image(base=base), "compose.yaml": compose(api=api())})
    assert finding.help.startswith(f"add {proposed}")


@pytest.mark.parametrize(
    ("base", "effect"), [("caddy:2-alpine", Effect.UNTIDY), ("node:22-alpine", Effect.NOT_REACHABLE)]
)
def test_a_proxy_that_does_not_wait_answers_with_an_error_and_does_not_fail(base: str, effect: Effect) -> None:
    backend = "{image: 'x:1', healthcheck: {test: [CMD, check]}}"
    front = f"{{image: '{base}', depends_on: {{api: {{condition: service_started}}}}}}"
    (finding,) = found("waiting-for-start-only", {"compose.yaml": compose(api=backend, front=front)})
    assert finding.effect is effect


def test_the_name_of_an_image_that_is_built_needs_no_version() -> None:
    built = {"compose.yaml": compose(api="{build: ./nowhere, image: 'shop-api:latest'}")}
    assert found("floating-base-image", built) == []
    assert len(found("floating-base-image", {"compose.yaml": compose(api="{image: 'shop-api:latest'}")})) == 1
