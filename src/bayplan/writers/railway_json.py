"""`railway.json` beside each app, for services on Railway that still read it."""

import json
import posixpath
import shlex

from bayplan.model.rendered import Rendered
from bayplan.model.stack import Service, Stack
from bayplan.source import Why
from bayplan.writers import hosted
from bayplan.writers.railway_project import RETRIES, deployed, from_context, health_seconds, settings, watch_patterns

SCHEMA = "https://railway.com/railway.schema.json"
ASKED = Why("bayplan.yaml", "bayplan.yaml asks for it; Railway reads it until 2026-12-01")


def write(stack: Stack) -> dict[str, Rendered]:
    """Return the settings of each service; Railway is told their paths in the settings of the service."""
    if not settings(stack).json:
        return {}
    return {posixpath.join(_folder(each), "railway.json"): _rendered(stack, each) for each in deployed(stack)}


def _folder(service: Service) -> str:
    return "" if service.package == "." else service.package


def _rendered(stack: Stack, service: Service) -> Rendered:
    build = {
        "builder": "DOCKERFILE",
        "dockerfilePath": from_context(service.image),
        "watchPatterns": list(watch_patterns(service.image)),
    }
    deploy: dict[str, object] = {}
    if release := hosted.release(stack, service):
        deploy["preDeployCommand"] = [shlex.join(release)]
    if service.health is not None and service.health.path is not None and service.port is not None:
        deploy |= {"healthcheckPath": service.health.path, "healthcheckTimeout": health_seconds(service)}
    deploy |= {"restartPolicyType": "ON_FAILURE", "restartPolicyMaxRetries": RETRIES}
    if not service.ends:
        deploy["drainingSeconds"] = service.grace_seconds
    text = json.dumps({"$schema": SCHEMA, "build": build, "deploy": deploy}, indent=2, ensure_ascii=False) + "\n"
    return Rendered(text, ((1, text.count("\n"), ASKED),))
