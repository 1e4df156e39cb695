"""What never runs and is left out of the production tree."""

from collections.abc import Collection, Iterator, Sequence
from fnmatch import filter as matching

from bayplan.catalog import load
from bayplan.model.workspace import LockedPackage
from bayplan.passes.native import Natives

UNUSED = ("*.map", "*.md", "*.ts", "*.[cm]ts")
OWN_UNUSED = ("*.d.ts", "*.d.[cm]ts", "*.tsbuildinfo")
DECLARATION_MAPS = ("*.d.ts.map", "*.d.[cm]ts.map")


def find_and_remove(folders: Sequence[str], patterns: Sequence[str], *, keep: str = "") -> str:
    names = " -o ".join(f'-name "{pattern}"' for pattern in patterns)
    chosen = names if len(patterns) == 1 else f"\\( {names} \\)"
    return f"find {' '.join(folders)} -type f {keep}{chosen} -exec rm -f {{}} +"


def trimming(production: Sequence[LockedPackage], natives: Natives, linker: str) -> Iterator[str]:
    """Yield the commands, run in the folder of the production tree, for the packages that are really in it."""
    names = {package.name for package in production}
    keep = '! -path "*/node_modules/typescript/*" ' if "typescript" in names else ""
    yield find_and_remove(
        ["node_modules"],
        (*UNUSED, "*.glibc.node") if natives.bundled else UNUSED,
        keep=f'! -iname "licen[cs]e*" {keep}',
    )
    if natives.bundled:
        yield 'find node_modules -type d -path "*/prebuilds/*" ! -name "linux-$cpu" -prune -exec rm -rf {} +'
    paths = list(_never_loaded(names))
    if paths:
        store, inside = ("node_modules", "") if linker == "hoisted" else ("node_modules/.pnpm", "*/node_modules/")
        yield f"cd {store}"
        yield f"rm -rf {' '.join(inside + path for path in paths)}"


def _never_loaded(names: Collection[str]) -> Iterator[str]:
    for entry in load("trim")["trim"]:
        for pattern in entry["packages"]:
            if matching(names, pattern):
                yield from (pattern if path == "." else f"{pattern}/{path}" for path in entry["paths"])
