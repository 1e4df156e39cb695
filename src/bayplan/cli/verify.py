"""Prove that what runs does what it should.

Health, answers, silent ports, users, layers, sizes, a read-only root, jobs, and the order of stopping and starting:
measured on the running stack, shown as a table, and kept in .bayplan/evidence/evidence.json.
"""

import argparse
from typing import TYPE_CHECKING

from bayplan.cli.parser import add_environment
from bayplan.errors import BayplanError

if TYPE_CHECKING:
    from bayplan.engines.engine import DockerEngine

EXAMPLES = """examples:
  bayplan verify             everything; each service is stopped and started once
  bayplan verify --gently    without stopping anything
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_environment(parser)
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="the repository (default: the current folder)")
    parser.add_argument("--gently", action="store_true", help="leave out the proofs that stop and start the services")


def run(arguments: argparse.Namespace) -> int:
    """Prove everything about the running stack; its services are stopped and started once on the way."""
    from bayplan import pipeline
    from bayplan.cli import evidence
    from bayplan.cli.session import at_work, open_session
    from bayplan.probes import PROBES

    planned = pipeline.plan(arguments.directory, arguments.environment)
    session = open_session(planned.stack, planned.workspace, planned.tree.root, planned.config, refuse=_refuse)
    probes = tuple(each for each in PROBES if not (arguments.gently and each.disturbs))
    if not arguments.gently:
        print("every service is stopped and started once; --gently leaves that out")
    with at_work(session.root):
        found = session.prove(probes=probes)
        if not arguments.gently:
            session.keep(found)
    evidence.show(found)
    if url := evidence.address(planned.stack, planned.workspace, session.environment.values):
        print(f"\n{url}")
    return int(evidence.failed(found))


def _refuse(engine: "DockerEngine") -> None:
    """Raise where there is nothing to prove, or where it is another checkout's."""
    from bayplan.engines.checkout import refuse_another

    refuse_another(engine)
    if not any(each.state == "running" for each in engine.containers()):
        raise BayplanError(f"nothing of the stack {engine.project.name} runs", remedy="`bayplan up` starts it")
