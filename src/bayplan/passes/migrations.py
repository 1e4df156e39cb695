"""What prepares the database: a script of the code that runs to its end before the services start."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.model.stack import Note
from bayplan.model.workspace import Package, Workspace
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


@dataclass(frozen=True, slots=True)
class Migration:
    """A command that runs in the folder of a package, in the image of an app that carries it."""

    package: Package
    app: App
    command: Fact[tuple[str, ...]]


def migration(workspace: Workspace, apps: Sequence[App]) -> tuple[Migration | None, Note | None]:
    """Return the first migration script that production can run, or say why there is none."""
    note: Note | None = None
    for app in apps:
        for package in reversed(workspace.closure(app.package, development=False)):
            name = next((name for name in SCRIPTS if name in package.scripts), None)
            if name is None:
                continue
            script = package.scripts[name]
            argv = _words(script.value)
            if argv[:1] == ("node",) and "&&" not in argv:
                why = Why("migrations", f"{package.name} has the script {name!r}", script.at)
                return Migration(package, app, Fact(argv, why)), None
            text = f"`{script.value}` needs what production does not install; run it before each start"
            note = note or Note("migrations", text, script.at)
    return None, note


def _words(script: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(script))
    except ValueError:
        return (script,)
