"""What is known of the platform that a service runs on; nothing of a machine with Docker."""

from collections.abc import Mapping
from typing import Any

from bayplan.catalog import load, names
from bayplan.model.deployment import DeployedService


def platform_of(service: DeployedService) -> Mapping[str, Any]:
    """Return how a platform runs what it is given, as its table says under `runs`."""
    table = f"platforms/{service.platform}"
    found: Mapping[str, Any] = load(table).get("runs", {}) if table in names("platforms") else {}
    return found
