"""Fly, Railway, Render and GitHub: what their files say about services."""

import json
from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bayplan.errors import BrokenFileError
from bayplan.formats import fly, railway, render, toml_nodes, workflow
from bayplan.source import At, Located

FLY = """\
app = "shop"
primary_region = "ams"

[build]
  dockerfile = "apps/api/Dockerfile" # from the root
  build-target = "run"
  [build.args]
    A = 1

[env]
NODE_ENV = "production"
PORT = 4000

[http_service]
internal_port = 4000
force_https = true

[[http_service.checks]]
path = "/api/health"
interval = "15s"

[[vm]]
memory = "512mb"
"""


def test_a_fly_app_is_one_service() -> None:
    (service,) = fly.parse(FLY, "fly.api.toml").services
    assert (service.name, service.platform) == ("shop", "fly")
    assert service.dockerfile == Located(
        "apps/api/Dockerfile", At("fly.api.toml", 5, 16, len('"apps/api/Dockerfile"'), "build.dockerfile")
    )
    assert service.target is not None
    assert service.target.value == "run"
    assert service.port == Located(4000, At("fly.api.toml", 15, 17, 4, "http_service.internal_port"))
    assert service.health_path == Located("/api/health", At("fly.api.toml", 19, 8, 13, "http_service.checks[0].path"))
    assert {name: value.value for name, value in service.environment.items()} == {
        "NODE_ENV": "production",
        "PORT": "4000",
    }
    assert service.environment["PORT"].at.line == 12
    assert service.build_arguments["A"].value == "1"
    assert service.settings["primary_region"].value == "ams"
    assert service.settings["vm[0].memory"].at.line == 23
    assert service.settings["http_service.force_https"].value == "true"


@pytest.mark.parametrize(
    ("build", "dockerfile"),
    [
        ("[build]\ndockerfile = 'Dockerfile.fly'", "apps/api/Dockerfile.fly"),
        ("[build]\ndockerfile = '../../Dockerfile'", "Dockerfile"),
        ("", "apps/api/Dockerfile"),
        ("[build]\nimage = 'ghcr.io/a/b:1'", None),
        ("[build]\nbuilder = 'heroku/builder:24'", None),
    ],
)
def test_a_dockerfile_is_looked_for_beside_the_fly_file(build: str, dockerfile: str | None) -> None:
    (service,) = fly.parse(build, "apps/api/fly.toml", lambda path: path == "apps/api/Dockerfile").services
    assert (service.dockerfile.value if service.dockerfile else None) == dockerfile
    assert service.name == "api"


def test_each_process_group_of_a_fly_app_is_a_service() -> None:
    app, worker = fly.parse(
        dedent("""
            app = "shop"
            [processes]
            app = "node dist/main.js"
            worker = "node dist/worker.js"
            [[services]]
            internal_port = 8081
            processes = ["worker"]
            [[services]]
            [[services.http_checks]]
            path = "/up"
            [checks.status]
            path = "/status"
            processes = ["worker"]
        """),
        "fly.toml",
    ).services
    assert (app.name, worker.name) == ("shop", "shop-worker")
    assert worker.command == Located(("node dist/worker.js",), At("fly.toml", 5, 10, 21, "processes.worker"))
    assert app.port is not None
    assert app.port.value == 8080
    assert worker.port == Located(8081, At("fly.toml", 7, 17, 4, "services[0].internal_port"))
    assert app.health_path == Located("/up", At("fly.toml", 11, 8, 5, "services[1].http_checks[0].path"))
    assert worker.health_path is not None
    assert worker.health_path.value == "/status"
    assert worker.at.line == 5


def test_a_fly_file_without_a_service_has_no_port() -> None:
    (worker,) = fly.parse('app = "w"\n[processes]\nworker = "node w.js"\n', "fly.toml").services
    assert worker.port is None
    assert worker.name == "w"


