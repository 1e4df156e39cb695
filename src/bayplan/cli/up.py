"""`bayplan up`: plan, write, check, build, start, prove."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayplan.cli.session import Session
    from bayplan.model.evidence import Evidence
    from bayplan.model.running import Event


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--dry-run", action="store_true", help="print the commands and run none of them")
    parser.add_argument("--no-verify", action="store_true", help="be done when everything is healthy")


def run(arguments: argparse.Namespace) -> int:
    """Bring the stack up and prove that it works; on an unchanged one, only ask whether it still does."""
    from bayplan import pipeline
    from bayplan.cli import evidence
    from bayplan.cli.session import at_work, open_session
    from bayplan.engines import docker

    planned = pipeline.plan(arguments.directory)
    session = open_session(planned.stack, planned.workspace, planned.tree.root, dry=arguments.dry_run)
    services = docker.built_services(planned.stack)
    if arguments.dry_run:
        steps = [docker.build(planned.stack, each, session.root, session.environment.values) for each in services]
        for step in (*steps, docker.up(session.engine.project)):
            print(session.typed(step))
        return 0
    with at_work(session.root):
        found = _bring_up(session, verify=not arguments.no_verify)
    if found:
        evidence.show(found)
    if url := evidence.address(planned.stack, planned.workspace):
        print(f"\n{url}")
    return int(evidence.failed(found))


def _bring_up(session: "Session", *, verify: bool) -> Sequence["Evidence"]:
    from bayplan.cli.progress import progress
    from bayplan.cli.session import QUICK
    from bayplan.engines import docker
    from bayplan.engines.starting import is_unchanged
    from bayplan.probes import PROBES

    session.build(docker.built_services(session.stack))
    if is_unchanged(session.stack, session.engine):
        if not verify:
            return ()
        if kept := session.kept():
            print("nothing changed since the last proof: only health and answers are looked at again")
            return (*session.prove(probes=tuple(each for each in PROBES if each.id in QUICK)), *kept)
        events: tuple[Event, ...] = ()
    else:
        with progress() as listen:
            events = session.start(listen)
    if not verify:
        return ()
    found = session.prove(events)
    session.keep(found)
    return found
