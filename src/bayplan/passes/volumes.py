"""Which folders of a service outlive its container."""

import posixpath

from bayplan.errors import UsageError
from bayplan.model.config import Config
from bayplan.model.parts import Mount
from bayplan.passes.apps import App, service_name
from bayplan.source import Why


def kept(app: App, config: Config) -> tuple[Mount, ...]:
    """Return a volume for each folder that `bayplan.yaml` keeps."""
    at = config.at("services", app.name, "keep")
    found: dict[str, Mount] = {}
    for path in app.settings.keep:
        volume = f"{app.name}_{service_name(posixpath.basename(path))}"
        if volume in found:
            raise UsageError(
                f"{found[volume].target} and {path} of {app.name} are to be kept, and both would be called {volume}",
                at=at,
                remedy="keep the folder that holds both, or call one of them something else",
            )
        found[volume] = Mount(volume, path, Why("bayplan.yaml", "what is written there is kept", at))
    return tuple(found.values())
