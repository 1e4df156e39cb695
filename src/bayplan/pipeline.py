"""The tool on one page: read, plan, write, check, build, run, verify."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

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
    files: Mapping[str, Rendered]
    """The files that are bayplan's own."""
    edits: tuple[InPlace, ...]
    """Changes to files that are the user's."""

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


def plan(root: Path) -> Planned:
    """Decide what must run, and render every file for it. Nothing is written."""
    from bayplan import passes, writers
    from bayplan.readers.config import read_config
    from bayplan.readers.deployment import read_composes
    from bayplan.writers import compose

    tree, workspace = read(root)
    config = read_config(tree)
    others = [each for each in read_composes(tree) if each.path != compose.PATH]
    in_use = [service.image for each in others for service in each.services if service.image is not None]
    stack = passes.plan(workspace, config, in_use=in_use, has_folder=tree.is_folder, today=datetime.now(UTC).date())
    edits = _edits(tree, workspace, stack)
    return Planned(tree, workspace, config, stack, writers.write(stack), edits)


def _edits(tree: Tree, workspace: Workspace, stack: Stack) -> tuple[InPlace, ...]:
    from bayplan.writers import next_config

    found = []
    for service in stack.services:
        package = workspace.by_folder(service.package)
        if package is not None and package.code.next is not None:
            path = package.code.next.path
            text = next_config.edited(tree.text(path), package)
            if text is not None:
                found.append(InPlace(path, hashlib.sha256(tree.bytes(path)).hexdigest(), text))
    return tuple(found)


def check(root: Path) -> tuple[Tree, Deployment, tuple[Finding, ...]]:
    """Judge the files on disk, whoever wrote them."""
    tree, workspace = read(root)
    return _check(tree, workspace)


def _check(tree: Tree, workspace: Workspace) -> tuple[Tree, Deployment, tuple[Finding, ...]]:
    from bayplan import rules
    from bayplan.readers.deployment import read_deployment

    deployment = read_deployment(tree)
    return tree, deployment, rules.check(workspace, deployment, tree)


def check_planned(planned: Planned) -> tuple[Finding, ...]:
    """Judge the repository as it would be with every file as it was rendered."""
    return _check_with(planned, planned.overlay)[2]


def check_writes(planned: Planned, plan: Plan) -> tuple[Tree, tuple[Finding, ...], tuple[Broken, ...]]:
    """Return what would be seriously wrong with the files that a write touches: nothing is written unchecked."""
    texts = {action.path: action.new.decode() for action in plan.writing if action.new is not None}
    tree, deployment, findings = _check_with(planned, texts)
    serious = [each for each in findings if each.effect.fails]
    touched = tuple(each for each in serious if any(place.at.file in texts for place in each.places))
    return tree, touched, tuple(each for each in deployment.broken if each.at.file in texts)


def _check_with(planned: Planned, texts: Mapping[str, str]) -> tuple[Tree, Deployment, tuple[Finding, ...]]:
    from bayplan.readers.workspace import read_workspace

    tree = planned.tree.with_overlay(texts)
    workspace = read_workspace(tree) if planned.edits else planned.workspace
    return _check(tree, workspace)


def decide_files(planned: Planned, choice: Choice | None = None) -> Plan:
    """Compare what should be on disk with what is."""
    texts = {path: file.text for path, file in planned.files.items()}
    return decide(planned.tree.root, texts, planned.edits, choice)
