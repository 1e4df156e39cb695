"""How a service is started in its image."""

import shlex

from bayplan.errors import UsageError
from bayplan.model.config import Config
from bayplan.passes.apps import App
from bayplan.source import At, Fact, Why


def command(app: App, config: Config) -> Fact[tuple[str, ...]]:
    """Return the argv that runs in the folder of its package."""
    if app.settings.command is not None:
        return typed(app.settings.command, config.at("services", app.name, "command"))
    framework = app.package.code.framework
    if framework is not None and framework.value == "next":
        return Fact(
            ("node", "server.js"),
            Why("commands", "Next.js standalone output is started by its server.js", framework.why.at),
        )
    if app.package.start is None:  # apps.choose leaves such a package out
        raise AssertionError(app.name)
    return app.package.start


def typed(text: str, at: At | None) -> Fact[tuple[str, ...]]:
    """Return a command of `bayplan.yaml` as an argv."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"the command {text!r} cannot be read: {error}", at=at, remedy="close its quote") from error
    return Fact(words, Why("bayplan.yaml", "bayplan.yaml says so", at))
