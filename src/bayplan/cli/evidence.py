"""Evidence on the terminal."""

from collections.abc import Sequence
from shutil import get_terminal_size
from textwrap import wrap

from bayplan.cli.terminal import is_terminal, paint, printable
from bayplan.model.evidence import Evidence, Status
from bayplan.model.stack import Stack
from bayplan.model.workspace import Workspace
from bayplan.probes.http import PAGES

COLOURS = {Status.PROVED: "green", Status.FAILED: "red", Status.IMPOSSIBLE: "yellow", Status.SKIPPED: "dim"}
WIDTH = 10
INDENT = WIDTH + 4


def show(evidence: Sequence[Evidence]) -> None:
    """Print a table, subject by subject, and the sum; what did not hold comes last, where the eye is."""
    for subject in dict.fromkeys(each.subject for each in evidence):
        print(f"\n{paint(printable(subject), 'bold')}")
        for each in evidence:
            if each.subject == subject:
                status = paint(f"{each.status:<{WIDTH}}", COLOURS[each.status])
                print(_wrapped(f"  {status}  ", f"{printable(each.claim)}: {printable(each.measured)}"))
    print(f"\n{total(evidence)}")


def _wrapped(start: str, text: str) -> str:
    """Return a text beside its status; on a terminal its lines are broken so that the status stays readable."""
    if not is_terminal():
        return start + text
    room = max(40, get_terminal_size().columns - INDENT)
    lines = wrap(text, room, break_on_hyphens=False) or [""]
    return f"\n{' ' * INDENT}".join([start + lines[0], *lines[1:]])


def total(evidence: Sequence[Evidence]) -> str:
    """Return how many claims of each status there are: `41 proved, 1 impossible`."""
    counts = {status: sum(each.status is status for each in evidence) for status in Status}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "nothing was proved"


def failed(evidence: Sequence[Evidence]) -> bool:
    return any(each.status is Status.FAILED for each in evidence)


def address(stack: Stack, workspace: Workspace) -> str | None:
    """Return where to look at the stack: its page, or else whatever it publishes."""
    published = [service for service in stack.services if service.binding is not None]
    for service in published:
        package = workspace.by_folder(service.package)
        if package and package.code.framework and package.code.framework.value in PAGES:
            return _url(service.binding.port if service.binding else 0)
    return _url(published[0].binding.port) if published and published[0].binding else None


def _url(port: int) -> str:
    return f"http://localhost:{port}"
