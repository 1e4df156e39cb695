"""The address that an app binds to."""

from bayplan.model.deployment import DeployedService
from bayplan.rules.facts.apps import App
from bayplan.rules.facts.stages import pairs
from bayplan.source import Located


def bound(app: App, service: DeployedService | None) -> Located[str] | None:
    """Return the address an app binds to: what its variable (HOSTNAME for Next.js) says, or what the code names."""
    code = app.package.code
    is_next = code.framework is not None and code.framework.value == "next"
    variable = code.host_variable.value if code.host_variable else "HOSTNAME" if is_next else None
    told = _told(app, service, variable) if variable is not None and (code.host is None or code.host_variable) else None
    if told is not None or code.host is None:
        return told
    return Located(code.host.value, code.host.why.at or app.package.at)


def _told(app: App, service: DeployedService | None, variable: str) -> Located[str] | None:
    if service is not None and variable in service.environment:
        return service.environment[variable]
    for instruction in reversed(app.image.instructions(app.stage, "ENV")):
        for name, value in pairs(instruction):
            if name == variable and value:
                return Located(value, instruction.at)
    return None
