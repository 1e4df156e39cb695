"""What is known about the world outside the repository, as data."""

import re
import tomllib
from collections.abc import Collection
from functools import cache
from importlib import resources
from typing import Any

QUOTED = re.compile(r'"([^"\n]+)"')


@cache
def load(name: str) -> dict[str, Any]:
    """Return a file of the catalog by its path without `.toml`: `stores/postgres`."""
    return tomllib.loads(_toml(name))


@cache
def names(folder: str) -> tuple[str, ...]:
    """Return what a folder of the catalog holds, in order."""
    found = resources.files(__name__).joinpath(folder).iterdir()
    return tuple(
        sorted(f"{folder}/{entry.name.removesuffix('.toml')}" for entry in found if entry.name.endswith(".toml"))
    )


def quoting(folder: str, words: Collection[str]) -> tuple[str, ...]:
    """Return those files of a folder in which one of these words is a value; the others need not be parsed."""
    wanted = frozenset(words)
    return tuple(name for name in names(folder) if not wanted.isdisjoint(QUOTED.findall(_toml(name))))


def script(name: str) -> str:
    """Return a shell script of the catalog, by its name without `.sh`."""
    return text(f"{name}.sh")


@cache
def text(name: str) -> str:
    """Return a file of the catalog as it is, by its name: `serve.Caddyfile`."""
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def _toml(name: str) -> str:
    return text(f"{name}.toml")
