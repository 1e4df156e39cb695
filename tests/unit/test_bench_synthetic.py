"""The workspace that speed is measured on is one that the readers understand whole."""

import importlib.util
from pathlib import Path

from bayplan.readers.workspace import completed, read_manifests
from bayplan.tree import Tree

GENERATOR = Path(__file__).parents[2] / "bench/synthetic.py"


def test_the_synthetic_workspace_is_read_whole(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("synthetic", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.make_workspace(tmp_path, packages=60, files=300)
    found = read_manifests(Tree(tmp_path))
    packages = completed(Tree(tmp_path), found.packages, found.tasks)
    apps = [package for package in packages if package.start]
    assert len(packages) == 61
    assert [app.start.value for app in apps if app.start] == [("node", "dist/index.js")] * 3
    assert all(dependency.folder or dependency.version for package in packages for dependency in package.dependencies)
    assert found.manager.lockfile is not None
    assert not [
        key
        for keys in found.manager.lockfile.edges.values()
        for key in keys
        if key not in found.manager.lockfile.packages
    ]
