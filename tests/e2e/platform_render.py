"""What Render runs of a blueprint: services, its own databases and key-value stores, and references between them."""

import re
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bayplan.catalog import load
from bayplan.formats import yaml_nodes
from bayplan.model.deployment import DeployedService, Deployment
from tests.e2e.platform_images import Images
from tests.e2e.platform_operator import Operator
from tests.e2e.platform_run import Check, PlatformRun
from tests.e2e.platform_static import StaticSite

PORT = 10000
"""What Render tells a web service to listen on where its blueprint does not say."""
DATABASES = {"15": "postgres:15-alpine", "16": "pgvector/pgvector:pg16", "17": "pgvector/pgvector:pg17"}
"""Render's PostgreSQL has the extension for vectors in every version."""
KEY_VALUE = "valkey/valkey:8-alpine"
VARIABLE = re.compile(r"\$\{?(\w+)\}?")
KINDS = {"web": "web", "pserv": "private", "worker": "worker", "cron": "job"}
PLANS = {plan["name"]: plan["memory_mb"] for plan in load("platforms/render")["plan"]["server"]}


@dataclass
class Blueprint:
    """A blueprint while its references are worked out."""

    services: list[dict[str, Any]]
    databases: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    operator: Operator
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    """What was made up, by the part it is of and its name: the same whenever it is asked for."""

    def service(self, name: str) -> dict[str, Any]:
        return next(each for each in self.services if each["name"] == name)

    def database(self, name: str) -> dict[str, Any]:
        return next(each for each in self.databases if each["name"] == name)

    def secret(self, part: str, name: str) -> str:
        return self.made.setdefault((part, name), secrets.token_hex(24))

    def environment(self, service: dict[str, Any]) -> dict[str, str]:
        found = own_variables(service)
        for each in service.get("envVars", ()):
            if "fromGroup" in each:
                group = next(group for group in self.groups if group["name"] == each["fromGroup"])
                entries = group.get("envVars", ())
                found |= {entry["key"]: self.value(group["name"], entry) for entry in entries}
        return found | {
            each["key"]: self.value(service["name"], each) for each in service.get("envVars", ()) if "key" in each
        }

    def variable(self, service: dict[str, Any], name: str) -> str:
        """Return one variable of a service: two services may each name a variable of the other."""
        own = [each for each in service.get("envVars", ()) if each.get("key") == name]
        if own:
            return self.value(service["name"], own[-1])
        return own_variables(service).get(name, "")

    def value(self, part: str, entry: dict[str, Any]) -> str:
        if "value" in entry:
            return str(entry["value"])
        if entry.get("generateValue"):
            return self.secret(part, entry["key"])
        if "fromDatabase" in entry:
            return self.of_database(**entry["fromDatabase"])
        if "fromService" in entry:
            return self.of_service(**entry["fromService"])
        assert entry.get("sync") is False, f"{part}: {entry} has no source"
        return self.operator.values[entry["key"]]

    def of_database(self, name: str, property: str) -> str:  # noqa: A002 - the key's own name
        database = self.database(name)
        parts = {
            "host": _database_host(name),
            "port": "5432",
            "user": database.get("user", "app"),
            "password": self.secret(name, "password"),
            "database": database.get("databaseName", name.replace("-", "_")),
        }
        url = f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}/{parts['database']}"
        return str({**parts, "connectionString": url}[property])

    def of_service(self, name: str, type: str, property: str = "", envVarKey: str = "") -> str:  # noqa: A002, N803
        service = self.service(name)
        assert service["type"] == type, f"{name} is {service['type']}, not {type}"
        if envVarKey:
            return self.variable(service, envVarKey)
        if type == "keyvalue":
            host, port = _key_value_host(name), "6379"
        else:
            host, port = _host(name), self.variable(service, "PORT") or str(PORT)
        answers = {
            "host": host,
            "port": port,
            "hostport": f"{host}:{port}",
            "connectionString": f"redis://{host}:{port}",
        }
        return answers[property]


