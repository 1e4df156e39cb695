"""How a package is started in production: its scripts resolved to an argv that runs in its folder."""

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bayplan.model.workspace import Package
from bayplan.readers.build import Builder
from bayplan.readers.folders import inside, joined
from bayplan.readers.scripts import Command, for_shell, main_command, plain, script_call
from bayplan.source import Fact, Located, Why
from bayplan.tree import Tree

READER = "start"
PRODUCTION = ("start:prod", "start:production", "start", "serve", "start:worker", "worker", "start:server", "server")
DEVELOPMENT = ("dev", "start:dev", "develop")
DEEPEST = 8

WATCHERS = frozenset(
    {"nodemon", "ts-node-dev", "tsnd", "node-dev", "vite-node", "webpack-dev-server", "concurrently", "supervisor"}
)
"""What runs sources and restarts when they change."""
NEVER = frozenset(
    {
        "vite",
        "react-scripts",
        "expo",
        "storybook",
        "turbo",
        "nx",
        "lerna",
        "wrangler",
        "tsc",
        "docker",
        "docker-compose",
    }
    | {"make", "echo", "exit", "npm-run-all", "run-p", "run-s", "electron", "electron-vite", "tauri"}
)
"""What starts nothing that a container could run."""
FROM_SOURCE = frozenset({"ts-node", "tsx", "esno", "jiti", "swc-node", "ts-node-esm", "babel-node"})
WATCH_WORDS = frozenset({"watch", "dev", "--watch", "-w", "--hot", "develop"})
NOT_CARRIED = frozenset({"NODE_ENV", "NODE_OPTIONS"})
PORT_VARIABLE = re.compile(r"\$(?:PORT|\{PORT(?::?-(\d+))?\})")
SOURCE = re.compile(r"\.[cm]?[jt]sx?$")
RUNNABLE = re.compile(r"\.[cm]?js$")
NODE_WITH_VALUE = frozenset(
    {
        "--env-file",
        "--env-file-if-exists",
        "-r",
        "--require",
        "--import",
        "--loader",
        "--experimental-loader",
        "-C",
        "--conditions",
    }
)


@dataclass(frozen=True, slots=True)
class Started:
    """The command that starts a package, and the variables its script sets for it."""

    command: Fact[tuple[str, ...]]
    variables: Mapping[str, str] = field(default_factory=dict)


def read_start(tree: Tree, package: Package, builder: Builder, main: str | None) -> Started | None:
    """Return how a package is started in production; None when nothing says so."""
    watched: Located[str] | None = None
    source: str | None = None
    for name in PRODUCTION:
        script = package.scripts.get(name)
        command = _resolved(package, name) if script else None
        if script is None or command is None or command.argv[0] in NEVER:
            continue
        if not _is_development(package, command, builder):
            return _production(tree, package, builder, main, name, command)
        watched, source = watched or script, source or _source_of(package, command)
    for name in DEVELOPMENT:
        script = package.scripts.get(name)
        command = _resolved(package, name) if script else None
        if script is not None and command is not None and _runs_sources(command):
            watched, source = watched or script, source or _source_of(package, command)
    return _built(tree, package, builder, main, watched, source) if watched else None


def read_commands(package: Package) -> dict[str, tuple[str, ...]]:
    """Return what each script runs at last, in the package's folder and without files of variables."""
    found = {name: _resolved(package, name) for name in package.scripts}
    return {
        name: tuple(map(plain, _without_env_files(command.argv)))
        for name, command in found.items()
        if command is not None and command.folder == "."
    }


def _resolved(package: Package, name: str) -> Command | None:
    """Follow a script's calls of other scripts of its package down to a command."""
    variables: dict[str, str] = {}
    skipped: list[str] = []
    arguments: tuple[str, ...] = ()
    for _ in range(DEEPEST):
        script = package.scripts.get(name)
        command = main_command(" ".join((script.value, *map(_quoted, arguments)))) if script else None
        if command is None:
            return None
        variables = {**command.variables, **variables}
        skipped += command.skipped
        call = script_call(command.argv, package.scripts)
        if call is None:
            return Command(command.argv, variables, command.folder, tuple(skipped))
        if call.selector not in ("", package.name, ".", f"./{package.folder}"):
            return None
        name, arguments = call.script, call.arguments
    return None


