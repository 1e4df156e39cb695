"""What Railway runs of `.railway/railway.ts`, as its own library evaluates that file."""

import json
import re
import secrets
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import join
from typing import Any

from bayplan.model.deployment import DeployedService, Deployment
from tests.e2e.platform_images import Images
from tests.e2e.platform_operator import Operator
from tests.e2e.platform_run import Check, PlatformRun
from tests.e2e.platform_world import docker

LIBRARY = "railway@3.11.0"
PORT = "8080"
"""What Railway tells a service to listen on where its file does not say."""
EVALUATE = """
import { createRailwayContext } from "railway/iac";
const found = {};
for (const word of process.argv.slice(2)) {
  const [name, environment] = word.split("=");
  const { default: program } = await import(`./${name}.ts`);
  found[name] = await program(createRailwayContext({ environment }));
}
console.log(JSON.stringify(found));
"""
STAND_INS = {"postgres": "postgres:17-alpine", "redis": "redis:7-alpine"}
"""In place of the images of Railway's own databases, which are theirs alone."""
ENDING = ("migrate",)
"""What runs to its end with each of its deployments: Railway has nothing else for it."""
REFERENCE = re.compile(r"\$\{\{\s*(?:([\w-]+)\.)?(\w+)\s*\}\}")


def evaluated(files: Mapping[str, Path], folder: Path) -> dict[str, Any]:
    """Evaluate files by Railway's library, with a Node.js that it takes, and return their resources by name.

    The file of an environment is named after it: `railway.staging.ts`.
    """
    asked = []
    for name, file in files.items():
        shutil.copy(file, folder / f"{name}.ts")
        asked.append(f"{name}={file.stem.partition('.')[2] or 'production'}")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "evaluate.mjs").write_text(EVALUATE, encoding="utf-8")
    install = f"npm install --silent --no-audit --no-fund --no-save --ignore-scripts {LIBRARY} >&2"
    run = f"node --no-warnings --experimental-strip-types evaluate.mjs {shlex.join(asked)}"
    inside = (
        "--volume",
        f"{folder}:/files",
        "--workdir",
        "/files",
        "node:22-alpine",
        "sh",
        "-c",
        f"{install} && {run}",
    )
    found: dict[str, Any] = json.loads(docker("run", "--rm", *inside))
    return found


@dataclass
class Project:
    """A project while its references are worked out."""

    resources: list[dict[str, Any]]
    operator: Operator
    made: dict[tuple[str, str], str] = field(default_factory=dict)

    def secret(self, part: str, name: str) -> str:
        return self.made.setdefault((part, name), secrets.token_hex(24))

    def resource(self, name: str) -> dict[str, Any]:
        return next(each for each in self.resources if name in (each["name"], each["address"]))

    def environment(self, resource: dict[str, Any]) -> dict[str, str]:
        written, told = (resource.get("variables") or {}).items(), self.operator.of(resource["name"])
        known = [(name, each) for name, each in written if each["type"] != "preserve" or name in told]
        return self.provided(resource) | {name: self.value(resource, name, each) for name, each in known}

    def value(self, resource: dict[str, Any], name: str, written: dict[str, Any]) -> str:
        kind = written["type"]
        if kind == "reference":
            return self.variable(self.resource(written["resource"]), written["output"])
        if kind == "sharedReference":
            return self.operator.values[written["name"]]
        if kind == "preserve":
            return self.operator.of(resource["name"])[name]
        if written.get("generator"):
            return self.secret(resource["name"], name)
        return REFERENCE.sub(lambda match: self.referred(resource, match[1], match[2]), written["value"])

    def referred(self, resource: dict[str, Any], part: str | None, name: str) -> str:
        if part == "shared":
            return self.operator.values[name]
        return self.variable(self.resource(part) if part else resource, name)

    def variable(self, resource: dict[str, Any], name: str) -> str:
        written = (resource.get("variables") or {}).get(name)
        return self.value(resource, name, written) if written else self.provided(resource)[name]

    def provided(self, resource: dict[str, Any]) -> dict[str, str]:
        """Return what Railway itself tells a service or database."""
        name = resource["name"]
        host = private_domain(resource)
        told = {"RAILWAY_SERVICE_NAME": name, "RAILWAY_PRIVATE_DOMAIN": host, "RAILWAY_ENVIRONMENT_NAME": "production"}
        if resource["type"] == "database":
            return told | self._of_database(resource["engine"], host, self.secret(name, "password"))
        return {**told, "PORT": PORT, "RAILWAY_PUBLIC_DOMAIN": _public_domain(resource)}

    def _of_database(self, engine: str, host: str, password: str) -> dict[str, str]:
        if engine == "postgres":
            parts = {"PGHOST": host, "PGPORT": "5432", "PGUSER": "postgres", "PGPASSWORD": password}
            own = {"POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": password, "POSTGRES_DB": "railway"}
            url = f"postgresql://postgres:{password}@{host}:5432/railway"
            return {**parts, **own, "PGDATABASE": "railway", "DATABASE_URL": url}
        assert engine == "redis", f"nothing here knows Railway's {engine}"
        parts = {"REDISHOST": host, "REDISPORT": "6379", "REDISUSER": "default", "REDISPASSWORD": password}
        return {**parts, "REDIS_PASSWORD": password, "REDIS_URL": f"redis://default:{password}@{host}:6379"}


