"""What prepares the database: a script of the code that runs to its end before the services start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bayplan.errors import UsageError
from bayplan.model.config import Config, ServiceConfig
from bayplan.model.stack import Note
from bayplan.model.workspace import DependencyKind, Package, Workspace
from bayplan.passes import migration_script
from bayplan.passes.apps import NOT_OF_A_JOB, App, refuse_keys
from bayplan.passes.commands import typed
from bayplan.passes.migration_script import NAME
from bayplan.source import Fact, Why

NOT_OF_THE_CARRIED = ("files", "build", "budget")
BINARIES = "node_modules/.bin/"
# Tools that are called by another name than their package's.
PROVIDERS = {"sequelize": "sequelize-cli", "mikro-orm": "@mikro-orm/cli"}


@dataclass(frozen=True, slots=True)
class Migration:
    """A command that runs in the folder of a package, with the variables of an app that depends on it."""

    workspace: Workspace
    package: Package
    app: App
    command: Fact[tuple[str, ...]]
    settings: ServiceConfig
    is_carried: bool
    """Whether the image of that app holds all that it needs; otherwise it needs one of its own."""


def migration(workspace: Workspace, apps: Sequence[App], config: Config) -> tuple[Migration | None, Note | None]:
    """Return the first migration script that can run, or say why there is none. `bayplan.yaml` goes before it."""
    said = migration_script.settings(workspace, config)
    if (said and said.skip) or any(app.name == NAME for app in apps):
        return None, None
    users: dict[str, list[App]] = {}
    for app in apps:
        for package in reversed(app.workspace.closure(app.package, development=False)):
            users.setdefault(app.workspace.from_root(package.folder), []).append(app)
    note: Note | None = None
    for owner, package in _searched(workspace, said):
        name = migration_script.script_of(package)
        folder = owner.from_root(package.folder)
        if folder not in users or (name is None and (said is None or said.package is None)):
            continue
        command = _command(package, name, said, config)
        found = _migration(owner, package, command, users[folder], said or ServiceConfig()) if command else None
        if found is not None:
            _refuse_impossible(found, said, config)
            return found, None
        if name is not None:
            script = package.scripts[name]
            text = f"`{script.value}` needs what {package.name} does not depend on; run it before each start"
            note = note or Note("migrations", text, script.at)
    if said is not None:
        raise UsageError(
            f"bayplan.yaml describes the service {NAME!r}, and no package that an app depends on has what it runs",
            at=config.at("services", NAME),
            remedy=f"name services.{NAME}.package and .command; what no app depends on can be a job of another name",
        )
    return None, note


def _searched(workspace: Workspace, said: ServiceConfig | None) -> Sequence[tuple[Workspace, Package]]:
    named = workspace.package_at(said.package) if said and said.package else None
    every = tuple((each, package) for each in workspace.every for package in each.packages)
    return every if named is None else (named,)


def _command(
    package: Package, name: str | None, said: ServiceConfig | None, config: Config
) -> Fact[tuple[str, ...]] | None:
    """Return the words that are typed in the package's folder; None where they cannot be told."""
    if said is not None and said.command is not None:
        return typed(said.command, config.at("services", NAME, "command"))
    argv = package.commands.get(name or "", ())
    if name is None or not argv or any("$" in word for word in argv):
        return None
    return Fact(argv, Why("migrations", f"{package.name} has the script {name!r}", package.scripts[name].at))


def _migration(
    owner: Workspace, package: Package, command: Fact[tuple[str, ...]], users: Sequence[App], said: ServiceConfig
) -> Migration | None:
    argv = command.value
    kind: DependencyKind | None = DependencyKind.PRODUCTION
    if argv[0] != "node":
        kinds: Mapping[str, DependencyKind] = {each.name: each.kind for each in package.dependencies}
        name = argv[0].removeprefix(BINARIES)
        kind = kinds.get(PROVIDERS.get(name, name))
        if kind is not None:
            argv = (f"{BINARIES}{name}", *argv[1:])
        elif said.command is None:
            return None
    because = command.why.because
    carrier = next((app for app in users if not _is_next(app)), None)
    is_carried = carrier is not None and kind not in (DependencyKind.DEVELOPMENT, None)
    if not is_carried:
        because += ", and no image of an app holds what it needs"
    why = replace(command.why, because=because)
    return Migration(owner, package, (is_carried and carrier) or users[0], Fact(argv, why), said, is_carried)


def _refuse_impossible(found: Migration, said: ServiceConfig | None, config: Config) -> None:
    if said is None:
        return
    if said.role not in (None, "job"):
        raise UsageError(
            f"the service {NAME!r} is the job that prepares the database, and cannot be a {said.role}",
            at=config.at("services", NAME, "role"),
            remedy="leave the role out; a service of another kind needs another name",
        )
    refuse_keys(config, NAME, NOT_OF_A_JOB, "which is a job, and answers nobody")
    if found.is_carried:
        refuse_keys(config, NAME, NOT_OF_THE_CARRIED, f"which runs in the image of {found.app.name}")


def _is_next(app: App) -> bool:
    framework = app.package.code.framework
    return framework is not None and framework.value == "next"
