"""What images hold and what they are built with: what cannot be known is never a finding."""

import pytest

from bayplan.model.finding import Effect
from tests.unit.shop import API, WEB, api, compose, found, image


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


def test_a_file_that_another_build_may_make_is_no_finding() -> None:
    dockerfile = """\
        FROM node:22-alpine AS build
        WORKDIR /app
        COPY . .
        RUN pnpm install --frozen-lockfile && pnpm -r build
        FROM node:22-alpine
        WORKDIR /app
        COPY --from=build /app/apps/api/{source} ./
        CMD ["node", "main.js"]
    """
    for source in ("build", "build/main.js", "dist/src", "bundle"):
        assert found("missing-start-file", {API: dockerfile.format(source=source)}) == []


def test_the_server_of_next_stands_below_the_tracing_root() -> None:
    dockerfile = """\
        FROM node:22-alpine AS build
        WORKDIR /app
        COPY . .
        RUN pnpm install --frozen-lockfile && pnpm -r build
        FROM node:22-alpine
        WORKDIR /app
        COPY --from=build /app/apps/web/.next/standalone ./
        CMD ["node", "server.js"]
    """
    config = 'import path from "node:path";\nexport default { output: "standalone" };\n'
    (finding,) = found("missing-start-file", {WEB: dockerfile, "apps/web/next.config.ts": config})
    assert finding.help == "start `node apps/web/server.js`"
    assert found("missing-start-file", {WEB: dockerfile.replace('"server.js"', '"apps/web/server.js"')}) == []


RENDER = """\
    services:
      - type: web
        name: api
        runtime: docker
        dockerfilePath: apps/api/Dockerfile
        envVars:
          - key: DATABASE_URL
            sync: false
"""


def test_what_a_blueprint_does_not_give_is_missing_unless_a_group_may_give_it() -> None:
    dockerfile = {API: image("USER node")}
    (finding,) = found("missing-variable", {**dockerfile, "render.yaml": RENDER})
    assert "JWT_SECRET" in finding.message
    assert found("missing-variable", {**dockerfile, "render.yaml": RENDER + "          - fromGroup: shared\n"}) == []


def test_a_platform_does_not_run_the_health_check_of_the_image() -> None:
    fly = 'app = "x"\n[build]\ndockerfile = "apps/api/Dockerfile"\n[env]\nPORT = "8080"\n'
    check = 'HEALTHCHECK CMD ["wget", "-qO-", "http://127.0.0.1:4000/api/health"]'
    assert found("port-mismatch", {API: image("EXPOSE 4000", check), "fly.toml": fly}) == []


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
