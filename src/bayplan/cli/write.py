"""Write the deployment's files.

A file nobody touched since bayplan wrote it is replaced; one edited by hand is merged, and where that is impossible it
is left alone and the conflict shown; a file bayplan did not write is left alone unless it is adopted. All others are
written, or none.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bayplan.cli import paths
from bayplan.cli.terminal import paint, printable, printable_lines
from bayplan.ownership.action import Kind, Plan

if TYPE_CHECKING:
    from bayplan.ownership.decide import Choice
    from bayplan.pipeline import Planned

EXAMPLES = """examples:
  bayplan write --diff                        show what would change, and write nothing
  bayplan write --check                       in CI: fail when the files are not what bayplan would write
  bayplan write --adopt docker-compose.yml    let bayplan's text replace your file, of which a copy is kept
  bayplan write --keep apps/api/Dockerfile    settle a conflict: your text stays
"""

DONE = {
    Kind.CREATE: ("created", "green"),
    Kind.REPLACE: ("replaced", "green"),
    Kind.ADOPT: ("adopted", "green"),
    Kind.MERGE: ("merged", "green"),
    Kind.EDIT: ("edited", "green"),
    Kind.REMOVE: ("removed", "yellow"),
    Kind.KEEP: ("kept", "cyan"),
    Kind.FOREIGN: ("left alone", "yellow"),
    Kind.CONFLICT: ("conflict", "red"),
}
SILENT = (Kind.UNCHANGED,)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_one = parser.add_argument
    add_one("folder", nargs="?", metavar="FOLDER", help="the repository, where it is not the current folder")
    add_one("--check", action="store_true", help="write nothing; exit 1 when a file is not what it would be")
    add_one("--diff", action="store_true", help="write nothing; print the changes as a patch")
    add_one("--adopt", metavar="PATH", action="append", default=[], help="let bayplan's text replace this file")
    add_one("--adopt-all", action="store_true", help="let it replace every file that bayplan did not write")
    add_one("--keep", metavar="PATH", action="append", default=[], help="settle a conflict: your text stays")


def run(arguments: argparse.Namespace) -> int:
    """Decide, show, and unless it is only to be shown, write."""
    from bayplan import pipeline
    from bayplan.ownership.show import diff

    root = arguments.directory
    only_shown = arguments.check or arguments.diff
    if not only_shown:
        finish_killed(root)
    planned = pipeline.plan(root)
    plan = pipeline.decide_files(planned, _choice(arguments, root, planned))
    if not only_shown:
        return settle(planned, plan)
    if arguments.diff:
        sys.stdout.write(_coloured(diff(plan)))
        _warn(planned, plan)
    else:
        show(plan, would=True)
    show_conflicts(plan)
    return int(plan.drifts if arguments.check else bool(plan.of(Kind.CONFLICT)))


def _warn(planned: "Planned", plan: Plan) -> None:
    """Say of changes that they would not be made, beside the patch and not in it."""
    from bayplan import pipeline

    _, findings, broken = pipeline.check_writes(planned, plan) if plan.writing else (planned.tree, (), ())
    if findings or broken:
        print("`bayplan write` would write none of this, for it would not work; it says why", file=sys.stderr)


def finish_killed(root: Path) -> None:
    """Bring a write that was killed to its end, before anything is read."""
    from bayplan.ownership.apply import repair

    for path in repair(root):
        print(f"  {'repaired':<10}  {printable(path)}  an earlier write was killed; now it is finished")


def settle(planned: "Planned", plan: Plan) -> int:
    """Write what was decided, once it is checked, and say what is left to the user."""
    from bayplan import pipeline
    from bayplan.ownership.apply import apply

    pipeline.refuse_unbuildable(planned)
    tree, findings, broken = pipeline.check_writes(planned, plan) if plan.writing else (planned.tree, (), ())
    if findings or broken:
        from bayplan.cli.check import show_findings

        show_findings(tree, findings, broken)
        print("nothing was written, for it would not work; the files are as they were")
        return 1
    apply(planned.tree.root, plan)
    show(plan)
    show_conflicts(plan)
    foreign = plan.of(Kind.FOREIGN)
    if foreign:
        print("\nleft alone is what bayplan did not write; to let its text replace yours, of which a copy is kept:")
        print("".join(f"  bayplan write --adopt {_quoted(action.path)}\n" for action in foreign), end="")
    return int(bool(plan.of(Kind.CONFLICT)))


def show(plan: Plan, *, would: bool = False) -> None:
    """Print one line for each file with which something happens."""
    shown = [action for action in plan.actions if action.kind not in SILENT]
    width = max((len(printable(action.path)) for action in shown), default=0)
    for action in shown:
        done, colour = DONE[action.kind]
        word = str(action.kind) if would and action.writes else done
        path = printable(action.path)
        gap = " " * (width - len(path))
        text = f"  {paint(f'{word:<10}', colour)}  {path}{gap}  {paint(printable(action.note), 'dim')}"
        print(text.rstrip())
    right = len(plan.of(Kind.UNCHANGED))
    if would and plan.drifts:
        print("\n`bayplan write --diff` shows these changes, and `bayplan write` makes them")
    elif not shown:
        files = (
            "1 file is as bayplan would write it" if right == 1 else f"{right} files are as bayplan would write them"
        )
        print(f"nothing to write: {files}")


def show_conflicts(plan: Plan) -> None:
    """Print every conflict with git's markers, and how to settle it."""
    for action in plan.of(Kind.CONFLICT):
        path = _quoted(action.path)
        print(f"\n{paint('conflict', 'red', 'bold')} in {printable(action.path)}: {action.note}; it is left as it is")
        for conflict in action.conflicts:
            print(f"  {paint('-->', 'blue')} {printable(action.path)}:{conflict.line}")
            for text in conflict.marked.removesuffix("\n").split("\n"):
                print(f"   {paint('|', 'blue')} {printable_lines(text)}")
        print(f"{paint('help', 'cyan', 'bold')}: edit those lines until both agree, then run `bayplan write`; or")
        print(f"      bayplan write --keep {path}    to keep your lines")
        print(f"      bayplan write --adopt {path}   to take bayplan's text; a copy of yours is kept")


def _choice(arguments: argparse.Namespace, root: Path, planned: "Planned") -> "Choice":
    from bayplan.ownership.decide import Choice

    return Choice(
        adopt=[paths.written(each, root, planned.files) for each in arguments.adopt],
        keep=[paths.written(each, root, planned.files) for each in arguments.keep],
        adopt_all=arguments.adopt_all,
    )


def _coloured(patch: str) -> str:
    styles = {"+++": ("bold",), "---": ("bold",), "@@ ": ("cyan",), "+": ("green",), "-": ("red",)}
    lines = []
    for line in patch.split("\n")[:-1]:
        style = next((style for start, style in styles.items() if line.startswith(start)), ())
        lines.append(paint(line if not sys.stdout.isatty() else printable_lines(line), *style) + "\n")
    return "".join(lines)


def _quoted(path: str) -> str:
    import shlex

    return printable(shlex.quote(path))
