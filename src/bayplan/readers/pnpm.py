"""pnpm's configuration: pnpm-workspace.yaml, .npmrc, and package.json's `pnpm` up to version 10."""

from collections.abc import Iterator, Mapping

from bayplan.catalog import load
from bayplan.catalog.toolchain import ManagerVersion, manager_versions
from bayplan.errors import BrokenFileError
from bayplan.formats import yaml_nodes
from bayplan.formats.document import Document, Key
from bayplan.readers.folders import joined
from bayplan.readers.manager import pinned_version, preferred
from bayplan.readers.npmrc import read_npmrc
from bayplan.readers.pnpm_lock import read_pnpm_lock
from bayplan.readers.setup import ReadLock, Setup, as_text, existing
from bayplan.source import At, Fact, Located, Why
from bayplan.tree import Tree

READER = "pnpm"
WORKSPACE = "pnpm-workspace.yaml"
LOCKFILE = "pnpm-lock.yaml"

LAST_TO_READ_PACKAGE_JSON = 10
FIRST_TO_READ_WORKSPACE_FILE = 10
FIRST_NOT_TO_LINK_RANGES = 9
FIRST_WITH_TWO_DOCUMENTS = 11
FIRST_WITH_SHA256 = 10
FIRST_TO_ASK_BEFORE_SCRIPTS = 10

ALLOW_SCRIPTS = frozenset(
    {"onlyBuiltDependencies", "onlyBuiltDependenciesFile", "allowBuilds", "dangerouslyAllowAllBuilds"}
)
NOT_SETTINGS = frozenset({"packages", "catalog", "catalogs", "overrides", "patchedDependencies", "allowBuilds"})
"""Keys of pnpm-workspace.yaml that have readers of their own."""
FROM_NPMRC_EVER = frozenset({"registry"})


def read_pnpm(tree: Tree, root: Document | None) -> Setup:
    """Return how this repository uses pnpm."""
    workspace = _workspace(tree)
    lock = read_pnpm_lock(tree.text(LOCKFILE), LOCKFILE) if tree.stands(LOCKFILE) else None
    version = _version(root, workspace, lock)
    major = int(version.value.partition(".")[0])
    settings = dict(_settings(tree, root, workspace, major))
    documents = _configured(root, workspace, major)
    return Setup(
        name="pnpm",
        version=version,
        patterns=workspace.texts("packages") if workspace else (),
        patterns_at=workspace.at("packages") if workspace else None,
        lock=lock,
        files=_files(tree, documents, settings),
        settings=settings,
        linker=_setting(settings, "nodeLinker", "isolated"),
        allowed_builds=_allowed_builds(documents),
        injects=_setting(settings, "injectWorkspacePackages", "false") == "true",
        catalogs=_catalogs(workspace),
        links_ranges=_setting(
            settings, "linkWorkspacePackages", "true" if major < FIRST_NOT_TO_LINK_RANGES else "false"
        )
        != "false",
    )


def _workspace(tree: Tree) -> Document | None:
    if not tree.stands(WORKSPACE):
        return None
    document = yaml_nodes.load(tree.text(WORKSPACE), WORKSPACE)
    if document.data is not None and not isinstance(document.data, dict):
        raise BrokenFileError(
            f"{WORKSPACE} is no mapping", at=document.at(), remedy="write `packages:` and a list of patterns there"
        )
    if not isinstance(document.get("packages"), list | None):
        raise BrokenFileError(
            f"`packages` in {WORKSPACE} is no list, so that no package is found",
            at=document.at("packages"),
            remedy="write a list of patterns there, such as `apps/*`",
        )
    return document


def _version(root: Document | None, workspace: Document | None, lock: ReadLock | None) -> Fact[str]:
    fitting = [known for known in manager_versions("pnpm") if lock is None or _fits(known, lock)]
    pinned = pinned_version("pnpm", root, lambda known: known in fitting)
    if pinned is not None:
        return pinned
    if lock is None or not fitting:
        best = preferred(manager_versions("pnpm")).version
        return Fact(best, Why(READER, f"nothing names a version of pnpm; {best} is known to work", At("package.json")))
    if lock.documents > 1:
        newest = fitting[-1]
        because = (
            f"nothing names a version, and {LOCKFILE} has two documents, as pnpm 11 and newer write it; "
            f"{newest.version} is known to work, and needs Node.js {newest.node}"
        )
        return Fact(newest.version, Why(READER, because, At(LOCKFILE, 1)))
    scripted = _unasked_script(root, workspace, lock)
    unasking = [known for known in fitting if known.major < FIRST_TO_ASK_BEFORE_SCRIPTS] if scripted else []
    best = preferred(unasking or fitting).version
    because = f"nothing names a version, and pnpm {best} reads and writes lockfile version {lock.lockfile.version}"
    if unasking:
        because += f"; from {FIRST_TO_ASK_BEFORE_SCRIPTS} on the install script of {scripted} would have to be allowed"
    return Fact(best, Why(READER, because, At(LOCKFILE, 1)))


