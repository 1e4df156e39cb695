"""Health checks and ports, against the code and against each other."""

import pytest

from tests.unit.shop import API, CASES, api, compose, found, image


@pytest.mark.parametrize(
    ("base", "lines", "count"),
    [
        (
            "node:22-alpine",
            ("RUN apk add --no-cache curl", "HEALTHCHECK CMD curl -f http://127.0.0.1:4000/api/health"),
            0,
        ),
        ("node:22-alpine", ("HEALTHCHECK CMD curl -f http://127.0.0.1:4000/api/health || exit 1",), 1),
        ("node:22-slim", ("HEALTHCHECK CMD wget -q http://127.0.0.1:4000/api/health",), 1),
        ("node:22", ("HEALTHCHECK CMD curl -f http://127.0.0.1:4000/api/health",), 0),
        ("gcr.io/distroless/nodejs22-debian12", ("HEALTHCHECK CMD node health.js",), 1),
        ("example.com/own-image:1", ("HEALTHCHECK CMD curl -f http://127.0.0.1:4000/api/health",), 0),
        ("alpine:3.22", ("RUN apk add nodejs", 'HEALTHCHECK CMD ["node", "health.js"]'), 0),
        ("alpine:3.22", ('HEALTHCHECK CMD ["node", "health.js"]',), 1),
        ("node:22-slim", ("COPY --from=busybox:1 /bin/wget /bin/wget", 'HEALTHCHECK CMD ["wget", "x"]'), 0),
    ],
)
def test_a_health_check_needs_its_program(base: str, lines: tuple[str, ...], count: int) -> None:
    assert len(found("missing-health-tool", {API: image(*lines, base=base)})) == count


@pytest.mark.parametrize(
    ("path", "count"),
    [("/api/health", 0), ("/api/health?deep=1", 0), ("/api/health/", 0), ("/healthz", 1), ("/", 1), ("/users/me", 0)],
)
def test_a_health_path_needs_a_route(path: str, count: int) -> None:
    code = (
        (CASES / "base" / "apps/api/src/main.ts")
        .read_text()
        .replace("app.listen", 'app.get("/users/:id", f);\napp.listen')
    )
    check = f'HEALTHCHECK CMD ["wget", "-qO-", "http://127.0.0.1:4000{path}"]'
    assert len(found("unanswered-health-path", {API: image(check), "apps/api/src/main.ts": code})) == count


@pytest.mark.parametrize(
    ("check", "count"),
    [
        ("CMD curl -f localhost:4000/healthz", 1),
        ("CMD curl -f localhost:4000/api/health", 0),
        ("""CMD ["node", "-e", "fetch('http://localhost:' + (process.env.PORT || 4000) + '/healthz')"]""", 1),
        ("CMD wget -q http://127.0.0.1:${PORT:-4000}/api/health", 0),
        ("""CMD ["node", "-e", "require('http').get({port: 4000, path: '/healthz'})"]""", 1),
        ("CMD nc -z localhost 4000", 0),
        ('CMD ["node", "dist/health.js"]', 0),
    ],
)
def test_a_health_path_is_read_out_of_every_spelling(check: str, count: int) -> None:
    assert len(found("unanswered-health-path", {API: image(f"HEALTHCHECK {check}")})) == count


def test_a_library_that_brings_health_routes_keeps_the_rule_quiet() -> None:
    manifest = (CASES / "base" / "apps/api/package.json").read_text()
    manifest = manifest.replace('"express"', '"@godaddy/terminus": "^4.0.0",\n    "express"')
    files = {API: image('HEALTHCHECK CMD ["wget", "http://127.0.0.1:4000/x"]'), "apps/api/package.json": manifest}
    assert found("unanswered-health-path", files) == []


def test_a_check_of_something_else_is_not_asked_of_the_app() -> None:
    assert found("unanswered-health-path", {API: image('HEALTHCHECK CMD ["wget", "http://queue:9000/x"]')}) == []


@pytest.mark.parametrize(
    ("service", "port", "count"),
    [
        ("environment: {PORT: 5000}", 5000, 0),
        ("environment: {PORT: '${PORT:-5000}'}", 5000, 0),
        ("environment: {PORT: '${PORT}'}", 5000, 0),
        ("environment: {PORT: 5000}", 4000, 1),
        ("command: node apps/api/dist/main.js --port 6000", 6000, 0),
        ("env_file: .env", 9999, 0),
        ("", 4000, 0),
        ("", 3000, 1),
    ],
)
def test_the_published_port_is_the_one_the_app_listens_on(service: str, port: int, count: int) -> None:
    more = f"ports: ['80:{port}']" + (f", {service}" if service else "")
    assert len(found("port-mismatch", {API: image("USER node"), "compose.yaml": compose(api=api(more))})) == count


def test_fly_sends_requests_to_the_port_the_app_listens_on() -> None:
    fly = 'app = "x"\n[build]\ndockerfile = "apps/api/Dockerfile"\n[http_service]\ninternal_port = 8080\n'
    (finding,) = found("port-mismatch", {API: image("USER node"), "fly.toml": fly})
    assert {place.at.file for place in finding.places} == {"fly.toml", "apps/api/src/main.ts"}
    assert found("port-mismatch", {API: image("USER node"), "fly.toml": fly + "[env]\nPORT = '8080'\n"}) == []


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ("['80:1']", "['80:2']", 1),
        ("['127.0.0.1:80:1']", "['80:2']", 1),
        ("['127.0.0.1:80:1']", "['127.0.0.2:80:2']", 0),
        ("['80:1/tcp']", "['80:1/udp']", 0),
        ("['${A:-80}:1']", "['80:2']", 1),
        ("['${A}:1']", "['${B}:2']", 0),
        ("['1']", "['1']", 0),
    ],
)
def test_two_services_cannot_publish_one_port(first: str, second: str, count: int) -> None:
    text = compose(a=f"{{image: 'x:1', ports: {first}}}", b=f"{{image: 'x:1', ports: {second}}}")
    assert len(found("host-port-twice", {"compose.yaml": text})) == count