def private_domain(resource: dict[str, Any]) -> str:
    return f"{resource['name']}.railway.internal"


def _public_domain(resource: dict[str, Any]) -> str:
    networking = resource.get("networking") or {}
    domains = [*(networking.get("customDomains") or {}), *(networking.get("serviceDomains") or {})]
    return domains[0] if domains else f"{resource['name']}-production.up.railway.app"


def railway_runs(
    resources: list[dict[str, Any]], deployment: Deployment, images: Images, operator: Operator
) -> tuple[PlatformRun, ...]:
    project = Project(resources, operator)
    read = {each.name: each for each in deployment.platform_services if each.platform == "railway"}
    databases = [_database(project, each) for each in resources if each["type"] == "database"]
    services = [each for each in resources if each["type"] == "service"]
    for each in services:
        agrees(each, read[each["name"]])
    runs = [_run(project, each, read[each["name"]], images) for each in services]
    return (*databases, *runs)


def _database(project: Project, resource: dict[str, Any]) -> PlatformRun:
    environment, engine = project.environment(resource), resource["engine"]
    is_theirs = "railway" in resource["image"]
    image = STAND_INS[engine] if is_theirs else resource["image"]
    told = {name: value for name, value in environment.items() if name.startswith("POSTGRES_")}
    argv = None if engine == "postgres" else ("redis-server", "--requirepass", environment["REDIS_PASSWORD"])
    return PlatformRun(resource["name"], "store", image, told, (private_domain(resource),), argv=argv)


def _run(project: Project, resource: dict[str, Any], read: DeployedService, images: Images) -> PlatformRun:
    environment, deploy = project.environment(resource), resource.get("deploy") or {}
    command, path = deploy.get("startCommand"), deploy.get("healthcheckPath")
    releases = [tuple(shlex.split(each)) for each in deploy.get("preDeployCommand") or ()]
    mounts = [each["mountPath"] for each in (resource.get("volumeAttachments") or {}).values()]
    is_job, is_image = resource["name"] in ENDING, resource["kind"] == "docker-image"
    limit = ((deploy.get("limitOverride") or {}).get("containers") or {}).get("memoryBytes")
    within = float(deploy.get("healthcheckTimeout") or 300)
    return PlatformRun(
        name=resource["name"],
        kind="job" if is_job else "store" if is_image else "web" if path else "worker",
        image=images.of(read, environment),
        environment=environment,
        hosts=(private_domain(resource),),
        entrypoint=tuple(shlex.split(command)) if command else None,
        argv=() if command else None,
        releases=((),) if is_job else tuple(releases),
        checks=(Check(path, within, {"Host": "healthcheck.railway.app"}, good=(200,)),) if path else (),
        port=int(environment["PORT"]) if path else None,
        mounts=tuple(mounts),
        memory_mb=limit // 1_000_000 if limit else None,
        seconds=float(deploy.get("drainingSeconds") or 0),
        public_url=f"https://{environment['RAILWAY_PUBLIC_DOMAIN']}",
    )


def agrees(resource: dict[str, Any], read: DeployedService) -> None:
    """See that bayplan's reader, which runs no code, says of a service what Railway's library says."""
    deploy, build = resource.get("deploy") or {}, resource.get("build") or {}
    source = resource.get("source") or {}
    assert (read.image.value if read.image else None) == source.get("image")
    if "dockerfilePath" in build:
        assert read.dockerfile is not None
        assert read.dockerfile.value == join(source.get("rootDirectory") or "", build["dockerfilePath"].lstrip("/"))
    assert (read.command.value if read.command else ()) == tuple(filter(None, (deploy.get("startCommand"),)))
    releases = deploy.get("preDeployCommand") or ()
    assert (read.release.value if read.release else ()) == ((" && ".join(releases),) if releases else ())
    assert (read.health_path.value if read.health_path else None) == deploy.get("healthcheckPath")
    assert set(read.environment) == set(resource.get("variables") or {})
