"""What every package manager's reader finds, in the same form."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bayplan.model.lockfile import Lockfile
from bayplan.source import At, Fact, Located
from bayplan.tree import Tree


@dataclass(frozen=True, slots=True)
class ReadLock:
    """A lockfile, and what it says about each dependency of each workspace package."""

    lockfile: Lockfile
    versions: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(folder, dependency's name) -> the version that is installed."""
    links: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(folder, dependency's name) -> the folder of the workspace package that satisfies it."""
    documents: int = 1
    sha256: bool | None = None
    """Whether the checksums of patches and hooks are SHA-256; None where it has none."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """`name@range` -> key, of a lockfile that leaves it to the manifests what each package needs."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A package manager as this repository uses it."""

    name: str
    version: Fact[str] | None
    """None where the manager comes with Node.js."""
    patterns: tuple[str, ...] = ()
    """The patterns of the workspace packages' folders."""
    patterns_at: At | None = None
    lock: ReadLock | None = None
    files: tuple[str, ...] = ()
    settings: Mapping[str, Located[str]] = field(default_factory=dict)
    linker: str = "hoisted"
    allowed_builds: tuple[str, ...] = ()
    injects: bool = False
    patches: tuple[str, ...] = ()
    """The files with which patch-package changes what was installed."""
    catalogs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    links_ranges: bool = True
    """Whether a plain version range is satisfied by a workspace package of that version."""


def existing(tree: Tree, *paths: str) -> tuple[str, ...]:
    """Return those of these files that the repository has, once each."""
    return tuple(dict.fromkeys(path for path in paths if tree.exists(path)))


def as_text(value: object) -> str | None:
    """Return a scalar, or a list of them, of a settings file as text; None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ",".join(str(item) for item in value)
    return None
