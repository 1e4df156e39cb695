"""Whose a compose project is: Docker knows it by its name only, and two checkouts may have the same one."""

from collections.abc import Iterable
from pathlib import Path

from bayplan.engines.engine import DockerEngine
from bayplan.errors import BayplanError


def refuse_another(engine: DockerEngine) -> None:
    """Raise when the project of this name was started from another folder: its services and data are not ours."""
    project = engine.project
    folders = _others((each.folder for each in engine.containers()), project.root, project.root / project.compose)
    if folders:
        name = engine.project.name
        raise BayplanError(
            f"another folder runs a stack called {name}: {', '.join(folders)}",
            remedy="set another `name:` in bayplan.yaml, or run `bayplan down` there. If that folder was moved here:"
            f" `docker compose --project-name {name} down` removes its containers and keeps its data",
        )


def _others(folders: Iterable[str], root: Path, compose: Path) -> list[str]:
    """Return the folders that are neither the repository's nor its compose file's, which is the one Docker notes."""
    own = {root.resolve(), compose.resolve().parent}
    return sorted({folder for folder in folders if folder and Path(folder).resolve() not in own})
