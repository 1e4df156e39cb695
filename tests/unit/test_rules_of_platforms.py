"""What breaks systems like forgestack is found in the files of every platform, at the line that has to change."""

import json
import re

import pytest

from tests.unit.shop import API, FLOW, findings

BUILT = """\
FROM node:22-alpine AS build
WORKDIR /app
COPY . .
RUN npm install -g pnpm@10.20.0 && pnpm install --frozen-lockfile && pnpm --filter @shop/api... build

FROM node:22-alpine
WORKDIR /app
COPY --from=build /app ./
USER node
CMD ["node", "apps/api/dist/main.js"]
"""
IGNORED = ".git\n**/node_modules\n.env*\n**/dist\n**/.next\n**/*.tsbuildinfo\n"
VARIABLES = {"DATABASE_URL": "x", "JWT_SECRET": "x"}
Files = dict[str, str]


def fly(more: str = "", build: str = 'dockerfile = "apps/api/Dockerfile"') -> Files:
    return {"fly.toml": f'app = "shop-api"\nkill_signal = "SIGTERM"\n[build]\n{build}\n{more}'}


def served(more: str = "") -> Files:
    return fly(f"[http_service]\ninternal_port = 4000\n{more}")


def render(more: str = "", build: str = "runtime: docker\n    dockerfilePath: apps/api/Dockerfile") -> Files:
    variables = "".join(f"      - key: {name}\n        sync: false\n" for name in VARIABLES)
    text = f"services:\n  - type: web\n    name: api\n    {build}\n    envVars:\n{variables}{more}"
    return {"render.yaml": text}


def railway(more: str = "", build: str = 'dockerfilePath: "apps/api/Dockerfile"', service: str = "") -> Files:
    """Return a project as code; the variables of its service, one in a line, end with `more`."""
    variables = "".join(f"    {name}: preserve(),\n" for name in VARIABLES)
    text = (
        'import { defineRailway, github, image, preserve, project, service } from "railway/iac";\n'
        "export default defineRailway(() => {\n"
        '  const api = service("api", {\n'
        f'    source: github("shop/shop"),\n    build: {{ {build} }},\n{service}    env: {{\n{variables}{more}    }},\n'
        '  });\n  return project("shop", { resources: [api] });\n});\n'
    )
    return {".railway/railway.ts": text}


def railway_json(deploy: dict[str, object] | None = None, **build: object) -> Files:
    built = {"builder": "DOCKERFILE", "dockerfilePath": "apps/api/Dockerfile", **build}
    return {"railway.json": json.dumps({"build": built, "deploy": deploy or {}}, indent=2)}


def compose(more: str, build: str = "build: {context: ., dockerfile: apps/api/Dockerfile}") -> Files:
    return {"compose.yaml": f"services:\n  api:\n    {build}\n{more}"}


def given(*names: str) -> str:
    return "    environment:\n" + "".join(f"      {name}: x\n" for name in names)


def workflow(platforms: str = "linux/amd64", tags: str = "ghcr.io/shop/api:1", more: str = "") -> Files:
    return {
        FLOW: "on: push\njobs:\n  images:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - uses: docker/setup-qemu-action@29109295f81e9208d7d86ff1c6c12d2833863392 # v3.6.0\n"
        "      - uses: docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83 # v6.18.0\n"
        f"        with:\n          file: apps/api/Dockerfile\n          context: .\n"
        f"          platforms: {platforms}\n          tags: {tags}\n          push: true\n{more}"
    }


def image(url: str, *, arm: bool = False) -> dict[str, Files]:
    """Return the same image, deployed everywhere."""
    files = {
        "fly": fly(build=f'image = "{url}"'),
        "render": render(build=f"runtime: image\n    image:\n      url: {url}"),
        "railway": {
            name: re.sub(r'github\("shop/shop"\)', f'image("{url}")', re.sub(r"    build: .*\n", "", text))
            for name, text in railway().items()
        },
        "compose": compose(f"    platform: linux/amd64\n{given(*VARIABLES)}", build=f"image: {url}"),
    }
    return {name: {**each, **(workflow("linux/arm64") if arm else {})} for name, each in files.items()}


