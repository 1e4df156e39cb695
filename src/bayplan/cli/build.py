"""Build the images, several at a time, and weigh them.

One that is larger than its budget fails, with what fills it. Where no image of this base could be within the budget,
that is said with the figures, and the build goes on.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from bayplan.cli.parser import add_environment
from bayplan.errors import UsageError
from bayplan.model.stack import OwnImage, Stack

EXAMPLES = """examples:
  bayplan build
  bayplan build api worker
  bayplan build --platform linux/arm64
"""
PLATFORMS = (
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/386",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
)
"""Those that Linux images are made for. BuildKit takes any word, and fails minutes later."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_environment(parser)
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="build only these; all of them when left out")
    parser.add_argument(
        "--platform",
        choices=PLATFORMS,
        metavar="PLATFORM",
        help="build for this platform (linux/arm64) instead of this machine's",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the commands and run none of them")


def run(arguments: argparse.Namespace) -> int:
    """Build the images; too large a one fails, with what fills it."""
    from bayplan import pipeline
    from bayplan.cli import evidence
    from bayplan.cli.session import at_work, open_session
    from bayplan.engines import docker
    from bayplan.probes import PROBES

    planned = pipeline.plan(arguments.directory, arguments.environment)
    root = planned.tree.root
    images = chosen(planned.stack, arguments.services)
    session = open_session(
        planned.stack,
        planned.workspace,
        root,
        planned.config,
        dry=arguments.dry_run,
        needs=lambda term: term.at_build,
    )
    if arguments.dry_run:
        for own in images:
            step = docker.build(planned.stack, own, root, session.environment.values, arguments.platform)
            print(session.typed(step))
        return 0
    names = {own.name for own in images}
    proxy = planned.stack.proxy
    session.stack = replace(
        planned.stack,
        services=tuple(each for each in planned.stack.services if each.name in names),
        proxy=proxy if proxy is not None and proxy.name in names else None,
    )
    with at_work(root):
        session.build(images, arguments.platform)
        if arguments.platform:
            return 0
        found = session.prove(probes=tuple(probe for probe in PROBES if probe.id == "size"))
    evidence.show(found)
    return int(evidence.failed(found))


def chosen(stack: Stack, names: Sequence[str]) -> tuple[OwnImage, ...]:
    """Return the stack's own images, all or those named; a job's name means the image it runs in."""
    wanted = set()
    for name in names:
        service = stack.service(name)
        wanted.add(service.image_of or name if service else name)
    known = {own.name for own in stack.built}
    if unknown := wanted - known:
        raise UsageError(
            f"there is no service {min(unknown)!r} to build",
            remedy=f"the services are {', '.join(sorted(known))}",
        )
    return tuple(each for each in stack.built if each.name in wanted or not names)
