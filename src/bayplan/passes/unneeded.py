"""What of the repository no image is made from, so that a change there builds nothing again."""

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from bayplan.formats.dockerignore import literal
from bayplan.model.image import Copy, Image
from bayplan.model.workspace import Workspace
from bayplan.source import At, Fact, Why

NEVER_BUILT_FROM = frozenset(
    {"docs", "doc", "documentation", ".planning", ".vscode", ".idea", ".husky", ".changeset", ".devcontainer", "e2e"}
)


def unneeded(workspace: Workspace, images: Iterable[Image]) -> tuple[Fact[str], ...]:
    """Return the patterns, from the repository's root, that ignore files of the images' contexts should hold."""
    taken: dict[str, set[str]] = {}
    for image in images:
        taken.setdefault(image.context, set()).update(_copied(image))
    return tuple(
        each
        for owner in workspace.every
        if owner.root in taken
        for each in (*_folders(owner, workspace.others, taken[owner.root]), *_markdown(owner))
    )


def _copied(image: Image) -> Iterator[str]:
    for stage in image.stages:
        for step in stage.steps:
            if isinstance(step, Copy) and step.stage is None:
                yield from step.sources


def _folders(owner: Workspace, others: Sequence[Workspace], taken: set[str]) -> Iterator[Fact[str]]:
    beside = {each.root: each for each in others if each is not owner}
    packages = {owner.from_root(each.folder): each.at for each in owner.packages if each.folder != "."}
    tops = {owner.from_root(each): each for each in owner.folders if not _is_ignored(each, owner.ignored)}
    needed = {owner.from_root(source) for source in taken if source != "."}
    found: list[str] = []
    for folder in sorted({*tops, *packages, *beside}):
        is_inside = owner.root == "." or folder.startswith(f"{owner.root}/")
        if not is_inside or any(folder.startswith(f"{each}/") for each in found):
            continue
        is_read = tops.get(folder) not in NEVER_BUILT_FROM if "." in taken else _overlaps(folder, needed)
        if folder in beside:
            why = Why("unneeded", f"{folder} is installed and built by itself", At(f"{folder}/package.json"))
        elif is_read:
            continue
        else:
            why = Why("unneeded", "no image is made from it", packages.get(folder))
        found.append(folder)
        yield Fact(literal(folder), why)


def _is_ignored(folder: str, patterns: Iterable[str]) -> bool:
    """Say whether git leaves a folder out: it is on some machines only, and the file must be the same on all."""
    ignored = False
    for pattern in patterns:
        if fnmatchcase(folder, pattern.lstrip("!").removeprefix("**/").strip("/")):
            ignored = not pattern.startswith("!")
    return ignored


def _overlaps(folder: str, needed: Iterable[str]) -> bool:
    return any(f"{folder}/".startswith(f"{each}/") or each.startswith(f"{folder}/") for each in needed)


def _markdown(owner: Workspace) -> Iterator[Fact[str]]:
    yield Fact(owner.from_root("**/*.md"), Why("unneeded", "only people read it"))
    for folder in owner.markdown:
        pattern = f"!{literal(owner.from_root(folder))}/**/*.md"
        yield Fact(pattern, Why("unneeded", "code may read what stands there"))
