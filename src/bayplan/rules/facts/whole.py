"""A workspace and what stands beside it as one, with every path from the repository's root."""

from dataclasses import replace

from bayplan.model.workspace import Package, TsConfig, Workspace
from bayplan.rules.facts.once import once


@once
def whole(workspace: Workspace) -> Workspace:
    """Return the packages of a repository together; `holding` still tells which manager a folder is installed with."""
    if not workspace.others:
        return workspace
    beside = [_from_root(package, each) for each in workspace.others for package in each.packages]
    return replace(workspace, packages=(*workspace.packages, *beside))


def _from_root(package: Package, owner: Workspace) -> Package:
    config = package.code.next
    return replace(
        package,
        folder=owner.from_root(package.folder),
        dependencies=tuple(
            replace(each, folder=owner.from_root(each.folder)) if each.folder else each for each in package.dependencies
        ),
        tsconfigs=tuple(_placed(each, owner) for each in package.tsconfigs),
        code=replace(package.code, next=config and replace(config, path=owner.from_root(config.path))),
    )


def _placed(config: TsConfig, owner: Workspace) -> TsConfig:
    return replace(
        config,
        path=owner.from_root(config.path),
        chain=tuple(map(owner.from_root, config.chain)),
        out_dir=config.out_dir and owner.from_root(config.out_dir),
        root_dir=config.root_dir and owner.from_root(config.root_dir),
        build_info=config.build_info and owner.from_root(config.build_info),
        references=tuple(map(owner.from_root, config.references)),
    )
