"""How a service is started in its image."""

import shlex

from bayplan.model.config import Config
from bayplan.passes.apps import App
from bayplan.source import Fact, Why


def command(app: App, config: Config) -> Fact[tuple[str, ...]]:
    """Return the argv that runs in the folder of its package."""
    if app.settings.command is not None:
        at = config.at("services", app.name, "command")
        return Fact(tuple(shlex.split(app.settings.command)), Why("bayplan.yaml", "bayplan.yaml says so", at))
    framework = app.package.code.framework
    if framework is not None and framework.value == "next":
        return Fact(
            ("node", "server.js"),
            Why("commands", "Next.js standalone output is started by its server.js", framework.why.at),
        )
    if app.package.start is None:  # apps.choose leaves such a package out
        raise AssertionError(app.name)
    return app.package.start
