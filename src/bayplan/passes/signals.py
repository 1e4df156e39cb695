"""Whether a service ends when it is told to."""

from bayplan.model.parts import Note
from bayplan.passes.apps import App
from bayplan.source import At, Why


def init(app: App) -> tuple[Why | None, Note | None]:
    """Return why a service needs an init. Linux lets no signal end process 1 that the process does not handle."""
    code = app.package.code
    if code.framework is None or code.framework.value == "next":
        return None, None
    if code.handles_sigterm is not None:
        return _ended_by_nest(app, code.handles_sigterm), None
    at = code.framework.why.at
    lost = "the requests that it is answering" if code.port else "the job that it is at"
    text = f"it does not handle SIGTERM, so every stop loses {lost}"
    return Why("signals", "its code does not handle SIGTERM, and process 1 would ignore it", at), Note(
        app.name, text, at
    )


def _ended_by_nest(app: App, at: At) -> Why | None:
    """After its shutdown hooks NestJS sends itself the signal again, which ends no process 1 with open connections."""
    framework = app.package.code.framework
    if framework is None or framework.value != "nest":
        return None
    return Why("signals", "NestJS ends itself by the signal it was sent, which process 1 would ignore", at)
