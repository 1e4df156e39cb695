"""What an image cannot hold: databases in a file beside the code, and what other packages build."""

from bayplan.model.parts import Note
from bayplan.passes.apps import App

LIBRARIES = ("better-sqlite3", "sqlite3", "sqlite", "node-sqlite3-wasm", "lmdb", "level", "classic-level", "lowdb")


def about_files(app: App) -> Note | None:
    """Say of an app that it keeps data where no volume is."""
    if app.settings.keep:
        return None
    for package in app.workspace.closure(app.package, development=False):
        found = package.depends_on(*LIBRARIES)
        if found is not None:
            text = (
                f"{package.name} depends on {found.name}, which keeps its data in a file: no volume is written for "
                "it, and its container can write to /tmp only; add a volume for its folder to the compose file"
            )
            return Note(app.name, text, found.at)
    return None


def about_others(app: App) -> Note | None:
    """Say of an app that it reads what another package builds, for its image holds only its own."""
    held = {package.folder for package in app.workspace.closure(app.package, development=False)}
    for read in app.package.code.reads_others:
        owner = next((each for each in app.workspace.packages if read.value.startswith(f"{each.folder}/")), None)
        if owner is not None and owner.folder not in held:
            text = (
                f"it reads {read.value} of {owner.name or owner.folder}, which its image does not hold: let the proxy "
                "serve that, or have the build copy it into a folder of its own"
            )
            return Note(app.name, text, read.at)
    return None
