"""Where rules speak and where they keep quiet: what cannot be known is never a finding."""

import textwrap
from pathlib import Path

import pytest

from bayplan.model.finding import Effect, Finding
from bayplan.readers.deployment import read_deployment
from bayplan.readers.workspace import read_workspace
from bayplan.rules import check
from bayplan.tree import Tree

CASES = Path(__file__).parent.parent / "cases" / "rules"
API = "apps/api/Dockerfile"
WEB = "apps/web/Dockerfile"
FLOW = ".github/workflows/images.yml"


def findings(files: dict[str, str]) -> tuple[Finding, ...]:
    tree = Tree(CASES / "base", {path: textwrap.dedent(text) for path, text in files.items()})
    return check(read_workspace(tree), read_deployment(tree), tree)


def found(rule: str, files: dict[str, str]) -> list[Finding]:
    return [finding for finding in findings(files) if finding.rule == rule]


def image(*lines: str, base: str = "node:22-alpine", last: str = 'CMD ["node", "apps/api/dist/main.js"]') -> str:
    return "\n".join([f"FROM {base}", "WORKDIR /app", "COPY . .", *lines, last]) + "\n"


def compose(**services: str) -> str:
    """Return a compose file; each service is flow-style YAML."""
    return "services:\n" + "".join(f"  {name}: {text}\n" for name, text in services.items())


def api(more: str = "") -> str:
    return "{build: {context: ., dockerfile: apps/api/Dockerfile}" + (f", {more}" if more else "") + "}"


@pytest.mark.parametrize("folder", sorted(path.name for path in (CASES / "clean").iterdir()))
def test_a_clean_deployment_has_no_finding(folder: str) -> None:
    root = CASES / "clean" / folder
    assert findings({str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}) == ()


# Comments that allow findings

POSTGRES = "services:\n  db:\n{above}    image: postgres{behind}\n"


@pytest.mark.parametrize(
    ("above", "behind"),
    [
        ("    # bayplan: allow floating-base-image only for tests\n", ""),
        ("", "  # bayplan: allow floating-base-image only for tests"),
        ("    # bayplan: allow floating-base-image only for tests\n    # and for nothing else\n", ""),
    ],
)
def test_a_comment_with_a_reason_allows_a_finding(above: str, behind: str) -> None:
    assert findings({"compose.yaml": POSTGRES.format(above=above, behind=behind)}) == ()


def test_a_comment_without_a_reason_allows_nothing_and_says_so() -> None:
    text = POSTGRES.format(above="    # bayplan: allow floating-base-image\n", behind="")
    assert [finding.rule for finding in findings({"compose.yaml": text})] == ["unused-allowance", "floating-base-image"]


def test_a_comment_that_allows_nothing_names_the_rule_that_was_meant() -> None:
    text = POSTGRES.format(above="    # bayplan: allow floating-base-images for tests\n", behind=":17")
    (finding,) = findings({"compose.yaml": text})
    assert finding.help == "did you mean `floating-base-image`?"


def test_a_comment_elsewhere_in_the_file_allows_nothing() -> None:
    text = "# bayplan: allow floating-base-image far away\n\n" + POSTGRES.format(above="", behind="")
    assert {finding.rule for finding in findings({"compose.yaml": text})} == {"unused-allowance", "floating-base-image"}


def test_a_comment_in_the_code_that_takes_part_allows_a_finding() -> None:
    code = (CASES / "base" / "apps/api/src/main.ts").read_text()
    allowed = code.replace("const secret", "// bayplan: allow missing-variable set by the machine\nconst secret")
    files = {API: image("USER node"), "compose.yaml": compose(api=api("environment: {DATABASE_URL: x}"))}
    assert len(found("missing-variable", files)) == 1
    assert found("missing-variable", {**files, "apps/api/src/main.ts": allowed}) == []


def test_one_comment_can_stand_in_a_dockerfile_and_in_a_workflow() -> None:
    dockerfile = (
        image("USER node")
        .replace("FROM", "# bayplan: allow floating-base-image a test\nFROM")
        .replace(":22-alpine", "")
    )
    assert found("floating-base-image", {API: dockerfile}) == []


# Which package an image runs, and what it holds


