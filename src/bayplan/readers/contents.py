"""What of a repository's files the code may read, and what only people do."""

from collections.abc import Iterable

from bayplan.model.workspace import Package
from bayplan.readers.folders import inside, parent
from bayplan.tree import Tree

FOR_PEOPLE = frozenset({"docs", "doc", "documentation", "test", "tests", "__tests__", "e2e", "coverage", "adr"})


def top_folders(tree: Tree) -> tuple[str, ...]:
    """Return the folders at the root that hold files."""
    return tuple(sorted({path.partition("/")[0] for path in tree.files if "/" in path}))


def markdown_folders(tree: Tree, packages: Iterable[Package]) -> tuple[str, ...]:
    """Return the folders inside packages with Markdown that a build or running code may read."""
    owners = {package.folder: package for package in packages}
    found = (_read_by_code(owners, path) for path in tree.files if path.endswith((".md", ".mdx")))
    return tuple(sorted({folder for folder in found if folder}))


def _read_by_code(owners: dict[str, Package], path: str) -> str | None:
    folder = parent(path)
    while folder not in owners:
        if folder == ".":
            return None
        folder = parent(folder)
    package = owners[folder]
    top, separator, _ = (inside(folder, path) or "").partition("/")
    if not separator or top.startswith("."):
        return None
    is_shipped = any(top == output.value.partition("/")[0] for output in package.outputs)
    return package.path(top) if is_shipped or top not in FOR_PEOPLE else None
