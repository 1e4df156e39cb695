"""What packages name outside the folder that holds their lockfile: no image built from that folder has it."""

import re
from collections.abc import Iterable, Iterator

from bayplan.errors import BrokenFileError
from bayplan.formats import json_nodes
from bayplan.model.workspace import Package
from bayplan.readers.folders import joined, parent
from bayplan.source import Located
from bayplan.tree import Tree

BY_PATH = re.compile(r"(?:file|link|portal):(?P<path>\.\..*)")
TSCONFIG = re.compile(r"tsconfig(?:\.[\w-]+)?\.json")


def reaching(tree: Tree, packages: Iterable[Package]) -> tuple[Located[str], ...]:
    """Return the paths that lead out, each with its place."""
    return tuple(each for package in packages for each in (*_dependencies(package), *_configs(tree, package)))


def _dependencies(package: Package) -> Iterator[Located[str]]:
    for dependency in package.dependencies:
        path = BY_PATH.fullmatch(dependency.spec)
        if path and joined(package.folder, path["path"]) is None:
            yield Located(path["path"], dependency.at)


def _configs(tree: Tree, package: Package) -> Iterator[Located[str]]:
    for path in tree.below(package.folder):
        if parent(path) != package.folder or not TSCONFIG.fullmatch(path.rpartition("/")[2]):
            continue
        try:
            document = json_nodes.load(tree.text(path), path, comments=True)
        except BrokenFileError:
            continue
        extended = document.located("extends")
        if extended and extended.value.startswith("..") and joined(package.folder, extended.value) is None:
            yield extended
