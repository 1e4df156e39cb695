"""The tool on one page: read, plan, write, check, build, run, verify."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from bayplan.errors import BayplanError, ConfigError
from bayplan.model.config import Config
from bayplan.model.deployment import Broken, Deployment
from bayplan.model.finding import Finding
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.model.workspace import Workspace
from bayplan.ownership.action import InPlace, Plan
from bayplan.ownership.decide import Choice, decide
from bayplan.tree import Tree


@dataclass(frozen=True)
class Planned:
    """A repository, what must run, and the files that say so."""

    tree: Tree
    workspace: Workspace
    config: Config
    stack: Stack
    """The stack of the environment that was asked for."""
    stacks: tuple[Stack, ...]
    """The stacks of all environments: each takes part in what is written."""
    files: Mapping[str, Rendered]
    """The files that are bayplan's own."""
    edits: tuple[InPlace, ...]
    """Files of the user's of which bayplan asks for a part, as they should be."""
    parts: Mapping[str, Rendered] = field(default_factory=dict)
    """The same files with the reasons of those parts."""

    @property
    def overlay(self) -> dict[str, str]:
        return {
            **{path: file.text for path, file in self.files.items()},
            **{edit.path: edit.text for edit in self.edits},
        }


def read(root: Path) -> tuple[Tree, Workspace]:
    """Read what the repository contains."""
    from bayplan.readers.workspace import read_workspace

    tree = Tree(root)
    return tree, read_workspace(tree)


def plan(root: Path, environment: str | None = None) -> Planned:
    """Decide what must run in each environment, and render every file for it. Nothing is written."""
    from bayplan import passes, writers
    from bayplan.passes.environments import chosen, environments
    from bayplan.passes.images import refuse_shared
    from bayplan.readers.config import read_config
    from bayplan.readers.deployment import read_composes

    tree, workspace = read(root)
    config = read_config(tree)
    asked, every = chosen(config, environment), environments(config)
    ours = {each.compose for each in every}
    others = [each for each in read_composes(tree) if each.path not in ours]
    in_use = [service.image for each in others for service in each.services if service.image is not None]
    today = datetime.now(UTC).date()

    def decided(workspace: Workspace) -> dict[str, Stack]:
        stacks = {
            each.name: passes.plan(
                workspace, config, environment=each.name, in_use=in_use, has_folder=tree.is_folder, today=today
            )
            for each in every
        }
        refuse_shared(tuple(stacks.values()), config)
        return stacks

    stacks = decided(workspace)
    files = writers.write_all(tuple(stacks.values()))
    after = _holding(workspace, files)
    if after.folders != workspace.folders:
        stacks = decided(after)
        files = writers.write_all(tuple(stacks.values()))
    stack = stacks[asked.name]
    parts = _parts(tree, workspace, stack)
    edits = tuple(
        InPlace(path, hashlib.sha256(tree.bytes(path)).hexdigest(), file.text) for path, file in parts.items()
    )
    return Planned(tree, workspace, asked.config, stack, tuple(stacks.values()), files, edits, parts)


def _holding(workspace: Workspace, files: Iterable[str]) -> Workspace:
    """Return the workspace with the folders that these files make, so that a second write says what the first did."""
    own = (path for path in files if not any(path.startswith(f"{each.root}/") for each in workspace.others))
    made = {path.partition("/")[0] for path in own if "/" in path}
    return replace(workspace, folders=tuple(sorted(made.union(workspace.folders))))


def _parts(tree: Tree, workspace: Workspace, stack: Stack) -> dict[str, Rendered]:
    from bayplan.writers import next_config

    found = {}
    for service in stack.services:
        owner, package = workspace.package_at(service.package) or (workspace, None)
        if package is not None and package.code.next is not None:
            path = owner.from_root(package.code.next.path)
            file = next_config.render(tree.text(path), package)
            if file is not None:
                found[path] = file
    return found


def check(root: Path) -> tuple[Tree, Deployment, tuple[Finding, ...]]:
    """Judge the files on disk, whoever wrote them."""
    tree, workspace = read(root)
    return _check(tree, workspace)


def config_mistakes(tree: Tree) -> ConfigError | None:
    """Return what is wrong with `bayplan.yaml` itself."""
    from bayplan.readers.config import read_config

    try:
        read_config(tree)
    except ConfigError as error:
        return error
    return None


def _check(tree: Tree, workspace: Workspace) -> tuple[Tree, Deployment, tuple[Finding, ...]]:
    from bayplan import rules
    from bayplan.readers.deployment import read_deployment

    deployment = read_deployment(tree)
    return tree, deployment, rules.check(workspace, deployment, tree)


def refuse_unbuildable(planned: Planned) -> None:
    """Raise an error where no image can be built, whatever the files say."""
    folders = {service.package for service in planned.stack.services}
    found = [planned.workspace.package_at(folder) for folder in sorted(folders)]
    for owner in (each[0] for each in found if each is not None):
        manager = owner.manager
        if manager.lockfile is None or not manager.lockfile.version:
            path = owner.from_root("pnpm-lock.yaml" if manager.name == "pnpm" else "package-lock.json")
            raise BayplanError(
                f"{path} is missing or empty, and no image can be built without it",
                remedy=f"run `{manager.name} install` and commit {path}, then run this again",
            )


def check_writes(planned: Planned, plan: Plan) -> tuple[Tree, tuple[Finding, ...], tuple[Broken, ...]]:
    """Return what would be seriously wrong with the files that a write touches: nothing is written unchecked."""
    texts = {action.path: action.new.decode() for action in plan.writing if action.new is not None}
    tree, deployment, findings = check_with(planned, texts)
    serious = [each for each in findings if each.effect.fails]
    touched = tuple(each for each in serious if any(place.at.file in texts for place in each.places))
    return tree, touched, tuple(each for each in deployment.broken if each.at.file in texts)


def check_with(planned: Planned, texts: Mapping[str, str]) -> tuple[Tree, Deployment, tuple[Finding, ...]]:
    """Judge the repository as it would be with these texts of files."""
    from bayplan.readers.workspace import read_workspace

    tree = planned.tree.with_overlay(texts)
    workspace = read_workspace(tree) if planned.edits else planned.workspace
    return _check(tree, workspace)


def decide_files(planned: Planned, choice: Choice | None = None) -> Plan:
    """Compare what should be on disk with what is."""
    texts = {path: file.text for path, file in planned.files.items()}
    return decide(planned.tree.root, texts, planned.edits, choice)
