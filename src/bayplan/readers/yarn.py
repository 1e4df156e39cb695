"""Yarn's configuration, classic and berry, as far as an install in an image depends on it."""

import re

from bayplan.catalog.toolchain import manager_versions
from bayplan.formats import yaml_nodes
from bayplan.formats.document import Document
from bayplan.readers.manager import pinned_version, workspace_patterns
from bayplan.readers.npmrc import read_npmrc
from bayplan.readers.setup import ReadLock, Setup, as_text, existing
from bayplan.readers.yarn_lock import read_yarn_lock
from bayplan.source import At, Fact, Located, Why
from bayplan.tree import Tree

READER = "yarn"
LOCKFILE = "yarn.lock"
CONFIG = ".yarnrc.yml"
RELEASE = re.compile(r"yarn-(\d+\.\d+\.\d+[^/]*?)\.c?js$")
SECRET = re.compile(r"auth|token", re.IGNORECASE)


def read_yarn(tree: Tree, root: Document | None) -> Setup:
    """Return how this repository uses Yarn."""
    config = yaml_nodes.load(tree.text(CONFIG), CONFIG) if tree.exists(CONFIG) else None
    lock = _lock(tree)
    version = _version(root, config, lock)
    is_classic = version.value.startswith("1.")
    settings = dict(read_npmrc(tree))
    for key, value in (config.mapping() if config else {}).items():
        text = as_text(value)
        if config and text is not None and not SECRET.search(key):
            settings[key] = Located(text, config.at(key))
    linker = settings["nodeLinker"].value if "nodeLinker" in settings else "hoisted" if is_classic else "pnp"
    return Setup(
        name="yarn",
        version=version,
        patterns=workspace_patterns(root),
        patterns_at=root.at("workspaces") if root else None,
        lock=lock,
        files=_files(tree),
        settings=settings,
        linker="hoisted" if linker == "node-modules" else linker,
    )


def _lock(tree: Tree) -> ReadLock | None:
    if not tree.exists(LOCKFILE):
        return None
    lockfile, keys = read_yarn_lock(tree.text(LOCKFILE), LOCKFILE)
    return ReadLock(lockfile, keys=keys)


def _version(root: Document | None, config: Document | None, lock: ReadLock | None) -> Fact[str]:
    release = config.text("yarnPath") if config else None
    match = RELEASE.search(release) if release else None
    if config and match:
        return Fact(match[1], Why(READER, "yarnPath names that release", config.at("yarnPath")))
    pinned = pinned_version("yarn", root, lambda known: lock is not None and known.lockfile == lock.lockfile.version)
    if pinned is not None:
        return pinned
    known = manager_versions("yarn")
    if lock is None:
        chosen = known[-1] if config else known[0]
        seen = f"{CONFIG} is" if config else f"no {CONFIG} is"
        return Fact(chosen.version, Why(READER, f"{seen} there, and nothing names a version", At("package.json")))
    number = int(lock.lockfile.version) if lock.lockfile.version.isdigit() else 0
    chosen = next((each for each in known if int(each.lockfile) >= number), known[-1])
    because = f"nothing names a version, and {LOCKFILE} has version {number}, as Yarn {chosen.major} writes it"
    return Fact(chosen.version, Why(READER, because, At(LOCKFILE, 1)))


def _files(tree: Tree) -> tuple[str, ...]:
    own = [path for folder in (".yarn/releases", ".yarn/plugins", ".yarn/patches") for path in tree.below(folder)]
    return existing(tree, "package.json", LOCKFILE, CONFIG, ".yarnrc", ".npmrc", *own)
