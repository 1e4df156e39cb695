"""Whether a service ends when it is told to."""

from bayplan.model.stack import Note
from bayplan.passes.apps import App
from bayplan.source import Why


def init(app: App) -> tuple[Why | None, Note | None]:
    """Return why a service needs an init. Linux lets no signal end process 1 that the process does not handle."""
    code = app.package.code
    if code.handles_sigterm is not None or code.framework is None or code.framework.value == "next":
        return None, None
    at = code.framework.why.at
    lost = "the requests that it is answering" if code.port else "the job that it is at"
    text = f"it does not handle SIGTERM, so every stop loses {lost}"
    return Why("signals", "its code does not handle SIGTERM, and process 1 would ignore it", at), Note(
        app.name, text, at
    )