NOT_WHOLE = BUILT.replace(
    "COPY --from=build /app ./",
    "COPY --from=build /app/apps/api/dist apps/api/dist\n"
    "COPY --from=build /app/node_modules node_modules\nCOPY --from=build /app/packages packages",
)
FLOATING = {API: BUILT.replace("pnpm@10.20.0", "pnpm@latest")}
INSTALL = "npm install -g pnpm@latest && pnpm install"
MOVED = "node dist/main.js"

FAILURES = [
    # 3: only the root's modules are in the image
    *[
        pytest.param({API: NOT_WHOLE, **files}, "missing-app-modules", API, "COPY --from=build", id=f"3-{name}")
        for name, files in [("fly", served()), ("render", render()), ("railway", railway()),
                            ("railway-json", railway_json()), ("compose", compose(given(*VARIABLES))),
                            ("workflow", workflow())]
    ],
    # 4: a command kept the old path
    pytest.param(fly(f'[processes]\napp = "{MOVED}"\n'), "missing-start-file", "fly.toml", MOVED, id="4-fly"),
    pytest.param(
        fly(f'[processes]\napp = "node apps/api/dist/main.js"\njobs = "{MOVED}"\n'),
        "missing-start-file", "fly.toml", "jobs", id="4-fly-group",
    ),
    pytest.param(
        served(f'[deploy]\nrelease_command = "{MOVED}"\n'), "missing-start-file", "fly.toml", MOVED, id="4-fly-release"
    ),
    pytest.param(
        render(f"    dockerCommand: {MOVED}\n"), "missing-start-file", "render.yaml", MOVED, id="4-render"
    ),
    pytest.param(
        render(f"    preDeployCommand: {MOVED}\n"), "missing-start-file", "render.yaml", MOVED, id="4-render-release"
    ),
    pytest.param(
        railway(service=f'    start: "{MOVED}",\n'),
        "missing-start-file", ".railway/railway.ts", MOVED, id="4-railway",
    ),
    pytest.param(
        railway(service=f'    preDeploy: "{MOVED}",\n'),
        "missing-start-file", ".railway/railway.ts", MOVED, id="4-railway-release",
    ),
    pytest.param(
        railway_json({"startCommand": MOVED}), "missing-start-file", "railway.json", MOVED, id="4-railway-json"
    ),
    pytest.param(
        railway_json({"preDeployCommand": [MOVED]}),
        "missing-start-file", "railway.json", MOVED, id="4-railway-json-release",
    ),
    pytest.param(
        compose(f"    command: {MOVED}\n{given(*VARIABLES)}"),
        "missing-start-file", "compose.yaml", MOVED, id="4-compose",
    ),
    # 5: a place did not follow the health route
    pytest.param(
        served('[[http_service.checks]]\npath = "/healthz"\n'),
        "unanswered-health-path", "fly.toml", "/healthz", id="5-fly",
    ),
    pytest.param(
        served('[[http_service.checks]]\npath = "/api/health"\n[[http_service.checks]]\npath = "/healthz"\n'),
        "unanswered-health-path", "fly.toml", "/healthz", id="5-fly-second",
    ),
    pytest.param(
        fly('[[services]]\ninternal_port = 4000\n[[services.http_checks]]\npath = "/healthz"\n'),
        "unanswered-health-path", "fly.toml", "/healthz", id="5-fly-services",
    ),
    pytest.param(
        served('[checks.alive]\ntype = "http"\nport = 4000\npath = "/healthz"\n'),
        "unanswered-health-path", "fly.toml", "/healthz", id="5-fly-checks",
    ),
    pytest.param(
        render("    healthCheckPath: /healthz\n"), "unanswered-health-path", "render.yaml", "/healthz", id="5-render"
    ),
    pytest.param(
        railway(service='    healthcheck: "/healthz",\n'),
        "unanswered-health-path", ".railway/railway.ts", "/healthz", id="5-railway",
    ),
    pytest.param(
        railway_json({"healthcheckPath": "/healthz"}),
        "unanswered-health-path", "railway.json", "/healthz", id="5-railway-json",
    ),
    pytest.param(
        compose(f"    healthcheck: {{test: wget -qO- http://127.0.0.1:4000/healthz}}\n{given(*VARIABLES)}"),
        "unanswered-health-path", "compose.yaml", "/healthz", id="5-compose",
    ),
    pytest.param(
        workflow(more="      - run: |\n          docker run -d -p 4000:4000 api\n"
                 "          curl --fail http://localhost:4000/healthz\n"),
        "unanswered-health-path", FLOW, "/healthz", id="5-workflow",
    ),
    # 6: the image is not for where it runs, or was made under emulation
    *[
        pytest.param(files, "missing-platform", FLOW, "linux/arm64", id=f"6-{name}")
        for name, files in image("ghcr.io/shop/api:1", arm=True).items()
    ],
    pytest.param(workflow("linux/amd64,linux/arm64"), "emulated-build", API, "FROM", id="6-workflow"),
    # 8: a variable that the code requires
    pytest.param(
        served('[env]\nJWT_SECRETS = "x"\n'), "missing-variable", "fly.toml", "JWT_SECRETS", id="8-fly"
    ),
    pytest.param(
        {name: text.replace("JWT_SECRET", "JWT_SECRETS") for name, text in render().items()},
        "missing-variable", "render.yaml", "JWT_SECRETS", id="8-render",
    ),
    pytest.param(
        {name: text.replace("JWT_SECRET", "LOG_LEVEL") for name, text in railway().items()},
        "missing-variable", ".railway/railway.ts", '"api"', id="8-railway",
    ),
    pytest.param(compose(given("DATABASE_URL")), "missing-variable", "compose.yaml", "api:", id="8-compose"),
    # 11: the package manager's version floats
    *[
        pytest.param({**FLOATING, **files}, "floating-package-manager", API, "pnpm@latest", id=f"11-{name}")
        for name, files in [("fly", served()), ("render", render()), ("railway", railway()),
                            ("compose", compose(given(*VARIABLES))), ("workflow", workflow())]
    ],
    pytest.param(
        render(f"    buildCommand: {INSTALL}\n", build="runtime: node\n    rootDir: apps/api"),
        "floating-package-manager", "render.yaml", "pnpm@latest", id="11-render-native",
    ),
    pytest.param(
        railway(build=f'buildCommand: "{INSTALL}"'),
        "floating-package-manager", ".railway/railway.ts", "pnpm@latest", id="11-railway-native",
    ),
    pytest.param(
        railway_json(builder="RAILPACK", buildCommand=INSTALL),
        "floating-package-manager", "railway.json", "pnpm@latest", id="11-railway-json-native",
    ),
    # 15: an upper-case letter in the image's name
    *[
        pytest.param(files, "upper-case-image-name", next(iter(files)), "ghcr.io/Shop", id=f"15-{name}")
        for name, files in image("ghcr.io/Shop/api:1").items()
    ],
    pytest.param(
        workflow(tags="ghcr.io/${{ github.repository_owner }}/api:1"),
        "upper-case-image-name", FLOW, "repository_owner", id="15-workflow",
    ),
    # A file, a stage, a folder or a port of the images that is named and not there
    pytest.param(
        fly(build='dockerfile = "apps/api/Dockerfil"'), "missing-dockerfile", "fly.toml", "Dockerfil", id="path-fly"
    ),
    pytest.param(
        fly(build='dockerfile = "apps/api/Dockerfile"\nbuild-target = "runner"'),
        "missing-dockerfile", "fly.toml", "runner", id="stage-fly",
    ),
    pytest.param(
        render(build="runtime: docker\n    dockerfilePath: apps/api/Dockerfil"),
        "missing-dockerfile", "render.yaml", "Dockerfil", id="path-render",
    ),
    pytest.param(
        render("    dockerContext: apps/apis\n"), "missing-dockerfile", "render.yaml", "apps/apis", id="context-render"
    ),
    pytest.param(
        railway(build='dockerfilePath: "apps/api/Dockerfil"'),
        "missing-dockerfile", ".railway/railway.ts", "Dockerfil", id="path-railway",
    ),
    pytest.param(
        railway_json(dockerfilePath="apps/api/Dockerfil"),
        "missing-dockerfile", "railway.json", "Dockerfil", id="path-railway-json",
    ),
    pytest.param(
        {FLOW: workflow()[FLOW].replace("apps/api/Dockerfile", "apps/api/Dockerfil")},
        "missing-dockerfile", FLOW, "Dockerfil", id="path-workflow",
    ),
    pytest.param(
        {FLOW: workflow()[FLOW].replace("context: .", "target: runner")},
        "missing-dockerfile", FLOW, "runner", id="stage-workflow",
    ),
    pytest.param(
        {FLOW: workflow()[FLOW].replace("context: .", "context: apps/apis")},
        "missing-dockerfile", FLOW, "apps/apis", id="context-workflow",
    ),
    pytest.param(fly("[http_service]\ninternal_port = 3000\n"), "port-mismatch", "fly.toml", "3000", id="port-fly"),
    pytest.param(
        served('[checks.alive]\ntype = "http"\nport = 3000\npath = "/api/health"\n'),
        "port-mismatch", "fly.toml", "3000", id="port-fly-check",
    ),
    pytest.param(served('[env]\nPORT = "8080"\n'), "port-mismatch", "fly.toml", "4000", id="port-fly-variable"),
    pytest.param(
        {"apps/api/src/main.ts": "import express from 'express';\nexpress().listen(4000);\n",
         **railway('      PORT: "3000",\n')},
        "port-mismatch", ".railway/railway.ts", "3000", id="port-railway",
    ),
    pytest.param(
        {"apps/api/src/main.ts": "import express from 'express';\nexpress().listen(4000);\n",
         **render("      - key: PORT\n        value: 3000\n")},
        "port-mismatch", "render.yaml", "3000", id="port-render",
    ),
    pytest.param(
        compose(f"    ports: ['80:3000']\n{given(*VARIABLES)}"), "port-mismatch", "compose.yaml", "3000",
        id="port-compose",
    ),
]  # fmt: skip


