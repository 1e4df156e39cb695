"""How much a service may use, and how long it may take to stop."""

from bayplan.model.parts import Limits
from bayplan.model.stack import Role
from bayplan.passes.apps import App
from bayplan.passes.settings import megabytes, seconds

MEMORY = {"next": 1024}


def limits(app: App, usual: Limits | None = None) -> Limits:
    framework = app.package.code.framework.value if app.package.code.framework else ""
    usual = usual or Limits(MEMORY.get(framework, 512), 1.0)
    memory = megabytes(app.settings.memory) if app.settings.memory else usual.memory_mb
    return Limits(memory, app.settings.cpus or usual.cpus)


def grace(app: App) -> int:
    """Return how long stopping may take: a running job gets half a minute, a request is over sooner."""
    if app.settings.grace:
        return seconds(app.settings.grace)
    return 30 if app.role.value is Role.WORKER else 10
