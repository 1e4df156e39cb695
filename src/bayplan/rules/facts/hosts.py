"""The address that an app binds to."""

from bayplan.model.deployment import DeployedService
from bayplan.rules.facts.apps import App
from bayplan.rules.facts.stages import pairs
from bayplan.source import Located


def bound(app: App, service: DeployedService | None) -> Located[str] | None:
    """Return the address an app binds to when the code, or for Next.js HOSTNAME, names one."""
    code = app.package.code
    if code.host is not None:
        return Located(code.host.value, code.host.why.at or app.package.at)
    if code.framework is None or code.framework.value != "next":
        return None
    if service is not None and "HOSTNAME" in service.environment:
        return service.environment["HOSTNAME"]
    for instruction in reversed(app.image.instructions(app.stage, "ENV")):
        for name, value in pairs(instruction):
            if name == "HOSTNAME" and value:
                return Located(value, instruction.at)
    return None
