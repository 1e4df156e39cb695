"""Whether the dependencies of the workspace's root are installed beside those of an app."""

import posixpath

from bayplan.model.workspace import DependencyKind, Package
from bayplan.passes.recipe import Recipe

# Binaries that scripts call by another name than their package's.
PROVIDERS = {"tsc": "typescript", "nest": "@nestjs/cli", "swc": "@swc/cli", "babel": "@babel/cli"}


def root_with(recipe: Recipe, *, production: bool) -> Package | None:
    """Return the root where what it depends on takes part in an install."""
    root = recipe.root
    if root is None or not (_runs(root) if production else _builds(recipe, root)):
        return None
    return root


def _runs(root: Package) -> bool:
    return any(each.kind is not DependencyKind.DEVELOPMENT for each in root.dependencies)


def _builds(recipe: Recipe, root: Package) -> bool:
    """Say whether a build calls a tool, or reads types, that only the root depends on."""
    there = {dependency.name for dependency in root.dependencies}
    types = {name for name in there if name.startswith("@types/")}
    for package in recipe.built:
        own = {dependency.name for dependency in package.dependencies}
        scripts = [package.scripts[name].value for name in (package.build.value if package.build else ())]
        called = {PROVIDERS.get(word, word) for script in scripts for word in script.split()}
        called |= {posixpath.basename(recipe.command.value[0])} if package is recipe.package else set()
        wanted = called | types if package.tsconfigs else called
        if wanted & there - own or _runs(root):
            return True
    return False
