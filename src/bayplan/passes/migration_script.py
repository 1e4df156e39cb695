"""Which script prepares the database, and what `bayplan.yaml` says about the job that runs it."""

from bayplan.model.config import Config, ServiceConfig
from bayplan.model.workspace import Package, Workspace

NAME = "migrate"
SCRIPTS = (
    "migrate:deploy",
    "db:migrate:deploy",
    "migrate:prod",
    "db:migrate:prod",
    "migrate",
    "db:migrate",
    "migration:run",
)


def script_of(package: Package) -> str | None:
    """Return the name of the script that migrates."""
    return next((name for name in SCRIPTS if name in package.scripts), None)


def settings(workspace: Workspace, config: Config) -> ServiceConfig | None:
    """Return what is said about the migrations; None for nothing, and where `migrate` is a package with a start."""
    said = config.services.get(NAME)
    if said is None or said.package is None:
        return said
    found = workspace.package_at(said.package)
    return said if found is not None and (said.command is not None or script_of(found[1]) is not None) else None
