"""What never runs and is left out of the production tree."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from bayplan.catalog import load
from bayplan.model.workspace import LockedPackage
from bayplan.passes.native import Natives

UNUSED = ("*.map", "*.ts", "*.mts", "*.cts", "*.md")
OWN_UNUSED = ("*.map", "*.d.ts", "*.d.mts", "*.d.cts", "*.tsbuildinfo")


def find_and_remove(folders: Sequence[str], patterns: Sequence[str], *, keep: str = "") -> str:
    names = " -o ".join(f'-name "{pattern}"' for pattern in patterns)
    return f"find {' '.join(folders)} -type f {keep}\\( {names} \\) -exec rm -f {{}} +"


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def trimming(production: Sequence[LockedPackage], natives: Natives, linker: str) -> Iterator[str]:
    """Yield the commands, run in the folder of the production tree, for the packages that are really in it."""
    names = {package.name for package in production}
    keep = '! -path "*/node_modules/typescript/*" ' if "typescript" in names else ""
    yield find_and_remove(["node_modules"], UNUSED, keep=keep)
    packages = "node_modules" if linker == "hoisted" else "node_modules/.pnpm/*/node_modules"
    for entry in load("trim")["trim"]:
        there = [pattern for pattern in entry["packages"] if any(_matches(name, [pattern]) for name in names)]
        if there:
            folders = [
                f"{packages}/{pattern}" if path == "." else f"{packages}/{pattern}/{path}"
                for pattern in there
                for path in entry["paths"]
            ]
            yield f"rm -rf {' '.join(folders)}"
    if natives.bundled:
        yield 'find node_modules -type d -path "*/prebuilds/*" ! -name "linux-$cpu" -prune -exec rm -rf {} +'
        yield find_and_remove(["node_modules"], ["*.glibc.node"])
