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
