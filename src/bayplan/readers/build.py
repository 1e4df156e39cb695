"""How a package is built: which of its scripts, with which tool, and what comes out."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bayplan.formats import json_nodes
from bayplan.formats.document import Document
from bayplan.model.workspace import Package, Task
from bayplan.readers.emit import emitted_files
from bayplan.readers.folders import joined
from bayplan.readers.scripts import Command, script_call, simple_commands
from bayplan.readers.tsconfig import Applied, TsConfigReader
from bayplan.readers.turbo import task_for
from bayplan.source import At, Fact, Why
from bayplan.tree import Tree

READER = "build"
BUILD = "build"

BUNDLERS = frozenset(
    {"tsup", "tsdown", "esbuild", "rollup", "vite", "unbuild", "ncc", "webpack", "rspack", "rslib", "parcel", "babel"}
)
COMPILERS = ("next", "nest", "swc", "tsc", "tsgo")
RUNNERS = frozenset({"turbo", "nx", "lerna", "wireit", "moon"})
RECURSIVE = frozenset({"-r", "--recursive", "--filter", "-F", "--workspaces", "-ws", "workspaces"})
OUT_OPTIONS = frozenset({"--outDir", "--out-dir", "--outdir", "-d", "--dir", "-o", "--out"})
DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Builder:
    """The tool that makes a package's output. Paths are relative to the repository's root."""

    tool: str = ""
    config: Applied | None = None
    out_dir: str | None = None
    emitted: Mapping[str, str] = field(default_factory=dict)
    """Output -> source, for tools whose output can be told file by file."""
    entry: str | None = None
    """The file that starts the built app, where the tool's own configuration names it."""
    at: At | None = None


def build_scripts(package: Package, tasks: Mapping[str, Task]) -> Fact[tuple[str, ...]] | None:
    """Return the scripts that build a package, in order; None when nothing does."""
    script = package.scripts.get(BUILD)
    if script is None or _runs_others(script.value):
        return None
    order = tuple(_in_order(package, tasks, BUILD, []))
    because = 'its script "build" builds it'
    if len(order) > 1:
        because += f", and turbo.json lets it wait for {' and '.join(order[:-1])}"
    task = task_for(tasks, package, BUILD)
    return Fact(order, Why(READER, because, task.at if task and len(order) > 1 else script.at))


def _in_order(package: Package, tasks: Mapping[str, Task], name: str, above: list[str]) -> Iterator[str]:
    task = task_for(tasks, package, name)
    done: set[str] = set()
    for wait in task.depends_on if task else ():
        own = wait.removeprefix(f"{package.name}#")
        if own.startswith("^") or "#" in own or own in above or own == name:
            continue
        for each in _in_order(package, tasks, own, [*above, name]):
            if each not in done:
                done.add(each)
                yield each
    if name in package.scripts:
        yield name


def _runs_others(script: str) -> bool:
    """Say whether a script hands on to the packages' own."""
    return any(
        command.argv[0] in RUNNERS or (command.argv[0] in ("pnpm", "npm", "yarn") and RECURSIVE & set(command.argv))
        for command in simple_commands(script)
    )


def read_builder(tree: Tree, package: Package, build: Fact[tuple[str, ...]] | None, configs: TsConfigReader) -> Builder:
    """Return the tool that builds a package."""
    commands = [command for name in (build.value if build else ()) for command in _commands(package, name, 0)]
    tools = {posixpath.basename(command.argv[0]): command for command in commands}
    tool = next((each for each in (*sorted(BUNDLERS & set(tools)), *COMPILERS) if each in tools), "")
    if not tool:
        return Builder()
    argv, at = tools[tool].argv, build.why.at if build else None
    stated = _option(argv, *OUT_OPTIONS)
    if tool == "next":
        return Builder(tool, out_dir=joined(package.folder, ".next"), at=at)
    if tool == "nest":
        return _nest(tree, package, argv, configs)
    if tool in ("tsc", "tsgo"):
        return _tsc(tree, package, argv, configs)
    return Builder(tool, out_dir=joined(package.folder, stated or "dist"), at=at)


