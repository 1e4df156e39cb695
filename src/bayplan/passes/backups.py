"""Which stores are backed up, where to, and for whose key."""

import re
from collections.abc import Sequence

from bayplan.catalog.stores import backup
from bayplan.errors import UsageError
from bayplan.model.config import BackupConfig, Config
from bayplan.model.parts import Note
from bayplan.model.stack import Backups, Store
from bayplan.source import Why

KEEP_DAYS = 14
AT = "03:30"
KEY = "`age-keygen` makes a pair: `age: age1...` is the public one, the secret one stays off this machine"


def backups(config: Config, stores: Sequence[Store]) -> tuple[Backups | None, tuple[Note, ...]]:
    """Return what `bayplan.yaml` asks for, as it is to be done, and a note on each store that is left out."""
    asked = config.backups
    if asked is None:
        return None, ()
    to = _checked(asked, config)
    _refuse_unknown(asked, config, stores)
    wanted = [store for store in stores if store.name not in asked.skip]
    kept = tuple(store.name for store in wanted if backup(store.kind).get("family"))
    notes = [Note(store.name, _why_not(store)) for store in wanted if store.name not in kept]
    if not kept:
        notes.append(Note("backups", "no store of this stack is backed up", config.at("backups")))
    why = Why("bayplan.yaml", "bayplan.yaml asks for backups", config.at("backups"))
    found = Backups(to, why, asked.age or "", asked.gpg or "", asked.keep or KEEP_DAYS, asked.at or AT, kept)
    return found, tuple(notes)


def _checked(asked: BackupConfig, config: Config) -> str:
    """Return where they go, or say what is missing: backups that nobody can read, or everybody, are none."""
    if asked.to is None:
        remedy = "`to: /var/backups/shop`, or `to: rclone:s3:bucket` for a remote that `rclone config` knows"
        raise UsageError("backups have no place to go", at=config.at("backups"), remedy=remedy)
    to = asked.to.strip()
    remote = to.removeprefix("rclone:")
    if remote != to and not re.fullmatch(r"[^-:,/][^:,/]*:.*", remote):
        remedy = (
            "write `rclone:remote:path`; what the remote is, and its password, stands in rclone's own configuration"
        )
        raise UsageError(f"{to!r} names no remote of rclone", at=config.at("backups", "to"), remedy=remedy)
    if remote == to and not to.startswith("/"):
        raise UsageError(
            f"{to!r} is not a folder of the machine", at=config.at("backups", "to"), remedy="begin it with `/`"
        )
    if not asked.age and not asked.gpg:
        raise UsageError("backups have no key to be encrypted for", at=config.at("backups"), remedy=KEY)
    if asked.age and asked.gpg:
        raise UsageError(
            "backups are encrypted with age or with gpg, not with both",
            at=config.at("backups", "gpg"),
            remedy="take one",
        )
    if asked.age and "SECRET" in asked.age.upper():
        raise UsageError(
            "`backups.age` holds a secret key", at=config.at("backups", "age"), remedy=f"make another: {KEY}"
        )
    if (asked.age or asked.gpg or "").startswith("-"):
        raise UsageError("`backups` names no key, but an option", at=config.at("backups"), remedy=KEY)
    return to if remote != to else to.rstrip("/") or "/"


def _refuse_unknown(asked: BackupConfig, config: Config, stores: Sequence[Store]) -> None:
    for name in asked.skip:
        if name not in {store.name for store in stores}:
            there = ", ".join(store.name for store in stores) or "none"
            at = config.at("backups", "skip")
            raise UsageError(f"there is no store {name!r} to be skipped", at=at, remedy=f"the stores are: {there}")


def _why_not(store: Store) -> str:
    return f"bayplan does not back it up. {backup(store.kind).get('by_hand', '')} The runbook has the commands."
