"""What prepares the database: a script of the code that runs to its end before the services start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bayplan.model.stack import Note
from bayplan.model.workspace import DependencyKind, Package, Workspace
from bayplan.passes.apps import App
from bayplan.source import Fact, Why

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
# Tools that are called by another name than their package's.
PROVIDERS = {"sequelize": "sequelize-cli", "mikro-orm": "@mikro-orm/cli"}


@dataclass(frozen=True, slots=True)
class Migration:
    """A command that runs in the folder of a package, with the variables of an app that depends on it."""

    package: Package
    app: App
    command: Fact[tuple[str, ...]]
    is_carried: bool
    """Whether the image of that app holds all that it needs; otherwise it needs one of its own."""


def migration(workspace: Workspace, apps: Sequence[App]) -> tuple[Migration | None, Note | None]:
    """Return the first migration script that can run, or say why there is none."""
    users: dict[str, list[App]] = {}
    for app in apps:
        for package in reversed(workspace.closure(app.package, development=False)):
            users.setdefault(package.folder, []).append(app)
    note: Note | None = None
    for package in workspace.packages:
        name = next((name for name in SCRIPTS if name in package.scripts), None)
        if name is None or package.folder not in users:
            continue
        found = _migration(package, name, users[package.folder])
        if found is not None:
            return found, None
        script = package.scripts[name]
        text = f"`{script.value}` needs what {package.name} does not depend on; run it before each start"
        note = note or Note("migrations", text, script.at)
    return None, note


def _migration(package: Package, name: str, users: Sequence[App]) -> Migration | None:
    argv = package.commands.get(name, ())
    script = package.scripts[name]
    if not argv or any("$" in word for word in argv):
        return None
    if argv[0] == "node":
        kind = DependencyKind.PRODUCTION
    else:
        kinds: Mapping[str, DependencyKind] = {each.name: each.kind for each in package.dependencies}
        tool = PROVIDERS.get(argv[0], argv[0])
        if tool not in kinds:
            return None
        kind = kinds[tool]
        argv = (f"node_modules/.bin/{argv[0]}", *argv[1:])
    because = f"{package.name} has the script {name!r}"
    carrier = next((app for app in users if not _is_next(app)), None)
    if carrier is None or kind is DependencyKind.DEVELOPMENT:
        because += ", and no image of an app holds what it needs"
        return Migration(package, users[0], Fact(argv, Why("migrations", because, script.at)), is_carried=False)
    return Migration(package, carrier, Fact(argv, Why("migrations", because, script.at)), is_carried=True)


def _is_next(app: App) -> bool:
    framework = app.package.code.framework
    return framework is not None and framework.value == "next"
