"""A workspace out of texts, for the tests of what the code reader finds in them."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bayplan.model.code import Code, EnvUse
from bayplan.model.workspace import Dependency, DependencyKind, Package
from bayplan.readers.code import read_code
from bayplan.source import At, Located
from bayplan.tree import Tree

KINDS = {"dependencies": DependencyKind.PRODUCTION, "devDependencies": DependencyKind.DEVELOPMENT}


def manifest(name: str = "app", *dependencies: str, start: str = "node dist/main.js", **more: Any) -> str:
    """Return a package.json; without a start command it is a library."""
    scripts = {"start": start} if start else {}
    entries = {} if start else {"main": "dist/index.js"}
    versions = {each: "workspace:*" if each.startswith("@acme/") else "^1.0.0" for each in dependencies}
    return json.dumps({"name": name, "scripts": scripts, "dependencies": versions, **entries, **more})


def packages(files: Mapping[str, str]) -> tuple[Package, ...]:
    """Read package.json files as far as the code reader needs them."""
    manifests = {
        path.rpartition("/")[0] or ".": json.loads(text) for path, text in files.items() if "package.json" in path
    }
    folders = {data.get("name", ""): folder for folder, data in manifests.items()}
    return tuple(_package(folder, data, folders) for folder, data in manifests.items())


def _package(folder: str, data: Any, folders: Mapping[str, str]) -> Package:
    at = At("package.json" if folder == "." else f"{folder}/package.json", 1, 1)
    dependencies = [
        Dependency(name, spec, kind, at, folder=folders.get(name))
        for section, kind in KINDS.items()
        for name, spec in data.get(section, {}).items()
    ]
    return Package(
        data.get("name", ""),
        folder,
        at,
        scripts={name: Located(text, at) for name, text in data.get("scripts", {}).items()},
        dependencies=tuple(dependencies),
        entries=tuple(_entries(data)),
    )


def _entries(data: Any) -> Iterator[Located[str]]:
    waiting = [(key, data[key]) for key in ("main", "module", "exports", "types", "bin") if key in data]
    while waiting:
        key, value = waiting.pop(0)
        if isinstance(value, str):
            yield Located(value, At("package.json", key=key))
        elif isinstance(value, dict):
            waiting += [(f'{key}["{name}"]', inner) for name, inner in value.items()]


def read_workspace(files: Mapping[str, str]) -> Mapping[str, Code]:
    with tempfile.TemporaryDirectory() as folder:
        return read_code(Tree(Path(folder), files), packages(files))


def read_app(files: Mapping[str, str], *dependencies: str, start: str = "node dist/main.js") -> Code:
    """Return what the code of one package at `app` does; its files are named from there."""
    own = {f"app/{path}": text for path, text in files.items()}
    return read_workspace({"app/package.json": manifest("app", *dependencies, start=start), **own})["app"]


def read_main(text: str, *dependencies: str) -> Code:
    """Return what a package of one file, `src/main.ts`, does."""
    return read_app({"src/main.ts": text}, *dependencies)


def told(uses: tuple[EnvUse, ...]) -> dict[str, tuple[bool, str | None]]:
    """Return required and default by name."""
    return {use.name: (use.required, use.default) for use in uses}
