"""The repository as a Workspace: its manager, its packages, and how each is built and started."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bayplan.errors import BrokenFileError
from bayplan.formats.document import Document
from bayplan.model.lockfile import Manager
from bayplan.model.workspace import Package, Task, Workspace
from bayplan.readers.beside import read_beside, with_lockfiles
from bayplan.readers.build import build_scripts, read_builder
from bayplan.readers.bun import read_bun
from bayplan.readers.contents import markdown_folders, top_folders
from bayplan.readers.globs import package_folders
from bayplan.readers.links import linked
from bayplan.readers.manager import strange, which_manager
from bayplan.readers.manifest import Manifest, read_manifest
from bayplan.readers.node_version import read_node_version
from bayplan.readers.npm import bundled_npm, read_npm
from bayplan.readers.npmrc import npmrc_credentials, npmrc_variables
from bayplan.readers.outputs import read_outputs
from bayplan.readers.pnpm import read_pnpm
from bayplan.readers.setup import Setup
from bayplan.readers.start import read_commands, read_start
from bayplan.readers.tsconfig import TsConfigReader, package_configs
from bayplan.readers.turbo import read_tasks
from bayplan.readers.yarn import read_yarn
from bayplan.readers.yarn_lock import with_importers
from bayplan.source import Fact
from bayplan.tree import Tree

MANAGERS: Mapping[str, Callable[[Tree, Document | None], Setup]] = {
    "pnpm": read_pnpm,
    "npm": read_npm,
    "yarn": read_yarn,
    "bun": read_bun,
}


def read_workspace(tree: Tree) -> Workspace:
    """Return everything that bayplan knows of a repository, or raise `BrokenFileError`."""
    if any(tree.stands(path) for path in ("package.json", "pnpm-workspace.yaml")):
        workspace = _read(tree)
        return replace(workspace, others=read_beside(tree, workspace.packages, _read, workspace.node))
    others = read_beside(tree, (), _read, None)
    if not others:
        raise _nothing_there(tree)
    return Workspace(tree.root.name, others[0].manager, (), others[0].node, ignored=_ignored(tree), others=others)


def _read(tree: Tree, node: Fact[str] | None = None) -> Workspace:
    """Return what stands at the root of a tree; `node` is what runs it where it says nothing itself."""
    from bayplan.readers.code import read_program
    from bayplan.readers.javascript.program import Program
    from bayplan.readers.migrations import with_migrations

    workspace = read_manifests(tree, node)
    own = {package.folder for package in workspace.packages}
    beside = [folder for folder in with_lockfiles(tree) if folder not in own]
    tree = tree.without(beside) if beside else tree
    program = Program(tree, workspace.packages)
    code = read_program(program, workspace.packages)
    read = [
        replace(package, code=code[package.folder]) if package.folder in code else package
        for package in workspace.packages
    ]
    packages = with_migrations(program, completed(tree, read, workspace.tasks))
    return replace(workspace, packages=packages, folders=top_folders(tree), markdown=markdown_folders(tree, packages))


def read_manifests(tree: Tree, otherwise: Fact[str] | None = None) -> Workspace:
    """Return the repository as its manifests, its lockfile and its manager's settings describe it."""
    root = read_manifest(tree, "package.json") if tree.stands("package.json") else None
    document = root.document if root else None
    manager = which_manager(tree, document)
    setup = MANAGERS[manager.value](tree, document)
    manifests = _manifests(tree, root, setup)
    stated = [manifest.package for manifest in manifests]
    if setup.lock and setup.lock.keys:
        setup = replace(setup, lock=with_importers(setup.lock, stated))
    packages = linked(stated, setup)
    node = read_node_version(tree, document, setup.settings, packages, otherwise)
    used = replace(
        _manager(setup, manager, node, manifests),
        strange_lockfiles=strange(tree, setup.name),
        variables=npmrc_variables(tree),
        credentials=npmrc_credentials(tree),
    )
    return Workspace(
        name=root.package.name if root else tree.root.name,
        manager=used,
        packages=packages,
        node=node,
        tasks=read_tasks(tree, packages),
        ignored=_ignored(tree),
    )


def completed(tree: Tree, packages: Sequence[Package], tasks: Mapping[str, Task]) -> tuple[Package, ...]:
    """Return the packages with their TypeScript configs, build, start and outputs filled in."""
    configs = TsConfigReader(tree, {package.name: package.folder for package in reversed(packages)})
    return tuple(_completed(tree, package, tasks, configs) for package in packages)


def _completed(tree: Tree, package: Package, tasks: Mapping[str, Task], configs: TsConfigReader) -> Package:
    build = build_scripts(package, tasks)
    builder = read_builder(tree, package, build, configs)
    main = next((entry.value for entry in package.entries if entry.at.key == "main"), None)
    started = read_start(tree, package, builder, main)
    used = builder.config.config if builder.config else None
    others = [
        configs.read(path, build_mode=builder.build_mode).config
        for path in package_configs(tree, package.folder)
        if not used or path != used.path
    ]
    package = replace(
        package,
        tsconfigs=(used, *others) if used else tuple(others),
        commands=read_commands(package),
        build=build,
        start=started.command if started else None,
        start_variables=started.variables if started else {},
    )
    return replace(package, outputs=read_outputs(tree, package, builder, tasks))


def _manifests(tree: Tree, root: Manifest | None, setup: Setup) -> list[Manifest]:
    folders = package_folders(setup.patterns, tree.files) if setup.patterns else ()
    found = [root] if root else []
    found += [read_manifest(tree, f"{folder}/package.json") for folder in folders]
    if not found:
        raise _nothing_there(tree)
    return found


def _nothing_there(tree: Tree) -> BrokenFileError:
    inner = [file for file in tree.files if file.endswith("/package.json")]
    remedy = f"run bayplan in the folder of {inner[0]}" if len(inner) == 1 else "name the folder that holds it"
    return BrokenFileError(f"there is no package.json in {tree.root.name}, and no workspace", remedy=remedy)


def _manager(setup: Setup, chosen: Fact[str], node: Fact[str], manifests: Sequence[Manifest]) -> Manager:
    version = setup.version or bundled_npm(node)
    because = version.why.because if chosen.why.at == version.why.at else f"{chosen.why.because}; {version.why.because}"
    injected = any(
        isinstance(meta, dict) and meta.get("injected") is True
        for manifest in manifests
        for meta in manifest.document.mapping("dependenciesMeta").values()
    )
    return Manager(
        name=setup.name,
        version=Fact(version.value, replace(version.why, because=because)),
        comes_with_node=setup.version is None,
        lockfile=setup.lock.lockfile if setup.lock else None,
        files=setup.files,
        linker=setup.linker,
        allowed_builds=setup.allowed_builds,
        injects=setup.injects or injected,
        patches=setup.patches,
        settings={key: setting.value for key, setting in setup.settings.items()},
    )


def _ignored(tree: Tree) -> tuple[str, ...]:
    if not tree.exists(".gitignore"):
        return ()
    lines = (line.strip() for line in tree.text(".gitignore").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))
