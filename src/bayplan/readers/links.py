"""Which dependencies are satisfied by packages of the workspace itself."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bayplan.formats import npm_range
from bayplan.model.workspace import Dependency, DependencyKind, Package
from bayplan.readers.folders import joined
from bayplan.readers.setup import Setup

PATH = re.compile(r"(?:workspace|link|file|portal):(\.{1,2}(?:/.*)?|/.*)$|(?:link|file|portal):(.+)$")
ALIAS = re.compile(r"(?:workspace|npm):(@?[^@]+)@(.+)$")
CATALOG = "catalog:"


def linked(packages: Sequence[Package], setup: Setup) -> tuple[Package, ...]:
    """Return the packages with each dependency's folder and installed version filled in."""
    by_name: dict[str, list[Package]] = {}
    for package in packages:
        by_name.setdefault(package.name, []).append(package)
    folders = frozenset(package.folder for package in packages)

    def complete(package: Package, dependency: Dependency) -> Dependency:
        folder = _folder(package, dependency, setup, by_name, folders)
        version = setup.lock.versions.get((package.folder, dependency.name)) if setup.lock else None
        return replace(dependency, folder=folder, version=None if folder else version or None)

    return tuple(
        replace(package, dependencies=tuple(complete(package, each) for each in package.dependencies))
        for package in packages
    )


def _folder(
    package: Package,
    dependency: Dependency,
    setup: Setup,
    by_name: Mapping[str, Sequence[Package]],
    folders: frozenset[str],
) -> str | None:
    place = package.folder, dependency.name
    locked = setup.lock.links.get(place) if setup.lock else None
    if locked in folders:
        return locked
    spec = resolved_spec(dependency, setup.catalogs)
    path = PATH.match(spec)
    if path:
        target = joined(package.folder, path[1] or path[2])
        return target if target in folders else None
    alias = ALIAS.match(spec)
    name, wanted = (alias[1], alias[2]) if alias else (dependency.name, spec.removeprefix("workspace:"))
    candidates = [each for each in by_name.get(name, ()) if each.folder != package.folder]
    if spec.startswith("workspace:"):
        fitting = [each for each in candidates if npm_range.satisfies(each.version, wanted)] or candidates
        return fitting[0].folder if fitting else None
    if not setup.links_ranges or spec.startswith("npm:") or (setup.lock and place in setup.lock.versions):
        return None
    if dependency.kind is DependencyKind.PEER and name not in by_name:
        return None
    return next((each.folder for each in candidates if npm_range.satisfies(each.version or "0.0.0", wanted)), None)


def resolved_spec(dependency: Dependency, catalogs: Mapping[str, Mapping[str, str]]) -> str:
    """Return what a dependency asks for, with `catalog:` looked up."""
    if not dependency.spec.startswith(CATALOG):
        return dependency.spec
    name = dependency.spec.removeprefix(CATALOG).strip() or "default"
    return catalogs.get(name, {}).get(dependency.name, dependency.spec)
