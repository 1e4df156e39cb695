"""Changes that patch-package makes to what is installed, made again in an image."""

import re
import shlex
from collections.abc import Iterator

from bayplan.passes.recipe import Recipe

PATCHED = re.compile(r"(?P<name>@[^+]+\+[^+]+|[^@+][^+]*)\+")
"""The package at the end of a patch's name: `express+4.21.0.patch`, `debug++@types+ms+1.0.0.patch`."""
ONLY_PATCHES = re.compile(r"(?:npx\s+)?patch-package\b[^&;|]*")


def patching(recipe: Recipe, *, production: bool) -> Iterator[str]:
    """Yield the commands that change what an install has brought; patch-package itself may not be among that."""
    lock = recipe.workspace.manager.lockfile
    packages = recipe.running if production else recipe.built
    folders = [*(each.folder for each in packages), "."]
    there = {each.name for each in (lock.reachable(folders, development=not production) if lock else ())}
    for path in recipe.workspace.manager.patches:
        last = path.rpartition("/")[2].rpartition("++")[2]
        named = PATCHED.match(last)
        if named is not None and named["name"].replace("+", "/") in there:
            yield f"patch -p1 -i {shlex.quote(path)}"


def is_only_patching(script: str) -> bool:
    """Say whether a script does nothing that is not done here."""
    return ONLY_PATCHES.fullmatch(script.strip()) is not None