def _quoted(word: str) -> str:
    return word if "$" in word else shlex.quote(word)


def _is_development(package: Package, command: Command, builder: Builder) -> bool:
    argv = command.argv
    if argv[0] in WATCHERS or argv[:2] == ("nest", "start") or WATCH_WORDS & set(argv[1:]):
        return True
    if argv[0] in FROM_SOURCE:
        return bool(builder.tool) or package.depends_on(argv[0]) is None
    entry = _node_entry(argv)
    return bool(entry and builder.tool and re.search(r"\.[cm]?tsx?$", entry))


def _runs_sources(command: Command) -> bool:
    """Say whether a development command runs a server, and not only a compiler."""
    return command.argv[0] in (WATCHERS | FROM_SOURCE | {"nest", "next", "node", "bun"}) - {"concurrently"}


def _source_of(package: Package, command: Command) -> str | None:
    for word in command.argv[1:]:
        if SOURCE.search(word) and not word.startswith("-"):
            return joined(package.folder, word)
    return None


def _production(
    tree: Tree, package: Package, builder: Builder, main: str | None, name: str, command: Command
) -> Started | None:
    script = package.scripts[name]
    because = f'its script "{name}" starts it'
    argv = command.argv
    place = _node_entry_place(argv)
    if place is not None:
        folder = joined(package.folder, command.folder)
        entry, reason = _entry(tree, package, builder, main, joined(folder or package.folder, argv[place]))
        if entry is None:
            return None
        argv = (*argv[:place], entry, *argv[place + 1 :])
        because += reason
    elif joined(package.folder, command.folder) != package.folder:
        return None
    if any(word.startswith("--env-file") for word in argv):
        argv = tuple(_without_env_files(argv))
        because += "; its --env-file is left out, for the environment comes from outside the image"
    argv = _with_node_options(argv, command.variables)
    if command.skipped:
        because += f"; what it runs before (`{'`, `'.join(command.skipped)[:200]}`) is left out"
    carried = {
        key: plain(value) for key, value in command.variables.items() if key not in NOT_CARRIED and "$" not in value
    }
    if argv[:2] == ("next", "start"):
        argv, default = _without_port_variable(argv)
        carried |= {"PORT": default} if default else {}
    if any("$" in word for word in argv):
        argv = ("sh", "-c", "exec " + " ".join(map(for_shell, argv)))
        because += "; a shell fills in its variables"
    return Started(Fact(tuple(map(plain, argv)), Why(READER, because, script.at)), carried)


