"""`railway.json` and `railway.toml` of strangers: what is right draws nothing but that it is old, the rest its line."""

import json

import pytest

from bayplan.formats import railway
from bayplan.model.deployment import Fault, Irregular
from tests.unit.shop import found

SCHEMA = "https://railway.com/railway.schema.json"
DOCKERFILE = {"builder": "DOCKERFILE", "dockerfilePath": "Dockerfile"}

VALID_JSON = [
    {},
    {"$schema": SCHEMA},
    {"$schema": SCHEMA, "build": {"builder": "RAILPACK"}},
    {"build": DOCKERFILE},
    {"build": {"dockerfilePath": "Dockerfile.render"}},
    {"build": {**DOCKERFILE, "dockerfilePath": "./Dockerfile.railway"}, "deploy": {"startCommand": "/start.sh"}},
    {"build": {"builder": "RAILPACK", "buildCommand": "npm ci && npm run build"}, "deploy": {"numReplicas": 1}},
    {"build": {"watchPatterns": ["apps/api/**", "!**/*.md"]}},
    {"build": {"buildCommand": None, "dockerfilePath": None, "watchPatterns": None}},
    {"build": {"railpackVersion": "0.7.0", "buildEnvironment": "V3"}},
    {"deploy": {"startCommand": "node dist/index.js", "healthcheckPath": "/health", "healthcheckTimeout": 120}},
    {"deploy": {"restartPolicyType": "ON_FAILURE", "restartPolicyMaxRetries": 10}},
    {"deploy": {"restartPolicyType": "ALWAYS", "restartPolicyMaxRetries": 10}},
    {"deploy": {"restartPolicyType": "NEVER"}},
    {"deploy": {"preDeployCommand": "node dist/migrate.js"}},
    {"deploy": {"preDeployCommand": ["npm run db:migrate"]}},
    {"deploy": {"cronSchedule": "*/15 * * * *", "restartPolicyType": "NEVER"}},
    {"deploy": {"sleepApplication": True, "runtime": "V2", "region": "us-west2"}},
    {"deploy": {"multiRegionConfig": {"us-west2": {"numReplicas": 2}, "europe-west4-drams3a": {"numReplicas": 2}}}},
    {"deploy": {"multiRegionConfig": None, "limitOverride": {"containers": {"cpu": 1, "memoryBytes": 1000000000}}}},
    {"deploy": {"overlapSeconds": "60", "drainingSeconds": 10, "requiredMountPath": "/data"}},
    {"environments": {"pr": {"deploy": {"startCommand": "npm run pr"}}, "staging": {"build": DOCKERFILE}}},
    {"environments": {"production": None}, "deploy": {"useLegacyStacker": False, "ipv6EgressEnabled": False}},
]
VALID_TOML = [
    "",
    '[build]\nbuilder = "dockerfile"\n\n[deploy]\nrestartPolicyType = "on_failure"\nrestartPolicyMaxRetries = 3\n',
    '[build]\n# the image is pulled\n\n[deploy]\nhealthcheckPath = "/health"\nhealthcheckTimeout = 600\n',
    '[build]\nbuilder = "railpack"\nbuildCommand = "make"\n\n[environments.production.deploy]\nnumReplicas = 2\n',
    '[deploy]\nstartCommand = "sh -c \'exec node dist/main.js\'"\nrestartPolicyType = "always"\n',
]
WRONG = [
    ('{\n  "build": {\n    "buider": "DOCKERFILE"\n  }\n}', 3, Fault.UNKNOWN, "did you mean `builder`?"),
    ('{\n  "build": {\n    "dockerfile": "Dockerfile"\n  }\n}', 3, Fault.UNKNOWN, "did you mean `dockerfilePath`?"),
    ('{\n  "build": {\n    "builder": "DOCKER"\n  }\n}', 3, Fault.WRONG, "`DOCKERFILE`"),
    ('{\n  "schema": "x"\n}', 2, Fault.UNKNOWN, "did you mean `$schema`?"),
    ('{\n  "deploy": {\n    "predeployCommand": "x"\n  }\n}', 3, Fault.UNKNOWN, "did you mean `preDeployCommand`?"),
    ('{\n  "deploy": {\n    "healthCheckPath": "/"\n  }\n}', 3, Fault.UNKNOWN, "did you mean `healthcheckPath`?"),
    ('{\n  "deploy": {\n    "healthcheckTimeout": "100"\n  }\n}', 3, Fault.WRONG, "a whole number"),
    ('{\n  "deploy": {\n    "restartPolicyType": "on-failure"\n  }\n}', 3, Fault.WRONG, "`ON_FAILURE`"),
    ('{\n  "deploy": {\n    "buildCommand": "npm install"\n  }\n}', 3, Fault.UNKNOWN, "`buildCommand`"),
    ('{\n  "build": {\n    "watchPatterns": "src/**"\n  }\n}', 3, Fault.WRONG, "a list of"),
    ('{\n  "envVars": {\n    "A": {}\n  }\n}', 2, Fault.UNKNOWN, "`envVars`"),
    ('{\n  "build": {\n    "builder": "NIXPACKS"\n  }\n}', 3, Fault.OLD, "`build.builder`"),
    ('{\n  "build": {\n    "nixpacksPlan": {"providers": ["node"]}\n  }\n}', 3, Fault.OLD, "`build.nixpacksPlan`"),
    (
        '{\n  "build": {\n    "builder": "DOCKERFILE",\n    "buildCommand": "npm run build"\n  }\n}',
        4,
        Fault.IGNORED,
        "`build.buildCommand`",
    ),
    (
        '{\n  "deploy": {\n    "restartPolicyType": "NEVER",\n    "restartPolicyMaxRetries": 3\n  }\n}',
        4,
        Fault.IGNORED,
        "`deploy.restartPolicyMaxRetries`",
    ),
    (
        '{\n  "environments": {\n    "pr": {\n      "deply": {}\n    }\n  }\n}',
        4,
        Fault.UNKNOWN,
        "did you mean `deploy`?",
    ),
]
WRONG_TOML = [
    ('[build]\nbuilder = "nixpacks"\nnixpacksConfigPath = "x"\n', 3, Fault.OLD, "`build.nixpacksConfigPath`"),
    ('[start]\ncommand = "x"\n', 1, Fault.UNKNOWN, "`start`"),
    ('[deploy]\nhealthcheckPath = "/"\n\n[[services]]\nname = "api"\n', 4, Fault.UNKNOWN, "`services`"),
    ('[environments.production.variables]\nDEBUG = "0"\n', 1, Fault.UNKNOWN, "`variables`"),
    ("[deploy]\nnumReplicas = true\n", 2, Fault.WRONG, "`deploy.numReplicas` is true"),
]