def own_variables(service: dict[str, Any]) -> dict[str, str]:
    """Return what Render itself tells a service."""
    if service["type"] == "keyvalue":
        return {}
    name = service["name"]
    common = {"RENDER": "true", "RENDER_SERVICE_NAME": name, "IS_PULL_REQUEST": "false"}
    if service["type"] != "web":
        return common
    host = f"{name}.onrender.com"
    return {**common, "PORT": str(PORT), "RENDER_EXTERNAL_HOSTNAME": host, "RENDER_EXTERNAL_URL": f"https://{host}"}


def words(command: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of a command with the variables in them, which Render fills in."""
    filled = (VARIABLE.sub(lambda match: environment.get(match[1], ""), word) for word in shlex.split(command))
    return tuple(filled)


def _host(name: str) -> str:
    return name


def _database_host(name: str) -> str:
    return f"dpg-{name}-a"


def _key_value_host(name: str) -> str:
    return f"red-{name}"


def render_runs(text: str, deployment: Deployment, images: Images, operator: Operator) -> tuple[PlatformRun, ...]:
    """Return what runs of a blueprint. A static site is files on Render's own servers, and runs nowhere."""
    blueprint = _blueprint(text, operator)
    read = {each.name: each for each in deployment.platform_services if each.platform == "render"}
    stores = [_database(blueprint, each) for each in blueprint.databases]
    stores += [_key_value(each) for each in blueprint.services if each["type"] == "keyvalue"]
    runs = [
        _run(blueprint, each, read[each["name"]], images)
        for each in blueprint.services
        if each["type"] in KINDS and each.get("runtime") != "static"
    ]
    return (*stores, *runs)


def render_sites(text: str, operator: Operator) -> tuple[StaticSite, ...]:
    """Return the static sites of a blueprint, whose commands do everything by themselves."""
    blueprint = _blueprint(text, operator)
    return tuple(
        StaticSite(each["buildCommand"], each["staticPublishPath"], blueprint.environment(each))
        for each in blueprint.services
        if each.get("runtime") == "static"
    )


def _blueprint(text: str, operator: Operator) -> Blueprint:
    data: Any = yaml_nodes.load(text, "render.yaml").data
    return Blueprint(data["services"], data.get("databases", []), data.get("envVarGroups", []), operator)


def _database(blueprint: Blueprint, database: dict[str, Any]) -> PlatformRun:
    name = database["name"]
    told = {
        "POSTGRES_USER": blueprint.of_database(name, "user"),
        "POSTGRES_PASSWORD": blueprint.of_database(name, "password"),
        "POSTGRES_DB": blueprint.of_database(name, "database"),
    }
    image = DATABASES[str(database.get("postgresMajorVersion", "17"))]
    return PlatformRun(name, "store", image, told, (_database_host(name),))


def _key_value(service: dict[str, Any]) -> PlatformRun:
    policy = service.get("maxmemoryPolicy", "allkeys-lru")
    argv = ("valkey-server", "--maxmemory", "25mb", "--maxmemory-policy", policy)
    return PlatformRun(service["name"], "store", KEY_VALUE, {}, (_key_value_host(service["name"]),), argv=argv)


def _run(blueprint: Blueprint, service: dict[str, Any], read: DeployedService, images: Images) -> PlatformRun:
    environment = blueprint.environment(service)
    releases = (words(read.release.value[0], environment),) if read.release else ()
    is_job, is_image = service["type"] == "cron", read.image is not None
    if read.command:
        assert not re.search("[\"']", read.command.value[0]), "Render keeps quotes in the command of an image"
    return PlatformRun(
        name=service["name"],
        kind="store" if is_image else KINDS[service["type"]],
        image=images.of(read, environment),
        environment=environment,
        hosts=(_host(service["name"]),),
        argv=words(read.command.value[0], environment) if read.command else None,
        releases=((),) if is_job else releases,
        checks=(Check(read.health_path.value, 60),) if read.health_path else (),
        port=int(environment["PORT"]) if service["type"] == "web" else None,
        mounts=(service["disk"]["mountPath"],) if "disk" in service else (),
        memory_mb=PLANS[service["plan"]],
        seconds=float(service.get("maxShutdownDelaySeconds", 30)),
        public_url=environment.get("RENDER_EXTERNAL_URL", ""),
    )
