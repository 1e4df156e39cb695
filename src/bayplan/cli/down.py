"""Take the stack down, and see that nothing of it is left. Its data stays unless it is asked for."""

import argparse

from bayplan.cli.parser import add_environment

EXAMPLES = """examples:
  bayplan down
  bayplan down --volumes --images    as if it had never run
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_environment(parser)
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="the repository (default: the current folder)")
    parser.add_argument("--volumes", action="store_true", help="delete its data too")
    parser.add_argument("--images", action="store_true", help="remove the images that were built for it too")
    parser.add_argument("--dry-run", action="store_true", help="print the commands and run none of them")


def run(arguments: argparse.Namespace) -> int:
    """Take the stack down. Data stays unless it is asked for."""
    from bayplan import pipeline
    from bayplan.cli import evidence
    from bayplan.cli.session import at_work, open_session
    from bayplan.engines import docker, former
    from bayplan.engines.checkout import refuse_another
    from bayplan.probes import leftovers

    planned = pipeline.plan(arguments.directory, arguments.environment)
    session = open_session(
        planned.stack,
        planned.workspace,
        planned.tree.root,
        planned.config,
        dry=arguments.dry_run,
        refuse=refuse_another,
        needs=lambda _: False,
        keeps=False,
    )
    steps = [docker.down(session.engine.project, {}, volumes=arguments.volumes)]
    names = sorted(set(session.images().values()))
    if arguments.dry_run:
        steps += [docker.remove_images(names)] if arguments.images else []
        for step in steps:
            print(session.typed(step))
        return 0
    with at_work(session.root):
        session.engine.down(volumes=arguments.volumes)
        former.forget(session.engine)
        if arguments.images:
            there = [name for name in names if session.engine.image(name) is not None]
            session.engine.remove_images(there)
        left = session.engine.left()
    found = [leftovers.judge(planned.stack.name, left, keeps_volumes=not arguments.volumes)]
    evidence.show(found)
    return int(evidence.failed(found))
