"""Which of `bayplan.yaml`'s services are the jobs that prepare databases, and what it says about them."""

from collections.abc import Mapping

from bayplan.model.config import Config, ServiceConfig
from bayplan.model.workspace import Workspace

NAME = "migrate"


def settings(workspace: Workspace, config: Config) -> Mapping[str, ServiceConfig]:
    """Return what is said about each job, by its name. A package with a start that is called so is none."""
    return {name: said for name, said in config.services.items() if _is_job(name, said, workspace)}


def _is_job(name: str, said: ServiceConfig, workspace: Workspace) -> bool:
    if name != NAME:
        return name.startswith(f"{NAME}-") and said.package is None and not _is_called(name, workspace)
    found = workspace.package_at(said.package) if said.package else None
    is_meant = found is not None and (said.command is not None or found[1].migration is not None)
    return said.package is None or is_meant


def _is_called(name: str, workspace: Workspace) -> bool:
    packages = (package for each in workspace.every for package in each.packages)
    return any(name in (package.name, package.folder.rsplit("/", 1)[-1]) for package in packages)
