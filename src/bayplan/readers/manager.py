"""Which package manager a repository uses, and which version of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bayplan.catalog.toolchain import ManagerVersion, manager_versions
from bayplan.formats import npm_range
from bayplan.formats.document import Document, Key
from bayplan.source import At, Fact, Located, Why
from bayplan.tree import Tree

READER = "manager"

LOCKFILES = {
    "pnpm-lock.yaml": "pnpm",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "yarn.lock": "yarn",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
"""In the order in which they win: who has two of them has usually moved to the earlier one."""


def which_manager(tree: Tree, root: Document | None) -> Fact[str]:
    """Return the manager's name."""
    if root is not None:
        for wanted in pins(root):
            name = wanted.value.partition("@")[0]
            if name in LOCKFILES.values():
                return Fact(name, Why(READER, f"{wanted.at.key} names {name}", wanted.at))
    if tree.stands("pnpm-workspace.yaml"):
        return Fact("pnpm", Why(READER, "pnpm-workspace.yaml defines the workspace", At("pnpm-workspace.yaml")))
    present = [path for path in LOCKFILES if tree.exists(path)]
    if present:
        first = present[0]
        others = [path for path in present[1:] if LOCKFILES[path] != LOCKFILES[first]]
        because = f"{first} is there"
        if others:
            because += f"; {', '.join(others)} too, but who has both has usually moved to {LOCKFILES[first]}"
        return Fact(LOCKFILES[first], Why(READER, because, At(first)))
    if root is not None:
        for name in ("pnpm", "yarn", "bun"):
            if root.text("engines", name):
                at = root.at("engines", name)
                return Fact(name, Why(READER, f"engines.{name} names it, and there is no lockfile", at))
    return Fact("npm", Why(READER, "npm comes with Node.js, and nothing names another", At("package.json")))


def strange(tree: Tree, name: str) -> tuple[str, ...]:
    """Return the lockfiles of managers other than this one."""
    return tuple(path for path, owner in LOCKFILES.items() if owner != name and tree.exists(path))


def pins(root: Document) -> Iterator[Located[str]]:
    """Yield what names a manager, as `name@version`: `packageManager`, then `devEngines.packageManager`."""
    field = root.located("packageManager")
    if field is not None:
        yield field
    routes: list[tuple[Key, ...]] = [("devEngines", "packageManager")]
    routes += [(*routes[0], index) for index in range(len(root.items(*routes[0])))]
    for route in routes:
        name = root.text(*route, "name")
        if name:
            version = root.text(*route, "version") or ""
            yield Located(f"{name}@{version}", root.at(*route))


def pinned_version(name: str, root: Document | None, fits: Callable[[ManagerVersion], bool]) -> Fact[str] | None:
    """Return the exact version that the root manifest asks for.

    Where it allows several, choose a known one, if possible one that `fits` the lockfile.
    """
    if root is None:
        return None
    wishes = [
        Located(wish.value.partition("@")[2], wish.at) for wish in pins(root) if wish.value.partition("@")[0] == name
    ]
    for route in (("volta", name), ("engines", name)):
        wish = root.located(*route)
        if wish is not None:
            wishes.append(wish)
    for wish in wishes:
        version = npm_range.exact(wish.value.removeprefix("="))
        if version is not None:
            return Fact(version, Why(READER, f"{wish.at.key} pins {name} {version}", wish.at))
    for wish in wishes:
        allowed = [known for known in manager_versions(name) if _allows(wish.value, known)]
        chosen = [known for known in allowed if fits(known)] or allowed
        if chosen:
            best = preferred(chosen).version
            because = f'{wish.at.key} allows {name} "{wish.value}", and {best} is a version of it that is known to work'
            return Fact(best, Why(READER, because, wish.at))
        first = npm_range.lowest(wish.value)
        if first is not None:
            return Fact(first, Why(READER, f'{first} is the first that {wish.at.key} "{wish.value}" allows', wish.at))
    return None


def _allows(wanted: str, known: ManagerVersion) -> bool:
    return bool(wanted.strip()) and npm_range.satisfies(known.version, wanted)


def preferred(versions: Sequence[ManagerVersion]) -> ManagerVersion:
    """Return the newest that runs on every maintained Node.js, or the newest if none does."""
    return max(versions, key=lambda known: (npm_range.allows_major(20, known.node or "*"), known.major))


def workspace_patterns(root: Document | None) -> tuple[str, ...]:
    """Return package.json's `workspaces`, a list or an object with `packages`."""
    if root is None:
        return ()
    field = root.get("workspaces")
    return root.texts("workspaces", "packages") if isinstance(field, Mapping) else root.texts("workspaces")