def test_the_file_that_starts_decides_which_package_an_image_runs() -> None:
    dockerfile = image("USER node", last='CMD ["node", "apps/worker/dist/main.js"]')
    (finding,) = found(
        "missing-variable", {API: dockerfile, "compose.yaml": compose(x=api("environment: {DATABASE_URL: x}"))}
    )
    assert "REDIS_URL" in finding.message


def test_a_job_needs_only_the_variables_of_the_package_it_runs() -> None:
    db = '{"name": "@shop/db", "main": "dist/index.js", "scripts": {"build": "tsc"}, "dependencies": {"pg": "^8.0.0"}}'
    job = api("command: [node, packages/db/dist/migrate.js], environment: {DATABASE_URL: x}")
    files = {API: image("USER node"), "packages/db/package.json": db, "compose.yaml": compose(job=job)}
    assert found("missing-variable", files) == []


@pytest.mark.parametrize(
    "command",
    [
        "node apps/api/dist/main",
        "node --import ./apps/api/dist/tracing.js apps/api/dist/main.js",
        "exec node --max-old-space-size=512 apps/api/dist/main.js",
        "sh -c 'cd apps/api && node dist/main.js'",
        "PORT=1 tini -- node ./apps/api/dist/main.js",
        "node scripts/start.js",
        "./start.sh",
        "node $MAIN",
        "(cd packages/db && node dist/migrate.js) && node apps/api/dist/main.js",
    ],
)
def test_a_command_that_can_be_right_is_no_finding(command: str) -> None:
    files = {API: image("USER node"), "fly.toml": _fly(command)}
    assert found("missing-start-file", files) == []


@pytest.mark.parametrize(
    "command", ["node dist/main.js", "cd /srv && node apps/api/dist/main", "sh -c 'node build/main.js'"]
)
def test_a_command_that_misses_the_file_is_found(command: str) -> None:
    assert len(found("missing-start-file", {API: image("USER node"), "fly.toml": _fly(command)})) == 1


def _fly(command: str) -> str:
    return f'app = "x"\n[build]\ndockerfile = "apps/api/Dockerfile"\n[processes]\napp = """{command}"""\n'


def test_without_deploying_the_modules_of_a_bundled_app_need_not_be_copied() -> None:
    stages = """\
        FROM node:22-alpine AS build
        WORKDIR /app
        COPY . .
        RUN pnpm install --frozen-lockfile && pnpm -r build{more}
        FROM node:22-alpine
        WORKDIR /app
        COPY --from=build /app/node_modules ./node_modules
        COPY --from=build /app/apps/api/dist ./dist
        CMD ["node", "dist/main.js"]
    """
    assert len(found("missing-app-modules", {API: stages.format(more="")})) == 1
    assert found("missing-app-modules", {API: stages.format(more=" && pnpm exec esbuild --bundle")}) == []
    assert found("missing-app-modules", {API: stages.format(more=""), ".npmrc": "node-linker=hoisted\n"}) == []


def test_the_build_folder_of_a_dependency_is_no_build() -> None:
    lines = ("COPY apps/api/package.json apps/api/", "RUN rm -rf node_modules/x/build && pnpm -r lint")
    assert found("missing-workspace-package", {API: image(*lines).replace("COPY . .\n", "")}) == []


# Package managers


@pytest.mark.parametrize(
    ("run", "count"),
    [
        ("npm i -g pnpm", 1),
        ("npm install --global pnpm@10 && true", 1),
        ("corepack enable && corepack prepare pnpm@latest --activate", 1),
        ("npm install -g pnpm@$V", 1),
        ("corepack enable", 0),
        ("corepack enable pnpm", 0),
        ("npm i -g pnpm@10.20.0", 0),
        ("npm i -g pnpm@$UNKNOWN", 0),
        ("npm i -g pnpm-sync-deps turbo", 0),
        ("echo npm install pnpm", 0),
    ],
)
def test_a_package_manager_without_an_exact_version_floats(run: str, count: int) -> None:
    assert len(found("floating-package-manager", {API: image("ARG V=latest", f"RUN {run}", "USER node")})) == count


