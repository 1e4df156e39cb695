"""Do it all: plan, check, write, build, start, and prove that it works.

What is running and unchanged is neither built nor started again. When a start fails or is interrupted, what it started
is taken down again, with its reasons; what ran before runs again as it did, and its data stays.
"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bayplan.cli.parser import add_environment

if TYPE_CHECKING:
    from bayplan.cli.session import Session
    from bayplan.model.evidence import Evidence
    from bayplan.model.running import Event
    from bayplan.pipeline import Planned

EXAMPLES = """examples:
  bayplan up --dry-run      the commands that would run
  bayplan up                everything; ends with the evidence and the address to open
  bayplan up --no-verify    be done when all is healthy
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_environment(parser)
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="the repository (default: the current folder)")
    parser.add_argument("--dry-run", action="store_true", help="print the commands and run none of them")
    parser.add_argument("--no-verify", action="store_true", help="be done when everything is healthy")


def run(arguments: argparse.Namespace) -> int:
    """Bring the stack up and prove that it works; on an unchanged one, only ask whether it still does."""
    from bayplan import pipeline
    from bayplan.cli import evidence
    from bayplan.cli.session import at_work, open_session
    from bayplan.cli.write import finish_killed
    from bayplan.engines import environment
    from bayplan.engines.checkout import refuse_another

    if not arguments.dry_run:
        finish_killed(arguments.directory)
    planned = pipeline.plan(arguments.directory, arguments.environment)
    if arguments.dry_run:
        _show_commands(planned)
        return 0
    environment.preview(planned.stack, planned.tree.root)  # before anything is written: it may lack a value
    if code := _write(planned):
        return code
    root = planned.tree.root
    session = open_session(planned.stack, planned.workspace, root, planned.config, refuse=refuse_another)
    with at_work(session.root):
        found = _bring_up(session, verify=not arguments.no_verify)
    if found:
        evidence.show(found)
    if url := evidence.address(planned.stack, planned.workspace, session.environment.values):
        print(f"\n{url}")
    return int(evidence.failed(found))


def _show_commands(planned: "Planned") -> None:
    from bayplan.cli.session import open_session
    from bayplan.engines import docker

    session = open_session(planned.stack, planned.workspace, planned.tree.root, planned.config, dry=True)
    values = session.environment.values
    steps = [docker.build(session.stack, each, session.root, values) for each in session.stack.built]
    for step in (*steps, docker.up(session.engine.project)):
        print(session.typed(step))


def _write(planned: "Planned") -> int:
    """Write the files, then check those on disk that take part, for they may hold edits by hand."""
    from bayplan import pipeline
    from bayplan.cli.check import show_findings
    from bayplan.cli.write import settle

    if code := settle(planned, pipeline.decide_files(planned)):
        return code
    tree, deployment, findings = pipeline.check(planned.tree.root)
    ours = {*planned.files, *(edit.path for edit in planned.edits)}
    serious = [each for each in findings if each.effect.fails and any(place.at.file in ours for place in each.places)]
    broken = [each for each in deployment.broken if each.at.file in ours]
    if serious or broken:
        show_findings(tree, serious, broken)
    return int(bool(serious or broken))


def _bring_up(session: "Session", *, verify: bool) -> Sequence["Evidence"]:
    from bayplan.cli.progress import progress
    from bayplan.cli.session import QUICK
    from bayplan.engines.ready import refuse_unready
    from bayplan.engines.starting import is_unchanged
    from bayplan.probes import PROBES

    refuse_unready(session.stack, session.engine, session.engine.containers())
    session.build(session.stack.built, only_changed=True)
    events: tuple[Event, ...] = ()
    if is_unchanged(session.stack, session.engine):
        kept = session.kept() if verify else ()
        if kept:
            print("nothing changed since the last proof: only health and answers are looked at again")
            return (*session.prove(probes=tuple(each for each in PROBES if each.id in QUICK)), *kept)
    else:
        with progress() as listen:
            events = session.start(listen)
    if not verify:
        return ()
    found = session.prove(events)
    session.keep(found)
    return found
