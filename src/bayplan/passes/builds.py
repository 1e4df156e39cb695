"""Which script builds an app, where `bayplan.yaml` names another than the usual one."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from bayplan.errors import UsageError
from bayplan.model.config import Config
from bayplan.model.workspace import Package, Workspace
from bayplan.passes.apps import App
from bayplan.source import Fact, Why


def overruled(workspace: Workspace, apps: Sequence[App], config: Config) -> tuple[Workspace, tuple[App, ...]]:
    """Return the workspace and its apps, built as `bayplan.yaml` says."""
    changed = {app.folder: _built_by(app, app.settings.build, config) for app in apps if app.settings.build}

    def with_changes(each: Workspace) -> Workspace:
        packages = tuple(changed.get(each.from_root(package.folder), package) for package in each.packages)
        return replace(each, packages=packages, others=tuple(map(with_changes, each.others)))

    workspace = with_changes(workspace)
    owners = {each.root: each for each in workspace.every}
    return workspace, tuple(
        replace(app, package=changed.get(app.folder, app.package), workspace=owners[app.workspace.root]) for app in apps
    )


def _built_by(app: App, script: str, config: Config) -> Package:
    at = config.at("services", app.name, "build")
    if script not in app.package.scripts:
        near = get_close_matches(script, app.package.scripts, 1)
        known = f"did you mean {near[0]!r}?" if near else f"its scripts are: {', '.join(app.package.scripts) or 'none'}"
        raise UsageError(f"{app.folder} has no script {script!r} to build it", at=at, remedy=known)
    return replace(app.package, build=Fact((script,), Why("bayplan.yaml", "bayplan.yaml says so", at)))
