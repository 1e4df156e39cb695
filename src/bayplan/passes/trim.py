"""What never runs and is left out of the production tree."""

import shlex
from collections.abc import Collection, Iterator, Sequence
from fnmatch import filter as matching
from fnmatch import fnmatchcase

from bayplan.catalog import load
from bayplan.passes.native import Natives
from bayplan.passes.recipe import Recipe

UNUSED = ("*.map", "*.md", "*.ts", "*.[cm]ts")
OWN_UNUSED = ("*.d.ts", "*.d.[cm]ts", "*.tsbuildinfo")
DECLARATION_MAPS = ("*.d.ts.map", "*.d.[cm]ts.map")


def find_and_remove(folders: Sequence[str], patterns: Sequence[str], *, keep: str = "") -> str:
    names = " -o ".join(f'-name "{pattern}"' for pattern in patterns)
    chosen = names if len(patterns) == 1 else f"\\( {names} \\)"
    return f"find {' '.join(folders)} -type f {keep}{chosen} -exec rm -f {{}} +"


def trimming(recipe: Recipe, natives: Natives) -> Iterator[str]:
    """Yield the commands, run in the folder of the production tree, for the packages that are really in it."""
    names = {package.name for package in recipe.locked}
    folders = [shlex.quote(folder) for folder in recipe.module_folders]
    keep = '! -path "*/node_modules/typescript/*" ' if "typescript" in names else ""
    yield find_and_remove(
        folders,
        (*UNUSED, "*.glibc.node") if natives.bundled else UNUSED,
        keep=f'! -iname "licen[cs]e*" {keep}',
    )
    if natives.bundled:
        yield f'find {" ".join(folders)} -type d -path "*/prebuilds/*" ! -name "linux-$cpu" -prune -exec rm -rf {{}} +'
    nested = [f"{shlex.quote(key)}/{path}" for key, package in recipe.nested.items() for path in _of(package.name)]
    if nested:
        yield f"rm -rf {' '.join(nested)}"
    paths = list(_never_loaded(names))
    if paths:
        is_flat = recipe.workspace.manager.linker == "hoisted"
        store, inside = ("node_modules", "") if is_flat else ("node_modules/.pnpm", "*/node_modules/")
        yield f"cd {store}"
        yield f"rm -rf {' '.join(inside + path for path in paths)}"


def _of(name: str) -> Iterator[str]:
    for entry in load("trim")["trim"]:
        if any(fnmatchcase(name, pattern) for pattern in entry["packages"]):
            yield from (path for path in entry["paths"] if path != ".")


def _never_loaded(names: Collection[str]) -> Iterator[str]:
    for entry in load("trim")["trim"]:
        for pattern in entry["packages"]:
            if matching(names, pattern):
                yield from (pattern if path == "." else f"{pattern}/{path}" for path in entry["paths"])