def test_corepack_without_a_pin_floats() -> None:
    manifest = '{"name": "shop", "private": true}'
    files = {API: image("RUN corepack enable", "USER node"), "package.json": manifest}
    assert len(found("floating-package-manager", files)) == 1


def test_another_minor_version_is_a_warning_and_another_major_an_error() -> None:
    effects = [
        found("differing-package-manager", {API: image(f"RUN npm i -g pnpm@{version}")})[0].effect
        for version in ("10.19.0", "9.0.0")
    ]
    assert effects == [Effect.UNTIDY, Effect.WILL_NOT_BUILD]


# Health


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


def test_a_library_that_brings_health_routes_keeps_the_rule_quiet() -> None:
    manifest = (CASES / "base" / "apps/api/package.json").read_text()
    manifest = manifest.replace('"express"', '"@godaddy/terminus": "^4.0.0",\n    "express"')
    files = {API: image('HEALTHCHECK CMD ["wget", "http://127.0.0.1:4000/x"]'), "apps/api/package.json": manifest}
    assert found("unanswered-health-path", files) == []


def test_a_check_of_something_else_is_not_asked_of_the_app() -> None:
    assert found("unanswered-health-path", {API: image('HEALTHCHECK CMD ["wget", "http://queue:9000/x"]')}) == []


# Ports


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


# Variables


@pytest.mark.parametrize(
    ("service", "files"),
    [
        ("env_file: .env", {}),
        ("env_file: .env", {".env.example": "DATABASE_URL=\nJWT_SECRET=\n"}),
        ("environment: [DATABASE_URL, JWT_SECRET]", {}),
        ("environment: {DATABASE_URL: '${DATABASE_URL}', JWT_SECRET: x}", {}),
    ],
)
def test_a_variable_that_is_given_or_may_be_is_not_missing(service: str, files: dict[str, str]) -> None:
    given = {API: image("USER node"), "compose.yaml": compose(api=api(service)), **files}
    assert found("missing-variable", given) == []


def test_a_platform_whose_secrets_stand_elsewhere_keeps_the_rule_quiet() -> None:
    fly = 'app = "x"\n[build]\ndockerfile = "apps/api/Dockerfile"\n'
    assert found("missing-variable", {API: image("USER node"), "fly.toml": fly}) == []


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


# Services that need each other, and the world outside


def test_a_circle_of_three_is_one_finding() -> None:
    text = compose(**{name: f"{{image: 'x:1', depends_on: [{other}]}}" for name, other in ("ab", "bc", "ca")})
    (finding,) = found("wait-cycle", {"compose.yaml": text})
    assert len(finding.places) == 3


def test_an_override_file_may_name_services_of_the_file_beside_it() -> None:
    files = {
        "compose.yaml": compose(db="{image: 'postgres:17'}"),
        "compose.override.yaml": compose(api="{image: 'x:1', depends_on: [db]}"),
    }
    assert found("unknown-wait", files) == []


@pytest.mark.parametrize(
    ("networks", "others", "count"),
    [
        ("[inner]", {}, 1),
        ("[inner, outer]", {}, 0),
        ("[]", {}, 0),
        ("[inner]", {"proxy": "{image: 'x:1'}"}, 1),
    ],
)
def test_the_outside_needs_a_network_that_leads_there(networks: str, others: dict[str, str], count: int) -> None:
    mailer = f"{{build: {{context: ., dockerfile: apps/mailer/Dockerfile}}, networks: {networks}}}"
    text = compose(mailer=mailer, **others) + "networks: {inner: {internal: true}, outer: {}}\n"
    dockerfile = image(last='CMD ["node", "apps/mailer/dist/main.js"]')
    assert len(found("no-way-out", {"apps/mailer/Dockerfile": dockerfile, "compose.yaml": text})) == count


@pytest.mark.parametrize(
    ("version", "target", "count"),
    [
        ("17-alpine", "/var/lib/postgresql/data", 0),
        ("17", "/var/lib/postgresql", 0),
        ("18", "/var/lib/postgresql", 0),
        ("18.1-trixie", "/var/lib/postgresql/data", 1),
        ("17", "/backup", 1),
    ],
)
def test_the_data_of_postgres_stands_where_its_version_keeps_it(version: str, target: str, count: int) -> None:
    text = (
        compose(api=api(), db=f"{{image: 'postgres:{version}', volumes: ['data:{target}']}}") + "volumes: {data: {}}\n"
    )
    assert len(found("data-without-volume", {API: image("USER node"), "compose.yaml": text})) == count


