"""Back up the stores: dump, compress and encrypt in one pipeline, to where `bayplan.yaml` says.

A backup is there whole or not at all, and older ones are deleted only when a newer one is there. With --verify, a
backup is restored in a throw-away server without a network, and every row is compared with what was dumped.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bayplan.cli.parser import add_environment

if TYPE_CHECKING:
    from bayplan.cli.backed import Stores
    from bayplan.engines.backups.manifest import Contents, Manifest
    from bayplan.engines.backups.work import Taken

EXAMPLES = """examples:
  bayplan backup                               every store that is backed up
  bayplan backup --env staging postgres        one of them
  bayplan backup --list                        what there is
  bayplan backup --verify --identity key.txt   prove that the newest can be restored
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "stores", nargs="*", metavar="STORE", help="only these stores (default: all that are backed up)"
    )
    add_environment(parser)
    parser.add_argument("--list", action="store_true", help="list the backups there are")
    parser.add_argument(
        "--verify", nargs="?", const="", metavar="FILE", help="restore a backup in a throw-away server, and compare it"
    )
    add_identity(parser)


def add_identity(parser: argparse.ArgumentParser) -> None:
    """Declare how a backup is decrypted."""
    from bayplan.engines.backups.cipher import IDENTITY

    default = os.environ.get(IDENTITY)
    help_ = f"age's secret key (default: what {IDENTITY} names); gpg uses its keyring"
    parser.add_argument(
        "--identity", metavar="KEYFILE", type=Path, default=Path(default) if default else None, help=help_
    )


def run(arguments: argparse.Namespace) -> int:
    """Take backups, list them, or prove one."""
    from bayplan import pipeline
    from bayplan.cli.backed import Stores
    from bayplan.cli.session import at_work

    planned = pipeline.plan(arguments.directory, arguments.environment)
    stores = Stores(planned.stack, planned.tree.root, arguments.identity)
    names = stores.chosen(arguments.stores)
    if arguments.list:
        return _list(stores, names)
    with at_work(planned.tree.root, "backup"):
        if arguments.verify is None:
            return _each(names, lambda name: _take(stores, name))
        if arguments.verify:
            return _verify(stores, stores.store_of(arguments.verify, arguments.stores), arguments.verify)
        return _each(names, lambda name: _verify(stores, name, ""))


def _each(names: Sequence[str], do: Callable[[str], int]) -> int:
    """Do all, though one fails; the first failure is raised at the end."""
    from bayplan.errors import BayplanError

    failures: list[BayplanError] = []
    code = 0
    for name in names:
        try:
            code = max(code, do(name))
        except BayplanError as error:
            failures.append(error)
    for failure in failures[1:]:
        print(f"failed: {failure.message}")
    if failures:
        raise failures[0]
    return code


def _take(stores: "Stores", name: str) -> int:
    from bayplan.cli.terminal import printable
    from bayplan.engines.backups import work
    from bayplan.engines.backups.cipher import cipher, try_out

    backups = stores.backups
    key, destination, family = cipher(backups), stores.destination, stores.family(name)
    with stores.news(name) as say:
        say("looking at where it goes")
        try_out(key, stores.runner)
        destination.ready()
        about = work.About(stores.series(name), stores.store(name).kind, stores.store(name).image.value)
        taken = work.take(about, family, stores.inside(name), key, destination, say=say)
        taken = work.retire(taken, about.series, destination, backups.keep_days)
        say(_summary(taken))
    for text in (*taken.manifest.contents.warnings, *([taken.trouble] if taken.trouble else ())):
        print(f"warning: {printable(text)}")
    return 0


def _summary(taken: "Taken") -> str:
    from bayplan.engines.backups.work import size

    gone = f"; {len(taken.deleted)} older deleted" if taken.deleted else ""
    return f"{taken.name}: {size(taken.sent)}, {described(taken.manifest.contents)}{gone}"


def described(contents: "Contents") -> str:
    """Say how much is in a store."""
    tables = len(contents.tables)
    return f"{contents.rows} row{'' if contents.rows == 1 else 's'} in {tables} table{'' if tables == 1 else 's'}"


def _verify(stores: "Stores", name: str, file: str) -> int:
    from bayplan.engines.backups import work

    family = stores.family(name)
    with stores.news(name) as say:
        backup = stores.backup(name, file)
        manifest = work.read(backup.opened, backup.cipher, backup.name, say=say)
        stores.refuse_other(manifest, name)
        found, wrong = work.prove(
            backup.opened, backup.cipher, backup.name, manifest, family, stores.room(name), stores.runner, say=say
        )
        say(f"{backup.name}: {described(found)}, " + ("not what was dumped" if wrong else "all as they were dumped"))
    _show(manifest, found, wrong)
    return int(bool(wrong))


def _show(manifest: "Manifest", found: "Contents", wrong: Sequence[str]) -> None:
    from bayplan.cli.terminal import printable

    width = max((len(table) for table in manifest.contents.tables), default=0)
    for table, wanted in manifest.contents.tables.items():
        there = found.tables.get(table)
        rows = str(there.rows) if there else "missing"
        mark = "=" if there == wanted else "≠"
        print(f"  {printable(table):<{width}}  {wanted.rows:>10} {mark} {rows}")
    for text in wrong:
        print(f"different: {printable(text)}")


def _list(stores: "Stores", names: Sequence[str]) -> int:
    there = stores.destination.names()
    found = [name for store in names for name in stores.series(store).among(there)]
    for name in found:
        print(name)
    if not found:
        print(f"there are none in {stores.backups.to}")
    return 0
