"""What the tests of the readers share: repositories made of texts."""

import json
from collections.abc import Mapping
from pathlib import Path

from bayplan.model.workspace import Package, Workspace
from bayplan.readers.workspace import read_workspace
from bayplan.tree import Tree

Files = Mapping[str, object]


def repository(folder: Path, files: Files) -> Tree:
    """Write these files (what is not text, as JSON) and return the repository."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), encoding="utf-8")
    return Tree(folder)


def workspace(folder: Path, files: Files) -> Workspace:
    return read_workspace(repository(folder, files))


def only_package(folder: Path, manifest: Mapping[str, object], files: Files | None = None) -> Package:
    """Return the package of a repository that has one, in `apps/api`."""
    app = {"name": "api", **manifest}
    above = {"package.json": {"name": "root"}, "pnpm-workspace.yaml": "packages: ['apps/*', 'packages/*']\n"}
    inner = {path if path.startswith("../") else f"apps/api/{path}": text for path, text in (files or {}).items()}
    moved = {path.removeprefix("../../"): text for path, text in inner.items()}
    found = workspace(folder, {**above, "apps/api/package.json": app, **moved}).by_folder("apps/api")
    assert found is not None
    return found
