"""What is known about the world outside the repository, as data."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def load(name: str) -> dict[str, Any]:
    """Return a file of the catalog by its path without `.toml`: `stores/postgres`."""
    return tomllib.loads(resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@cache
def names(folder: str) -> tuple[str, ...]:
    """Return what a folder of the catalog holds, in order."""
    found = resources.files(__name__).joinpath(folder).iterdir()
    return tuple(
        sorted(f"{folder}/{entry.name.removesuffix('.toml')}" for entry in found if entry.name.endswith(".toml"))
    )
