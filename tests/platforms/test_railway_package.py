"""What Railway's own package says of `.railway/railway.ts`: of ours, and of what bayplan reads in one."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from bayplan import pipeline
from bayplan.formats import railway_code
from bayplan.model.deployment import DeployedService
from bayplan.writers import railway
from tests.platforms.railway_package import Package, installed

EXAMPLES = Path(__file__).parents[2] / "examples"
SYSTEMS = ("forgestack", "cipherbox", "everyskill", "whereabouts")
CHOSEN = "railway: { repo: example/shop, branch: release, region: europe-west4 }"

IDIOMS = """\
import { bucket, defineRailway, github, group, image, postgres, preserve, project } from "railway/iac";
import { redis, ref, service, volume } from 'railway/iac';

const REGION = "europe-west4";
const SECRETS = ["JWT_SECRET", "STRIPE_KEY"] as const;
const kept = Object.fromEntries(SECRETS.map((name) => [name, preserve()]));
const WATCHED = Object.freeze(["/package.json", "/packages/**"]);

export default defineRailway((ctx) => {
  const source = github("example/shop", { branch: "main", rootDirectory: "shop" });
  const db = postgres("Main DB", { region: REGION });
  const cache = redis('redis');
  const files = volume("files", { sizeMB: 5_000 });
  const media = bucket("media", { region: "ams" });
  const common = { NODE_ENV: "production", DATABASE_URL: db.env.DATABASE_URL, ...kept };
  const backend = (name: string, role: "web" | "worker") =>
    service(name, {
      source,
      build: {
        builder: "DOCKERFILE",
        dockerfilePath: `apps/${name}/Dockerfile`,
        watchPatterns: [...WATCHED, `/apps/${name}/**`],
      },
      preDeploy: role === "web" ? ["node dist/migrate.js"] : undefined,
      healthcheck: role === "web" ? "/api/health" : undefined,
      replicas: { [REGION]: role === "web" ? 2 : 1 },
      deploy: { restartPolicyType: "ON_FAILURE", restartPolicyMaxRetries: 1 + 2 },
      env: { ...common, ROLE: role, QUEUE: ref(cache, "REDIS_URL"), SENTRY: ctx.shared.SENTRY_DSN },
    });
  const api = backend("api", "web");
  const worker = backend("worker", "worker");
  const kubo = service("kubo", {
    source: image("ipfs/kubo:v0.34.0"),
    start: "ipfs daemon",
    volumeMounts: { "/data/ipfs": files },
  });
  const data = group("Data", [db, cache, files, media]);
  return project("shop", { resources: [data, api, worker, kubo] });
});
"""


@pytest.fixture(scope="session")
def package() -> Package:
    return installed()


def written(root: Path) -> dict[str, str]:
    stack = pipeline.plan(root).stack
    return {path: file.text for path, file in railway.write(stack).items() if path.endswith(".ts")}


def services(project: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in project["resources"] if each["type"] == "service"}


def agree(read: DeployedService, made: dict[str, Any]) -> None:
    """See that what bayplan reads of a service is what the package makes of it."""
    deploy, build, source = (made.get(key) or {} for key in ("deploy", "build", "source"))
    folder = source.get("rootDirectory")
    assert (read.image.value if read.image else None) == source.get("image")
    assert (read.context.value if read.context else None) == (folder or ".")
    if "dockerfilePath" in build:
        path = f"{folder}/{build['dockerfilePath']}" if folder else build["dockerfilePath"]
        assert read.dockerfile is not None
        assert read.dockerfile.value == path
    assert (read.command.value[0] if read.command else None) == deploy.get("startCommand")
    assert (read.release.value[0] if read.release else "") == " && ".join(deploy.get("preDeployCommand", ()))
    assert (read.health_path.value if read.health_path else None) == deploy.get("healthcheckPath")
    variables = made.get("variables") or {}
    assert {name: value.value for name, value in read.environment.items()} == {
        name: value.get("value", "") if value["type"] == "literal" else "" for name, value in variables.items()
    }
    mounted = {
        each["volume"].partition(".")[2]: each["mountPath"] for each in made.get("volumeAttachments", {}).values()
    }
    assert {mount.source: mount.target for mount in read.mounts} == mounted


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("targets", ["railway: {}", CHOSEN], ids=["as it is", "with a repository and a region"])
def test_what_bayplan_writes_is_what_the_package_takes(
    package: Package, system: str, targets: str, tmp_path: Path
) -> None:
    root = tmp_path / system
    shutil.copytree(EXAMPLES / system / "repo", root)
    config = root / "bayplan.yaml"
    config.write_text(config.read_text().replace("railway: {}", targets))
    files = written(root)
    assert len(files) == 1
    for path, text in files.items():
        environment = path.removeprefix(".railway/railway").removesuffix(".ts").strip(".") or "production"
        assert package.mistakes(text) == ""
        project = package.project(text, environment)
        read = railway_code.parse(text, path)
        assert read.irregular == ()
        made = services(project)
        assert [each.name for each in read.services if each.kind != "store"] == list(made)
        for each in read.services:
            if each.kind != "store":
                agree(each, made[each.name])


def test_the_reader_says_of_strangers_idioms_what_the_package_makes_of_them(package: Package) -> None:
    assert package.mistakes(IDIOMS) == ""
    made = services(package.project(IDIOMS))
    read = railway_code.parse(IDIOMS, ".railway/railway.ts")
    assert read.irregular == ()
    assert [each.name for each in read.services if each.kind == "store"] == ["Main DB", "redis"]
    for each in read.services:
        if each.kind != "store":
            agree(each, made[each.name])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('healthcheck: role === "web" ? "/api/health" : undefined', 'healthchek: "/api/health"'),
        ('builder: "DOCKERFILE"', 'builder: "DOCKER"'),
        ('restartPolicyType: "ON_FAILURE"', 'restartPolicyType: "SOMETIMES"'),
        ("restartPolicyMaxRetries: 1 + 2", 'restartPolicyMaxRetries: "3"'),
        ("ROLE: role", "ROLE: 5"),
        ('bucket("media", { region: "ams" })', 'bucket("media", { region: "fra" })'),
        ('volume("files", { sizeMB: 5_000 })', 'volume("files", { sizeMb: 5_000 })'),
        ('start: "ipfs daemon"', 'start: ["ipfs", "daemon"]'),
    ],
)
def test_what_the_package_refuses_is_found_without_it(package: Package, before: str, after: str) -> None:
    text = IDIOMS.replace(before, after)
    assert text != IDIOMS
    line = text[: text.index(after)].count("\n") + 1
    assert f"railway.ts({line}," in package.mistakes(text)
    assert {each.at.line for each in railway_code.parse(text, ".railway/railway.ts").irregular} == {line}


def test_a_reference_inside_of_a_text_is_no_address(package: Package) -> None:
    """No type says anything against it; only a run shows what becomes of it."""
    text = IDIOMS.replace("ROLE: role", "ROLE: `redis://${cache.env.REDISHOST}:6379`")
    assert package.mistakes(text) == ""
    api = services(package.project(text))["api"]
    assert api["variables"]["ROLE"]["value"] == "redis://[object Object]:6379"
    (irregular,) = railway_code.parse(text, ".railway/railway.ts").irregular
    assert "[object Object]" in irregular.message
    assert "${{redis.REDISHOST}}" in irregular.help
