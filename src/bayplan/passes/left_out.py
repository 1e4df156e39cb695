"""Why no package of a repository becomes a service: what the user reads where nothing can be started."""

from collections.abc import Iterator, Sequence

from bayplan.errors import BayplanError
from bayplan.model.parts import Note
from bayplan.model.workspace import Package, Workspace
from bayplan.source import At, Located

STARTS = ("start:prod", "start:production", "start", "serve", "start:server", "server", "start:worker", "worker", "dev")
MOST = 20


def nothing_to_start(workspace: Workspace, notes: Sequence[Note]) -> BayplanError:
    """Return the error that says of each package why it was not taken."""
    reasons = list(_reasons(workspace, notes))
    more = [f"  and {len(reasons) - MOST} more"] if len(reasons) > MOST else []
    return BayplanError(
        "\n".join(["nothing in this repository can be started", *reasons[:MOST], *more]),
        remedy="name what should run in bayplan.yaml: services.<name>.package and .command",
    )


def _reasons(workspace: Workspace, notes: Sequence[Note]) -> Iterator[str]:
    noted = {note.at.file for note in notes if note.at is not None}
    for note in notes:
        yield f"  {note.text}" + (f" ({note.at})" if note.at else "")
    for owner in workspace.every:
        for package in owner.packages:
            if package.at.file not in noted and (
                package.folder != "." or len(owner.packages) == 1 or start_script(package)
            ):
                text, at = _reason(package, owner.from_root(package.folder))
                yield f"  {text} ({at})"


def start_script(package: Package) -> Located[str] | None:
    """Return the script that seems to start a package, whether or not it could be read."""
    return next((package.scripts[name] for name in STARTS if name in package.scripts), None)


def without_command(package: Package, folder: str) -> str:
    """Say why nothing is known to start a package."""
    name = next((name for name in STARTS if name in package.scripts), None)
    if name is None:
        return f"nothing says how {_shown(folder)} is started"
    read = package.commands.get(name)
    why = f"runs {read[0]}, which is nothing to run here" if read else "could not be read"
    return f'the script "{name}" of {_shown(folder)} (`{package.scripts[name].value[:80]}`) {why}'


def _reason(package: Package, folder: str) -> tuple[str, At]:
    script = start_script(package)
    if package.code.framework is not None:
        return f"bayplan.yaml skips {_shown(folder)}", package.at
    if script is not None:
        return without_command(package, folder), script.at
    if package.entries:
        return f"{_shown(folder)} is a library: other packages import it, and no script starts it", package.at
    return f"{_shown(folder)} has no start script", package.at


def _shown(folder: str) -> str:
    return "the root" if folder == "." else folder
