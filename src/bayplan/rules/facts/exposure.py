"""Which compose files run in production, and which of their ports everybody can reach."""

import posixpath
import re

from bayplan.model.deployment import ComposeFile, DeployedService, Deployment, Published
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.networks import mode
from bayplan.rules.facts.proxies import automatic, fronts
from bayplan.rules.facts.values import Values

PRODUCTION = re.compile(r"(?:^|[._/-])(?:prod|production|staging|release|live)(?:[._/-]|$)")
DEVELOPMENT = re.compile(r"(?:^|[._/-])(?:dev|devel|development|local|test|tests|e2e|ci|override|debug)(?:[._/-]|$)")
EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound


def for_production(workspace: Workspace, deployment: Deployment) -> tuple[ComposeFile, ...]:
    """Return the compose files whose name says so, or whose Caddy gets certificates for public names."""
    public = {front.compose.path for front in fronts(workspace, deployment) if automatic(front)}
    return tuple(
        compose
        for compose in deployment.composes
        if (compose.path in public or PRODUCTION.search(_stem(compose))) and not is_for_development(compose)
    )


def is_for_development(compose: ComposeFile) -> bool:
    return bool(DEVELOPMENT.search(_stem(compose)))


def _stem(compose: ComposeFile) -> str:
    return posixpath.splitext(compose.path)[0].lower()


def is_open(deployment: Deployment, compose: ComposeFile, service: DeployedService, port: Published) -> bool:
    """Say whether a port is published on every address of the host."""
    if "$" in port.address:
        return Values(deployment, service).text(port.address) in EVERYWHERE
    return port.address in EVERYWHERE and not mode(deployment, compose, service)