def _without_port_variable(argv: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Leave out `-p $PORT`, for Next.js reads PORT itself; return the default of `${PORT:-3000}` too."""
    for index, word in enumerate(argv[:-1]):
        match = PORT_VARIABLE.fullmatch(argv[index + 1])
        if word in ("-p", "--port") and match:
            return (*argv[:index], *argv[index + 2 :]), match[1] or ""
    return argv, ""


def _without_env_files(argv: tuple[str, ...]) -> Iterator[str]:
    words = iter(argv)
    for word in words:
        if word in ("--env-file", "--env-file-if-exists"):
            next(words, None)
        elif not word.startswith(("--env-file=", "--env-file-if-exists=")):
            yield word


def _with_node_options(argv: tuple[str, ...], variables: Mapping[str, str]) -> tuple[str, ...]:
    options = variables.get("NODE_OPTIONS", "").split()
    return (argv[0], *options, *argv[1:]) if argv[0] == "node" and "$" not in "".join(options) else argv


def _node_entry_place(argv: tuple[str, ...]) -> int | None:
    """Return where among the words of a `node` command its entry stands."""
    if argv[0] not in ("node", "nodejs"):
        return None
    index = 1
    while index < len(argv):
        if not argv[index].startswith("-"):
            return index
        if argv[index] in ("-e", "--eval", "-p", "--print"):
            return None
        index += 2 if argv[index] in NODE_WITH_VALUE else 1
    return None


def _node_entry(argv: tuple[str, ...]) -> str | None:
    place = _node_entry_place(argv)
    return None if place is None else argv[place]


def _entry(
    tree: Tree, package: Package, builder: Builder, main: str | None, written: str | None
) -> tuple[str | None, str]:
    """Return the file, relative to the package, that `node <written>` really starts, and the reason to add."""
    if written is None:
        return None, ""
    if written == package.folder:
        written = joined(package.folder, main or "index.js") or written
    candidates = tuple(_as_node_resolves(written))
    for candidate in candidates:
        if tree.lists(candidate) or candidate in builder.emitted:
            return _relative(package, candidate), ""
    if builder.entry and posixpath.basename(builder.entry) in map(posixpath.basename, candidates):
        return _moved(package, builder, builder.entry, candidates[0])
    for found in (_same_tail(builder, candidates), _built_main(package, builder, main)):
        if found is not None:
            return _moved(package, builder, found, candidates[0])
    named = {joined(package.folder, entry.value) for entry in package.entries}
    preferred = next((candidate for candidate in candidates if candidate in named), candidates[0])
    return _relative(package, preferred), ""


def _as_node_resolves(written: str) -> Iterator[str]:
    """Yield the files that node tries, in an order fit for a file that is not there yet."""
    if RUNNABLE.search(written) or written.endswith((".ts", ".mts", ".cts")):
        yield written
    elif posixpath.basename(written) in ("dist", "build", "lib", "out", ".output"):
        yield f"{written}/index.js"
    else:
        yield f"{written}.js"
        yield f"{written}/index.js"
        yield written


def _same_tail(builder: Builder, candidates: tuple[str, ...]) -> str | None:
    """Return the emitted file that a written path most likely means, when only one comes into question."""
    name = posixpath.basename(candidates[0])
    found = [target for target in builder.emitted if posixpath.basename(target) == name]
    if builder.out_dir and len(found) > 1:
        tail = inside(builder.out_dir, candidates[0])
        exact = [target for target in found if tail and target.endswith(f"/{tail}")]
        in_source = [
            target
            for target in exact
            if builder.emitted[target].endswith(f"src/{posixpath.splitext(tail or '')[0]}.ts")
        ]
        found = in_source if len(in_source) == 1 else exact
    return found[0] if len(found) == 1 else None


def _built_main(package: Package, builder: Builder, main: str | None) -> str | None:
    target = joined(package.folder, main) if main else None
    return target if target in builder.emitted else None


def _moved(package: Package, builder: Builder, found: str, written: str) -> tuple[str, str]:
    if found == written:
        return _relative(package, found), ""
    config = builder.config.config.path if builder.config else "the build"
    said, real = _relative(package, written), _relative(package, found)
    return real, f"; it says {said}, but by {config} {builder.tool} writes that file to {real}"


def _built(
    tree: Tree, package: Package, builder: Builder, main: str | None, watched: Located[str], source: str | None
) -> Started | None:
    """Return the start of the built app where only a development command is written down."""
    why = Why(READER, f'"{watched.value[:80]}" is for development; this starts what the build makes', watched.at)
    if builder.tool == "next":
        return Started(Fact(("next", "start"), why))
    from_source = [target for target, origin in builder.emitted.items() if origin == source]
    target = next(iter(from_source), None) or builder.entry or _built_main(package, builder, main)
    if target is None and builder.out_dir and builder.tool and source:
        named = joined(package.folder, main) if main else None
        stem = posixpath.splitext(posixpath.basename(source))[0]
        target = named if named and RUNNABLE.search(named) else f"{builder.out_dir}/{stem}.js"
    if target is None and source and RUNNABLE.search(source) and tree.lists(source):
        target = source
    return Started(Fact(("node", _relative(package, target)), why)) if target else None


def _relative(package: Package, path: str) -> str:
    found = inside(package.folder, path)
    return posixpath.relpath(path, package.folder) if found is None else found