def _commands(package: Package, script: str, depth: int) -> Iterator[Command]:
    """Yield the commands of a script and of those of the same package that it calls."""
    if script not in package.scripts or depth > DEEPEST:
        return
    for command in simple_commands(package.scripts[script].value):
        call = script_call(command.argv, package.scripts)
        if call is None:
            yield command
        elif not call.selector and call.script != script:
            yield from _commands(package, call.script, depth + 1)


def _option(argv: tuple[str, ...], *names: str) -> str | None:
    for index, word in enumerate(argv):
        name, equals, value = word.partition("=")
        if name in names:
            following = argv[index + 1] if index + 1 < len(argv) else ""
            return value if equals else following if following and not following.startswith("-") else None
    return None


def _config_path(tree: Tree, package: Package, stated: str | None, *defaults: str) -> str | None:
    for name in (stated, *defaults):
        path = joined(package.folder, name) if name else None
        for candidate in (path, f"{path}/tsconfig.json") if path else ():
            if candidate and tree.exists(candidate):
                return candidate
    return None


def _tsc(tree: Tree, package: Package, argv: tuple[str, ...], configs: TsConfigReader) -> Builder:
    build_mode = bool({"-b", "--build"} & set(argv))
    path = _config_path(tree, package, _option(argv, "-p", "--project", "-b", "--build"), "tsconfig.json")
    if path is None:
        return Builder("tsc")
    applied = configs.read(path, build_mode=build_mode)
    stated = _option(argv, "--outDir")
    out_dir = joined(package.folder, stated) if stated else applied.config.out_dir
    emitted = emitted_files(tree, applied) if not stated else {}
    return Builder("tsc", applied, out_dir, emitted, at=applied.config.at)


def _nest(tree: Tree, package: Package, argv: tuple[str, ...], configs: TsConfigReader) -> Builder:
    cli = _nest_cli(tree, package)
    project = next((word for word in argv[2:] if not word.startswith("-")), None)
    route = ("projects", project) if project and cli and cli.mapping("projects", project) else ()

    def said(*keys: str) -> object:
        if cli is None:
            return None
        return cli.get(*route, *keys, default=cli.get(*keys))

    config_name = said("compilerOptions", "tsConfigPath")
    stated = _option(argv, "-p", "--path") or (config_name if isinstance(config_name, str) else None)
    path = _config_path(tree, package, stated, "tsconfig.build.json", "tsconfig.json")
    applied = configs.read(path) if path else None
    out_dir = (applied.config.out_dir if applied else None) or joined(package.folder, "dist")
    builder = said("compilerOptions", "builder")
    kind = builder.get("type") if isinstance(builder, dict) else builder
    if _option(argv, "--builder", "-b"):
        kind = _option(argv, "--builder", "-b")
    bundles = "--webpack" in argv or kind in ("webpack", "rspack") or said("compilerOptions", "webpack") is True
    bundles = bundles or (kind is None and bool(cli) and cli is not None and cli.get("monorepo") is True)
    entry_file = said("entryFile")
    name = entry_file if isinstance(entry_file, str) else "main"
    root = said("root")
    inner = f"{root}/{name}.js" if bundles and route and isinstance(root, str) else f"{name}.js"
    at = applied.config.at if applied else package.at
    if bundles or kind == "swc":
        return Builder("nest", applied, out_dir, {}, joined(out_dir or ".", inner), at)
    emitted = emitted_files(tree, applied) if applied else {}
    source = said("sourceRoot")
    source_entry = joined(package.folder, f"{source if isinstance(source, str) else 'src'}/{name}.ts")
    entry = next((target for target, origin in emitted.items() if origin == source_entry), None)
    return Builder("nest", applied, out_dir, emitted, entry, at)


def _nest_cli(tree: Tree, package: Package) -> Document | None:
    for name in ("nest-cli.json", ".nest-cli.json"):
        path = package.path(name)
        if tree.exists(path):
            return json_nodes.load(tree.text(path), path, comments=True)
    return None