@pytest.mark.requirement("FS-34")
@pytest.mark.parametrize(("files", "rule", "file", "line"), FAILURES)
def test_what_does_not_agree_is_found_at_its_line(files: Files, rule: str, file: str, line: str) -> None:
    every = {API: BUILT, ".dockerignore": IGNORED, **files}
    found = [finding for finding in findings(every) if finding.rule == rule]
    assert found
    at = found[0].places[0].at
    assert at.file == file
    assert line in every[file].splitlines()[at.line - 1]


@pytest.mark.requirement("FS-34")
@pytest.mark.parametrize(
    "files",
    [
        served(
            '[[http_service.checks]]\npath = "/api/health"\n[deploy]\nrelease_command = "node apps/api/dist/main.js"\n'
        ),
        fly(
            '[processes]\napp = "node apps/api/dist/main.js"\njobs = "node apps/api/dist/main.js"\n'
            '[http_service]\ninternal_port = 4000\nprocesses = ["app"]\n'
        ),
        render("    healthCheckPath: /api/health\n    dockerCommand: node apps/api/dist/main.js\n"),
        railway(service='    healthcheck: "/api/health",\n    start: "node apps/api/dist/main.js",\n'),
        {
            **compose(given(*VARIABLES), build="image: ghcr.io/shop/api:1"),
            **workflow(),
        },
        *image("ghcr.io/shop/api:1").values(),
    ],
)
def test_what_agrees_has_no_finding(files: Files) -> None:
    every = findings({API: BUILT, ".dockerignore": IGNORED, **files})
    assert [(each.rule, str(each.places[0].at), each.message) for each in every] == []