def test_toml_places_survive_quoted_keys_inline_tables_and_texts_of_several_lines() -> None:
    text = 'a."b c".d = 1\n[x."y.z"]\ninline = { p = { q = 2 } }\nlong = """\nk = 3\n"""\nlist = [\n  1,\n]\n'
    document = toml_nodes.load(text, "f.toml")
    assert document.at("a", "b c", "d").line == 1
    assert document.at("x", "y.z", "inline", "p", "q").line == 3
    assert document.at("x", "y.z", "list", 0).line == 7
    assert document.key_at("x", "y.z", "long") == At("f.toml", 4, 1, 4, "x.y.z.long")


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = ", 1), ("a = 1\n[b\n", 2), ("a = 1\na = 2", 2), ("a" + ".a" * 500 + " = 1", 0), ("a = " + "[" * 5000, 0)],
)
def test_broken_toml_is_refused_with_its_place(text: str, line: int) -> None:
    with pytest.raises(BrokenFileError) as caught:
        fly.parse(text, "fly.toml")
    assert caught.value.at is not None
    assert caught.value.at.line == line
    assert caught.value.remedy


RAILWAY = {
    "$schema": "https://railway.com/railway.schema.json",
    "build": {"builder": "DOCKERFILE", "dockerfilePath": "/apps/api/Dockerfile"},
    "deploy": {"startCommand": "node dist/main.js", "healthcheckPath": "/api/health", "restartPolicyMaxRetries": 3},
}


def test_a_railway_file_is_one_service_named_after_its_folder() -> None:
    (service,) = railway.parse(json.dumps(RAILWAY, indent=2), "apps/api/railway.json").services
    assert (service.name, service.platform) == ("api", "railway")
    assert service.dockerfile == Located(
        "apps/api/Dockerfile", At("apps/api/railway.json", 5, 23, 22, "build.dockerfilePath")
    )
    assert service.command is not None
    assert service.command.value == ("node dist/main.js",)
    assert service.health_path is not None
    assert service.health_path.at.line == 9
    assert {key: value.value for key, value in service.settings.items()} == {
        "build.builder": "DOCKERFILE",
        "deploy.restartPolicyMaxRetries": "3",
    }


@pytest.mark.parametrize(
    ("text", "folder", "dockerfile"),
    [
        ('[build]\nbuilder = "dockerfile"', "", "Dockerfile"),
        ('[build]\nbuilder = "DOCKERFILE"', "apps/api", "apps/api/Dockerfile"),
        ('[build]\ndockerfilePath = "Dockerfile.api"', "apps/api", "apps/api/Dockerfile.api"),
        ('[build]\nbuilder = "RAILPACK"', "", None),
        ("", "", None),
    ],
)
def test_railway_paths_are_relative_to_the_root_directory(text: str, folder: str, dockerfile: str | None) -> None:
    (service,) = railway.parse(text, "apps/api/railway.toml", lambda path: path.startswith(f"{folder}/")).services
    assert (service.dockerfile.value if service.dockerfile else None) == dockerfile


BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: docker
    dockerfilePath: ./apps/api/Dockerfile
    rootDir: apps/api
    dockerCommand: node dist/main.js
    healthCheckPath: /api/health
    envVars:
      - key: PORT
        value: 4000
      - key: DATABASE_URL
        fromDatabase: {name: db, property: connectionString}
      - fromGroup: shared
  - type: web
    name: site
    runtime: static
  - type: worker
    env: docker
  - just text
projects:
  - name: shop
    environments:
      - name: production
        services:
          - {type: pserv, name: inner, image: {url: ghcr.io/a/b:1}, startCommand: run me}
"""


def test_a_blueprint_has_its_own_services_and_those_of_its_projects() -> None:
    api, site, worker, inner = render.parse(BLUEPRINT, "render.yaml").services
    assert [each.name for each in (api, site, worker, inner)] == ["api", "site", "service 2", "inner"]
    assert api.dockerfile == Located("apps/api/Dockerfile", At("render.yaml", 5, 21, 21, "services[0].dockerfilePath"))
    assert api.context is not None
    assert api.context.value == "."
    assert api.port == Located(4000, At("render.yaml", 11, 16, 4, "services[0].envVars[0].value"))
    assert {name: value.value for name, value in api.environment.items()} == {"PORT": "4000", "DATABASE_URL": ""}
    assert api.settings["rootDir"].value == "apps/api"
    assert site.dockerfile is None
    assert worker.dockerfile is not None
    assert worker.dockerfile.value == "Dockerfile"
    assert inner.image is not None
    assert inner.image.value == "ghcr.io/a/b:1"
    assert inner.command is not None
    assert inner.command.value == ("run me",)


WORKFLOW = """\
on: {push: {branches: [main]}}
env:
  REGISTRY: ghcr.io
jobs:
  build:
    runs-on: ${{ matrix.runner }}
    steps:
      - uses: docker/build-push-action@v6
        with:
          push: ${{ github.event_name != 'pull_request' }}
          file: apps/api/Dockerfile
          tags: |
            a
            b
      - run: pnpm test
      -
  many:
    runs-on: [self-hosted, arm64]
  group: {runs-on: {group: big, labels: [x]}}
  call:
    uses: ./.github/workflows/other.yml
    with: {app: api}
"""


def test_a_workflow_has_jobs_with_their_steps() -> None:
    file = workflow.parse(WORKFLOW, ".github/workflows/docker.yml")
    assert file.env["REGISTRY"].value == "ghcr.io"
    build, many, group, call = file.jobs
    assert [job.runs_on.value if job.runs_on else None for job in file.jobs] == [
        "${{ matrix.runner }}",
        "self-hosted, arm64",
        "x",
        None,
    ]
    push, script = build.steps
    assert push.uses == Located(
        "docker/build-push-action@v6", At(".github/workflows/docker.yml", 8, 15, 27, "jobs.build.steps[0].uses")
    )
    assert push.inputs["tags"].value == "a\nb\n"
    assert script.script is not None
    assert script.script.value == "pnpm test"
    assert (many.steps, group.steps) == ((), ())
    assert call.steps[0].uses is not None
    assert call.steps[0].inputs["app"].value == "api"
    assert build.at.line == 5


@pytest.mark.parametrize("text", ["", "- a", "a: [", "text"])
def test_a_file_without_keys_is_broken(text: str) -> None:
    for path, parse in (("render.yaml", render.parse), ("w.yml", workflow.parse)):
        with pytest.raises(BrokenFileError) as caught:
            parse(text, path)
        assert caught.value.remedy
    with pytest.raises(BrokenFileError):
        railway.parse(text, "railway.json")


keys = st.sampled_from(
    [
        *(
            "app",
            "build",
            "dockerfile",
            "image",
            "env",
            "processes",
            "http_service",
            "services",
            "checks",
            "path",
            "jobs",
        ),
        *(
            "internal_port",
            "deploy",
            "dockerfilePath",
            "builder",
            "startCommand",
            "healthcheckPath",
            "projects",
            "steps",
        ),
        *(
            "environments",
            "envVars",
            "key",
            "value",
            "runtime",
            "runs-on",
            "uses",
            "with",
            "run",
            "name",
            "args",
            "url",
        ),
    ]
)
scalars = (
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=4) | st.sampled_from(["docker", "app", "4000"])
)
shapes = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@given(st.dictionaries(keys, shapes, max_size=6))
def test_unknown_shapes_never_raise(data: dict[str, object]) -> None:
    railway.parse(json.dumps(data), "railway.json")
    render.parse(yaml.safe_dump(data), "render.yaml")
    workflow.parse(yaml.safe_dump(data), "w.yml")
    inline = "".join(f"{key} = {inline_toml(value)}\n" for key, value in data.items())
    assert len(fly.parse(inline, "fly.toml").services) >= 1


def inline_toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {inline_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    return json.dumps(value)


@given(st.text(max_size=30) | st.text('a[]."=\n #', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for path, parse in (("fly.toml", fly.parse), ("railway.toml", railway.parse), ("railway.json", railway.parse)):
        try:
            found: object = parse(text, path)
        except BrokenFileError as error:
            found = error.remedy
        assert found
