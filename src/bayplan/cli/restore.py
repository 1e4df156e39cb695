"""Restore a backup of a store that runs.

All of it is read and checked first. Then it is restored beside what is there, compared row by row, and only then put
in its place; the old data stays, under a name of its own. Until then nothing is changed, whatever may be wrong.
"""

import argparse
import sys
from typing import TYPE_CHECKING

from bayplan.cli.parser import add_environment

if TYPE_CHECKING:
    from bayplan.cli.backed import Stores

EXAMPLES = """examples:
  bayplan restore --identity key.txt shop.production.postgres.20261120T033000Z.pgdump.gz.age
  bayplan restore --store postgres --yes newest
  bayplan restore --env staging --from-elsewhere shop.production.postgres.20261120T033000Z.pgdump.gz.age
"""
NEWEST = "newest"


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from bayplan.cli.backup import add_identity

    parser.add_argument("file", metavar="FILE", help="a file, the name of a backup, or `newest`")
    parser.add_argument("--store", metavar="NAME", help="the store it is restored to (default: the one it is of)")
    add_environment(parser)
    parser.add_argument(
        "--from-elsewhere", action="store_true", help="it may be of another stack, environment or store"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_identity(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read it, ask, restore it."""
    from bayplan import pipeline
    from bayplan.cli.backed import Stores
    from bayplan.cli.session import at_work
    from bayplan.errors import UsageError

    if not arguments.yes and not sys.stdin.isatty():
        raise UsageError("nobody can be asked whether to restore it", remedy="say `--yes`")
    planned = pipeline.plan(arguments.directory, arguments.environment)
    stores = Stores(planned.stack, planned.tree.root, arguments.identity)
    name = stores.store_of(arguments.file, [arguments.store] if arguments.store else [])
    with at_work(planned.tree.root, "backup"):
        return _restore(stores, name, arguments)


def _restore(stores: "Stores", name: str, arguments: argparse.Namespace) -> int:
    from bayplan.cli.backup import described
    from bayplan.engines.backups import work

    family, inside = stores.family(name), stores.inside(name)
    backup = stores.backup(name, "" if arguments.file == NEWEST else arguments.file)
    with stores.news(name) as say:
        manifest = work.read(backup.opened, backup.cipher, backup.name, say=say)
        stores.refuse_other(manifest, name)
        if not arguments.from_elsewhere:
            stores.refuse_elsewhere(manifest, name)
    print(
        f"{backup.name} is whole: {described(manifest.contents)} of {manifest.stack} ({manifest.environment}), "
        f"as of {manifest.taken}"
    )
    if not arguments.yes and not _agreed(stores, name):
        print("nothing was changed")
        return 1
    with stores.news(name) as say:
        found, old, back = work.restore(
            backup.opened, backup.cipher, backup.name, manifest, family, inside, stores.room(name), say=say
        )
        say(f"{described(found)}, all as they were dumped")
    print(f"what was there before stays as {old}")
    print("services lose their connections once; most open new ones, the others want `docker compose restart`")
    for title, text in zip(("to go back", "to be rid of the old data"), back, strict=True):
        print(f"\n{title}:\n{text}")
    return 0


def _agreed(stores: "Stores", name: str) -> bool:
    where = f"{name} of {stores.stack.name} ({stores.stack.environment})"
    print(f"It takes the place of what is in {where} now, which is kept aside. What was written since is not in it.")
    return input("Restore it? [y/N] ").strip().lower() in ("y", "yes")