def test_a_database_beside_no_app_of_ours_may_forget() -> None:
    assert found("data-without-volume", {"compose.yaml": compose(db="{image: 'postgres:17'}")}) == []


# Workflows


def _flow(step: str, env: str = "") -> str:
    return f"on: push\n{env}jobs:\n  x:\n    runs-on: ubuntu-24.04\n    steps:\n      - {step}\n"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (_flow("{uses: docker/build-push-action@v6, with: {tags: 'ghcr.io/${{ github.repository }}:1'}}"), 1),
        (_flow("{uses: docker/build-push-action@v6, with: {tags: 'ghcr.io/Shop/api:1'}}"), 1),
        (_flow("{uses: docker/build-push-action@v6, with: {tags: 'ghcr.io/shop/api:V1'}}"), 0),
        (_flow("{uses: docker/build-push-action@v6, with: {tags: '${{ steps.meta.outputs.tags }}'}}"), 0),
        (_flow("{uses: docker/metadata-action@v5, with: {images: 'ghcr.io/${{ github.repository }}'}}"), 0),
        (
            _flow("{uses: docker/build-push-action@v6, with: {cache-to: 'ref=ghcr.io/${{github.repository}}:c'}}"),
            1,
        ),
        (
            _flow(
                "{uses: docker/build-push-action@v6, with: {tags: '${{ env.NAME }}:1'}}",
                "env:\n  NAME: ghcr.io/${{ github.repository_owner }}/api\n",
            ),
            1,
        ),
        (_flow("{run: 'docker push ghcr.io/${{ github.repository }}:1'}"), 1),
        (_flow("{run: 'gh release view --repo ${{ github.repository }}'}"), 0),
    ],
)
def test_an_image_is_pushed_under_a_lower_case_name(text: str, count: int) -> None:
    assert len(found("upper-case-image-name", {FLOW: text})) == count


def test_compose_takes_lower_case_names_only() -> None:
    assert len(found("upper-case-image-name", {"compose.yaml": compose(x="{image: 'ghcr.io/Shop/api:1'}")})) == 1
    assert (
        found("upper-case-image-name", {"compose.yaml": compose(x="{image: 'ghcr.io/${OWNER}/api:${TAG:-X}'}")}) == []
    )


def test_a_runner_of_the_right_kind_emulates_nothing() -> None:
    flow = _flow("{uses: docker/build-push-action@v6, with: {file: apps/api/Dockerfile, platforms: linux/amd64}}")
    flow = flow.replace("    steps:\n", "    steps:\n      - uses: docker/setup-qemu-action@v3\n")
    dockerfile = image("RUN pnpm install --frozen-lockfile")
    assert found("emulated-build", {API: dockerfile, FLOW: flow}) == []
    assert len(found("emulated-build", {API: dockerfile, FLOW: flow.replace("linux/amd64", "linux/arm64")})) == 1


def test_a_matrix_of_files_builds_every_file_that_it_can_mean() -> None:
    step = (
        "{uses: docker/build-push-action@v6, with: {file: 'apps/${{ matrix.app }}/Dockerfile', platforms: linux/arm64}}"
    )
    flow = _flow(step).replace("    steps:\n", "    steps:\n      - uses: docker/setup-qemu-action@v3\n")
    assert len(found("emulated-build", {API: image("RUN pnpm install --frozen-lockfile"), FLOW: flow})) == 1


@pytest.mark.parametrize("target", ["nowhere", "BUILD", "1", "${TARGET}"])
def test_a_stage_that_is_asked_for_exists(target: str) -> None:
    text = 'FROM node:22-alpine AS build\nFROM node:22-alpine\nCMD ["node", "x.js"]\n'
    service = f"{{build: {{context: ., dockerfile: apps/api/Dockerfile, target: '{target}'}}}}"
    assert len(found("missing-dockerfile", {API: text, "compose.yaml": compose(x=service)})) == (target == "nowhere")
