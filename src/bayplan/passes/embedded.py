"""Databases that live in a file beside the code."""

from bayplan.model.stack import Note
from bayplan.passes.apps import App

LIBRARIES = ("better-sqlite3", "sqlite3", "sqlite", "node-sqlite3-wasm", "lmdb", "level", "classic-level", "lowdb")


def about_files(app: App) -> Note | None:
    """Say of an app that it keeps data where no volume is."""
    for package in app.workspace.closure(app.package, development=False):
        found = package.depends_on(*LIBRARIES)
        if found is not None:
            text = (
                f"{package.name} depends on {found.name}, which keeps its data in a file: no volume is written for "
                "it, and its container can write to /tmp only; add a volume for its folder to the compose file"
            )
            return Note(app.name, text, found.at)
    return None