def _unasked_script(root: Document | None, workspace: Document | None, lock: ReadLock) -> str | None:
    """Return a package that is nothing without its install script, where no setting allows any."""
    settings = {*(root.mapping("pnpm") if root else ()), *(workspace.mapping() if workspace else ())}
    if settings & ALLOW_SCRIPTS:
        return None
    scripted = load("native")["script"]
    named = ((each.name, each.version.partition(".")[0]) for each in lock.lockfile.packages.values())
    return next((name for name, major in named if name in scripted or f"{name}@{major}" in scripted), None)


def _fits(known: ManagerVersion, lock: ReadLock) -> bool:
    if lock.documents > 1:
        return known.major >= FIRST_WITH_TWO_DOCUMENTS
    if lock.sha256 is not None and lock.sha256 != (known.major >= FIRST_WITH_SHA256):
        return False
    return known.lockfile.partition(".")[0] == lock.lockfile.version.partition(".")[0]


Configured = tuple[tuple[Document, tuple[Key, ...]], ...]
"""The documents that configure this major, each with the route below which its settings stand."""


def _configured(root: Document | None, workspace: Document | None, major: int) -> Configured:
    found: list[tuple[Document, tuple[Key, ...]]] = []
    if root is not None and major <= LAST_TO_READ_PACKAGE_JSON:
        found.append((root, ("pnpm",)))
    if workspace is not None and major >= FIRST_TO_READ_WORKSPACE_FILE:
        found.append((workspace, ()))
    return tuple(found)


def _settings(
    tree: Tree, root: Document | None, workspace: Document | None, major: int
) -> Iterator[tuple[str, Located[str]]]:
    for key, located in read_npmrc(tree).items():
        if major <= LAST_TO_READ_PACKAGE_JSON or key in FROM_NPMRC_EVER or key.startswith("@"):
            yield key, located
    for document, route in _configured(root, workspace, major):
        for key, value in document.mapping(*route).items():
            text = as_text(value)
            if text is not None and key not in NOT_SETTINGS:
                yield key, Located(text, document.at(*route, key))


def _setting(settings: Mapping[str, Located[str]], key: str, default: str) -> str:
    return settings[key].value if key in settings else default


def _allowed_builds(documents: Configured) -> tuple[str, ...]:
    found: list[str] = []
    for document, route in documents:
        found += document.texts(*route, "onlyBuiltDependencies")
        found += [name for name, value in document.mapping(*route, "allowBuilds").items() if value is True]
    return tuple(dict.fromkeys(found))


def _files(tree: Tree, documents: Configured, settings: Mapping[str, Located[str]]) -> tuple[str, ...]:
    patches: list[str] = []
    for document, route in documents:
        for value in document.mapping(*route, "patchedDependencies").values():
            path = value.get("path") if isinstance(value, dict) else value
            inside = joined(".", path) if isinstance(path, str) else None
            patches += [inside] if inside else []
    hooks = joined(".", _setting(settings, "pnpmfile", ".pnpmfile.cjs")) or ".pnpmfile.cjs"
    return existing(tree, "package.json", LOCKFILE, WORKSPACE, ".npmrc", hooks, ".pnpmfile.mjs", *sorted(patches))


def _catalogs(workspace: Document | None) -> dict[str, dict[str, str]]:
    if workspace is None:
        return {}
    found = {"default": _texts(workspace.mapping("catalog"))}
    for name, catalog in workspace.mapping("catalogs").items():
        if isinstance(catalog, dict):
            found[name] = {**found.get(name, {}), **_texts(catalog)}
    return found


def _texts(mapping: Mapping[str, object]) -> dict[str, str]:
    return {key: value for key, value in mapping.items() if isinstance(value, str)}
