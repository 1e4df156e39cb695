"""How a package is built: which of its scripts, with which tool, and what comes out."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bayplan.formats import json_nodes
from bayplan.model.workspace import Package, Task
from bayplan.readers.emit import emitted_files
from bayplan.readers.folders import joined
from bayplan.readers.scripts import Command, called_together, script_call, simple_commands
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
BUILD_MODE = frozenset({"-b", "--build"})
DEEPEST = 6


@dataclass(frozen=True)
class Builder:
    """The tool that makes a package's output. Paths are relative to the repository's root."""

    tree: Tree
    tool: str = ""
    config: Applied | None = None
    out_dir: str | None = None
    at: At | None = None
    bundle: str | None = None
    """The one file it writes, where its own configuration names that."""
    source_entry: str | None = None
    """The source that starts the app, where its own configuration names that."""
    per_file: bool = False
    """Whether each source becomes a file of its own, by the rules of the TypeScript compiler."""
    build_mode: bool = False
    """Whether `tsc --build` takes part, which leaves a .tsbuildinfo for every config."""

    @cached_property
    def emitted(self) -> Mapping[str, str]:
        """Output -> source, for tools whose output can be told file by file."""
        return emitted_files(self.tree, self.config) if self.per_file and self.config else {}

    @property
    def entry(self) -> str | None:
        """The file that starts the built app, where the tool's own configuration names it."""
        return self.bundle or next((out for out, source in self.emitted.items() if source == self.source_entry), None)


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
    for command in simple_commands(script):
        call = script_call(command.argv, {})
        recurses = command.argv[0] in ("pnpm", "npm", "yarn") and RECURSIVE & set(command.argv)
        if command.argv[0] in RUNNERS or recurses or (call and call.selector):
            return True
    return False


def read_builder(tree: Tree, package: Package, build: Fact[tuple[str, ...]] | None, configs: TsConfigReader) -> Builder:
    """Return the tool that builds a package."""
    commands = [command for name in (build.value if build else ()) for command in _commands(package, name, 0)]
    build_mode = any(command.argv[0] == "tsc" and BUILD_MODE & set(command.argv) for command in commands)
    return replace(_builder(tree, package, build, configs, commands), build_mode=build_mode)


def _builder(
    tree: Tree,
    package: Package,
    build: Fact[tuple[str, ...]] | None,
    configs: TsConfigReader,
    commands: Sequence[Command],
) -> Builder:
    tools = {posixpath.basename(command.argv[0]): command for command in commands}
    tool = next((each for each in (*sorted(BUNDLERS & set(tools)), *COMPILERS) if each in tools), "")
    if not tool:
        return Builder(tree)
    argv, at = tools[tool].argv, build.why.at if build else None
    stated = _option(argv, *OUT_OPTIONS)
    if tool == "next":
        return Builder(tree, tool, out_dir=joined(package.folder, ".next"), at=at)
    if tool == "nest":
        return _nest(tree, package, argv, configs)
    if tool in ("tsc", "tsgo"):
        return _tsc(tree, package, argv, configs)
    told = package.code.out_dir
    if stated is None and told is not None:
        return Builder(tree, tool, out_dir=joined(package.folder, told.value), at=told.at)
    return Builder(tree, tool, out_dir=joined(package.folder, stated or "dist"), at=at)


def _commands(package: Package, script: str, depth: int) -> Iterator[Command]:
    """Yield the commands of a script and of those of the same package that it calls."""
    if script not in package.scripts or depth > DEEPEST:
        return
    for command in simple_commands(package.scripts[script].value):
        call = script_call(command.argv, package.scripts)
        together = called_together(command.argv, package.scripts)
        for name in together:
            yield from _commands(package, name, depth + 1)
        if call is None and not together:
            yield command
        elif call is not None and not call.selector and call.script != script:
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
            if candidate and tree.lists(candidate):
                return candidate
    return None


def _tsc(tree: Tree, package: Package, argv: tuple[str, ...], configs: TsConfigReader) -> Builder:
    build_mode = bool(BUILD_MODE & set(argv))
    path = _config_path(tree, package, _option(argv, "-p", "--project", "-b", "--build"), "tsconfig.json")
    if path is None:
        return Builder(tree, "tsc")
    applied = configs.read(path, build_mode=build_mode)
    stated = _option(argv, "--outDir")
    out_dir = joined(package.folder, stated) if stated else applied.config.out_dir
    return Builder(tree, "tsc", applied, out_dir, applied.config.at, per_file=not stated)


def _nest(tree: Tree, package: Package, argv: tuple[str, ...], configs: TsConfigReader) -> Builder:
    cli = _NestCli(tree, package, next((word for word in argv[2:] if not word.startswith("-")), None))
    stated = _option(argv, "-p", "--path") or cli.text("compilerOptions", "tsConfigPath")
    path = _config_path(tree, package, stated, "tsconfig.build.json", "tsconfig.json")
    applied = configs.read(path) if path else None
    out_dir = (applied.config.out_dir if applied else None) or package.path("dist")
    kind = _option(argv, "--builder", "-b") or cli.text("compilerOptions", "builder", "type")
    kind = kind or cli.text("compilerOptions", "builder")
    name = cli.text("entryFile") or "main"
    bundles = "--webpack" in argv or kind in ("webpack", "rspack") or cli.says("compilerOptions", "webpack")
    at = applied.config.at if applied else package.at
    if bundles or (kind is None and cli.says("monorepo")):
        # webpack's own default, whatever the tsconfig says; in a monorepo below the project's folder
        inner = f"{cli.text('root') or '.'}/{name}.js" if cli.project else f"{name}.js"
        dist = package.path("dist")
        return Builder(tree, "nest", applied, dist, at, bundle=joined(dist, inner))
    if kind == "swc":
        return Builder(tree, "nest", applied, out_dir, at, bundle=joined(out_dir, f"{name}.js"))
    source = joined(package.folder, f"{cli.text('sourceRoot') or 'src'}/{name}.ts")
    return Builder(tree, "nest", applied, out_dir, at, source_entry=source, per_file=True)


class _NestCli:
    """nest-cli.json as one of its projects sees it."""

    def __init__(self, tree: Tree, package: Package, project: str | None) -> None:
        names = (package.path("nest-cli.json"), package.path(".nest-cli.json"))
        path = next((name for name in names if tree.lists(name)), None)
        self.document = json_nodes.load(tree.text(path), path, comments=True) if path else None
        known = self.document.mapping("projects") if self.document else {}
        self.project = project if project in known else None

    def get(self, *route: str) -> object:
        if self.document is None:
            return None
        own = self.document.get("projects", self.project, *route) if self.project else None
        return self.document.get(*route) if own is None else own

    def text(self, *route: str) -> str | None:
        value = self.get(*route)
        return value if isinstance(value, str) else None

    def says(self, *route: str) -> bool:
        return self.get(*route) is True
