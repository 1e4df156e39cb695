"""The values a run on this machine needs: the user's own, and fresh ones for what is missing."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bayplan.engines.folder import write
from bayplan.errors import UsageError
from bayplan.model.secret import Secret
from bayplan.model.stack import Asked, Composed, Given, Stack, Variable

OURS = ".bayplan/run.env"
THEIRS = ".env"
INTRODUCTION = "Values for runs on this machine, made by bayplan. Not for production; keep it out of git."
SECRET_WORDS = ("PASSWORD", "PASS", "SECRET", "TOKEN", "KEY")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value the stack asks the operator for."""

    name: str
    required: bool
    default: str | None
    secret: bool
    example: str = ""
    only_theirs: bool = False
    """Whether no value that bayplan makes would do: a token that somebody else gives out."""


@dataclass(frozen=True, slots=True)
class RunEnvironment:
    """What a run uses: all values by name, the env files that hold them, and which names bayplan made up."""

    values: Mapping[str, str]
    secrets: tuple[Secret, ...]
    files: tuple[str, ...] = ()
    made: tuple[str, ...] = ()


def wanted(stack: Stack) -> tuple[Wanted, ...]:
    """Return what the stack asks for, by name. What is secret or required anywhere is so everywhere."""
    found: dict[str, Wanted] = {}
    for one in _mentions(stack):
        known = found.get(one.name)
        if known is not None:
            one = replace(  # noqa: PLW2901 - the mention, with what others said of it
                one,
                required=known.required or one.required,
                secret=known.secret or one.secret,
                example=known.example or one.example,
                only_theirs=known.only_theirs or one.only_theirs,
                default=known.default if one.default is None else one.default,
            )
        found[one.name] = one
    return tuple(found[name] for name in sorted(found))


def _mentions(stack: Stack) -> Iterator[Wanted]:
    for service in stack.services:
        for variable in service.variables:
            yield from _of_variable(variable)
    for store in stack.stores:
        for variable in store.variables:
            yield from _of_variable(variable)
    for store in stack.stores:
        for word in store.command:
            if isinstance(word, Asked):
                yield _asked(word, secret=False)
    for variable in stack.build_secrets:
        yield from (replace(each, only_theirs=True) for each in _of_variable(variable))


def _of_variable(variable: Variable) -> Iterator[Wanted]:
    value = variable.value
    if isinstance(value, Asked):
        yield replace(_asked(value, secret=variable.secret), example=variable.example)
    elif isinstance(value, Composed):
        for part in value.parts:
            if not isinstance(part, Given):
                yield _asked(part, secret=False)


def _asked(value: Asked, *, secret: bool) -> Wanted:
    looks_secret = value.default is None and value.name.upper().split("_")[-1] in SECRET_WORDS
    return Wanted(value.name, value.required and value.default is None, value.default, secret or looks_secret)


def fresh(one: Wanted, token: Callable[[], str]) -> str:
    """Return a development value: a secret is random, everything else its example or a plain word.

    A secret whose example is an address (a DSN) must stay one, or the code that parses it stops.
    """
    if one.example and (not one.secret or "://" in one.example):
        return one.example
    return token() if one.secret else "development"


def settle(
    stack: Stack,
    *,
    outside: Mapping[str, str],
    theirs: Mapping[str, str] | None,
    ours: Mapping[str, str],
    token: Callable[[], str],
) -> tuple[RunEnvironment, dict[str, str]]:
    """Decide every value: the shell's, then `.env`'s, then those made earlier, then fresh ones.

    Returns what the run uses, and what `.bayplan/run.env` must hold for it.
    """
    values: dict[str, str] = {}
    kept: dict[str, str] = {}
    for one in wanted(stack):
        given = outside.get(one.name) or (theirs or {}).get(one.name)
        if given:
            values[one.name] = given
        elif one.required and not one.only_theirs:
            values[one.name] = kept[one.name] = ours.get(one.name) or fresh(one, token)
        elif one.default is not None:
            values[one.name] = one.default
    hidden = tuple(Secret(values[one.name]) for one in wanted(stack) if one.secret and one.name in values)
    files = ((THEIRS,) if theirs is not None else ()) + ((OURS,) if kept else ())
    return RunEnvironment(values, hidden, files, tuple(name for name in kept if name not in ours)), kept


def prepare(stack: Stack, root: Path) -> RunEnvironment:
    """Settle the values and write `.bayplan/run.env` where some had to be made. The user's `.env` is never touched."""
    from bayplan.formats.dotenv import Group, Setting, render

    theirs = _read(root / THEIRS)
    ours = _read(root / OURS) or {}
    result, kept = settle(stack, outside=os.environ, theirs=theirs, ours=ours, token=lambda: secrets.token_hex(24))
    if result.made:
        settings = tuple(Setting(name, value) for name, value in sorted({**ours, **kept}.items()))
        write(root, OURS, render((Group("", settings),), INTRODUCTION).text)
    return result


def preview(stack: Stack, root: Path) -> RunEnvironment:
    """Return what a run would use, without writing anything: for a dry run."""
    theirs, ours = _read(root / THEIRS), _read(root / OURS) or {}
    return settle(stack, outside=os.environ, theirs=theirs, ours=ours, token=lambda: "")[0]


def _read(path: Path) -> dict[str, str] | None:
    from bayplan.formats import dotenv

    if path.exists() and not path.is_file():
        raise UsageError(f"{path.name} is not a file", remedy="replace it with a file of lines such as NAME=value")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} cannot be read: {error}", remedy="it must be UTF-8 text") from error
    return {line.name: line.value for line in dotenv.parse(text, path.name).lines if not line.documented_only}
