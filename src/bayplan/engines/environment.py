"""The values a run on this machine needs: the user's own; where there are none at all, fresh ones for a trial."""

import os
import posixpath
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bayplan.catalog.contract import contract
from bayplan.engines.env import file as env_file
from bayplan.engines.env.forms import wrong_form
from bayplan.engines.env.trial import elsewhere, made_for
from bayplan.engines.folder import NAME, write
from bayplan.errors import MissingValueError
from bayplan.model.contract import Term
from bayplan.model.secret import Secret
from bayplan.model.stack import Stack

INTRODUCTION = "Values for runs on this machine, made by bayplan. Not for production; keep it out of git."
PLAIN = {"tag": "latest", "address": "127.0.0.1", "host": "localhost"}
"""What a trial on this machine takes, whatever the example says."""


@dataclass(frozen=True, slots=True)
class RunEnvironment:
    """What a run uses: all values by name, the env files that hold them, and which names bayplan made up."""

    values: Mapping[str, str]
    secrets: tuple[Secret, ...]
    files: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    unread: str = ""
    """Where a file of values lies that is not read, while the environment's own is not there."""


def ours(stack: Stack) -> str:
    """Return the file of values that were made for a trial of this environment."""
    return f"{NAME}/run.env" if stack.is_production else f"{NAME}/run.{stack.environment}.env"


def fresh(one: Term, token: Callable[[], str]) -> str:
    """Return a development value: a secret is random, everything else its example or a plain word.

    A secret whose example is an address (a DSN) must stay one, or the code that parses it stops.
    """
    if one.kind in PLAIN:
        return PLAIN[one.kind]
    if one.example and (not one.secret or "://" in one.example):
        return one.example
    return token() if one.secret else "development"


def settle(
    stack: Stack,
    *,
    outside: Mapping[str, str],
    theirs: Mapping[str, str] | None,
    made: Mapping[str, str],
    token: Callable[[], str],
    refuses: Callable[[Term], bool] = lambda _: True,
    unread: str = "",
) -> tuple[RunEnvironment, dict[str, str]]:
    """Decide every value: the shell's, then the env file's, then, for a trial, those made earlier and fresh ones.

    With an env file, or for more than a trial, nothing is made up that `refuses` holds for: what lacks is an error. It
    says where a file of values lies that is not read, `unread`.
    Returns what the run uses, and what the file of made values must hold for it.
    """
    asked = contract(stack).asked
    found = {one.name: outside.get(one.name) or (theirs or {}).get(one.name) for one in asked}
    values = {name: value for name, value in found.items() if value}
    kept: dict[str, str] = {}
    lacking = []
    more = "" if theirs is not None else made_for(stack, values)
    for one in (one for one in asked if one.name not in values):
        if one.required and refuses(one) and (theirs is not None or more):
            lacking.append(one)
        elif one.required and not one.only_theirs:
            values[one.name] = kept[one.name] = made.get(one.name) or fresh(one, token)
        elif one.default is not None:
            values[one.name] = one.default
    if lacking:
        raise lacks(stack, lacking, is_there=theirs is not None, more=more, unread=unread)
    refuse_malformed(stack, (one for one in asked if refuses(one)), values)
    hidden = tuple(Secret(values[one.name]) for one in asked if one.secret and one.name in values)
    files = ((stack.env_file,) if theirs is not None else ()) + ((ours(stack),) if kept else ())
    fresh_ones = tuple(name for name in kept if name not in made)
    overlooked = unread if theirs is None else ""
    return RunEnvironment(values, hidden, files or _none(stack), fresh_ones, overlooked), kept


def _none(stack: Stack) -> tuple[str, ...]:
    """Keep compose from reading the `.env` of another environment where this one has no file."""
    beside = posixpath.join(posixpath.dirname(stack.compose), ".env")
    return () if stack.env_file == beside else (os.devnull,)


def lacks(
    stack: Stack, terms: Iterable[Term], *, is_there: bool, more: str = "", unread: str = ""
) -> MissingValueError:
    """Say what an env file lacks, or one that is not there, and where each value comes from."""
    named = [
        f"\n  {one.name}{f': {one.purpose}' if one.purpose else ''}"
        f"{f' ({one.command})' if one.command else f' (from {one.origin})' if one.origin else ''}"
        for one in terms
    ]
    which = "a value" if len(named) == 1 else f"{len(named)} values"
    command = f"bayplan env new{' --add' if is_there else ''}"
    command += "" if stack.is_production else f" --env {stack.environment}"
    begin = f"{stack.env_file} lacks" if is_there else f"there is no {stack.env_file}, which gives"
    reason = f"; none is made up, for {more}" if more else ""
    return MissingValueError(
        f"{begin} {which} that the stack does not start without; nothing was changed{reason}{''.join(named)}",
        remedy=f"{f'{unread}: move it there, or ' if unread else ''}"
        f"`{command}` makes the secrets and says what is left to fill in",
    )


def refuse_malformed(stack: Stack, terms: Iterable[Term], values: Mapping[str, str]) -> None:
    """Refuse what compose or the proxy would stop at halfway: part of an image's name, of an address, of a host."""
    for one in terms:
        value = values.get(one.name, "")
        if value and one.kind in (*PLAIN, "image") and (form := wrong_form(one, value)):
            raise MissingValueError(
                f"{one.name} must be {form}; nothing was changed",
                remedy=f"it stands in {stack.env_file}, or in the environment of this shell, which wins",
            )


def prepare(stack: Stack, root: Path, refuses: Callable[[Term], bool] = lambda _: True) -> RunEnvironment:
    """Settle the values, and keep those that had to be made. The user's env file is never touched."""
    from bayplan.formats.dotenv import Group, Setting, render

    made = _read(root, ours(stack)) or {}
    result, kept = _settle(stack, root, made, lambda: secrets.token_hex(24), refuses)
    if result.made:
        settings = tuple(Setting(name, value) for name, value in sorted({**made, **kept}.items()))
        write(root, ours(stack), render((Group("", settings),), INTRODUCTION).text)
    return result


def preview(stack: Stack, root: Path, refuses: Callable[[Term], bool] = lambda _: True) -> RunEnvironment:
    """Return what a run would use, without writing anything: for a dry run."""
    return _settle(stack, root, _read(root, ours(stack)) or {}, lambda: "", refuses)[0]


def _settle(
    stack: Stack, root: Path, made: Mapping[str, str], token: Callable[[], str], refuses: Callable[[Term], bool]
) -> tuple[RunEnvironment, dict[str, str]]:
    return settle(
        stack,
        outside=os.environ,
        theirs=_read(root, stack.env_file),
        made=made,
        token=token,
        refuses=refuses,
        unread=elsewhere(stack, root),
    )


def _read(root: Path, path: str) -> dict[str, str] | None:
    from bayplan.formats.dotenv_values import values

    held = env_file.read(root / path, path)
    return None if held is None else values(held.file, os.environ)