def irregular(text: str, path: str) -> tuple[Irregular, ...]:
    """Return what is irregular beside the age of the file as a whole."""
    first, *others = railway.parse(text, path).irregular
    assert first.fault is Fault.OLD
    assert (first.at.file, first.at.line) == (path, 1)
    return tuple(others)


@pytest.mark.parametrize("content", VALID_JSON, ids=json.dumps)
def test_a_valid_json_file_is_nothing_but_old(content: object) -> None:
    assert irregular(json.dumps(content, indent=2), "railway.json") == ()


@pytest.mark.parametrize("text", VALID_TOML)
def test_a_valid_toml_file_is_nothing_but_old(text: str) -> None:
    assert irregular(text, "railway.toml") == ()


@pytest.mark.parametrize(("text", "line", "fault", "words"), WRONG)
def test_what_is_wrong_in_a_json_file_is_shown_at_its_line(text: str, line: int, fault: Fault, words: str) -> None:
    (only,) = irregular(text, "apps/api/railway.json")
    assert (only.fault, only.at.line) == (fault, line)
    assert words in only.message


@pytest.mark.parametrize(("text", "line", "fault", "words"), WRONG_TOML)
def test_what_is_wrong_in_a_toml_file_is_shown_at_its_line(text: str, line: int, fault: Fault, words: str) -> None:
    last = irregular(text, "railway.toml")[-1]
    assert (last.fault, last.at.line) == (fault, line)
    assert words in last.message


def test_the_replacement_is_named() -> None:
    (finding,) = found("old-form", {"apps/api/railway.json": '{"build": {"builder": "RAILPACK"}}'})
    assert "2026-12-01" in finding.message
    assert ".railway/railway.ts" in (finding.help or "")


def test_what_runs_before_and_by_the_clock_is_read() -> None:
    (service,) = railway.parse(
        '{"deploy": {"preDeployCommand": ["a b"], "cronSchedule": "@daily"}}', "railway.json"
    ).services
    assert service.release is not None
    assert service.release.value == ("a b",)
    assert service.kind == "cron"


@pytest.mark.parametrize(
    ("mount", "is_refused"),
    [
        ("type=cache,id=npm,target=/root/.npm", True),
        ("type=cache,target=/root/.npm", True),
        ("type=cache,id=s/0c1f-/root/.npm,target=/root/.npm", False),
        ("type=secret,id=npmrc", False),
        ("type=bind,source=package.json,target=package.json", False),
    ],
)
def test_railways_builder_takes_caches_of_its_own_names_alone(mount: str, is_refused: bool) -> None:  # noqa: FBT001
    files = {
        "apps/api/Dockerfile": f'FROM node:22-alpine\nCOPY . .\nRUN --mount={mount} npm ci\nCMD ["node", "a.js"]\n',
        "railway.json": '{"build": {"builder": "DOCKERFILE", "dockerfilePath": "apps/api/Dockerfile"}}',
    }
    places = [finding.places[0].at for finding in found("refused-cache-mount", files)]
    assert [(at.file, at.line) for at in places] == ([("apps/api/Dockerfile", 3)] if is_refused else [])
