"""Paths as they are typed → paths as bayplan knows them."""

from collections.abc import Collection
from pathlib import Path

from bayplan.cli.parser import near
from bayplan.errors import UsageError


def written(path: str, root: Path, files: Collection[str]) -> str:
    """Return which of the files that bayplan writes is meant, named from the root or from the current folder."""
    if path in files:
        return path
    for typed in (root / path, Path(path)):
        absolute = typed.absolute()
        folder = Path(*(part for part in absolute.parent.parts if part != "."))
        try:
            inside = (folder.resolve() / absolute.name).relative_to(root.resolve()).as_posix()
        except (ValueError, OSError):
            continue
        if inside in files:
            return inside
    known = f"it writes {', '.join(sorted(files))}" if files else "it writes nothing here"
    raise UsageError(f"bayplan writes no file {path}", remedy=near(path, list(files)) or known)
