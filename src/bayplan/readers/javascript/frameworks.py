"""What a package is built on, judged by what it depends on and what it does with it."""

import re
from collections.abc import Iterator

from bayplan.model.code import QueueUse
from bayplan.model.workspace import Package
from bayplan.readers.javascript.listening import Listening, start_script
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.names import Resolver
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.syntax import method_of
from bayplan.source import At, Fact, Why

SERVERS = ("express", "fastify", "hono")
NEST_FACTORIES = {"create": "web", "createApplicationContext": "worker", "createMicroservice": "worker"}
NEXT_COMMAND = re.compile(r"(?:^|[\s&;|])next\s+(?:start|build|dev)\b")
VITE_COMMAND = re.compile(r"(?:^|[\s&;|])vite(?:\s+(?:build|preview|dev|serve)\b|\s*$|\s+-)")
_TOOLS = re.compile(
    r"^\s*(?:vite|storybook|start-storybook|tsc|tsup|rollup|jest|vitest|turbo|nx|lerna|expo|react-native|electron)\b"
)
_STARTS_OTHERS = re.compile(
    r"^\s*(?:p?npm|yarn|bun)\b.*\s(?:-r|--recursive|-F|--filter|-C|--dir|--prefix|-ws?|--workspaces?|workspaces?)\b"
)


def framework(
    program: Program, resolver: Resolver, package: Package, listening: Listening | None, queues: tuple[QueueUse, ...]
) -> Fact[str] | None:
    """Return the framework of a package that something starts, or None for a library or a tool."""
    names = {dependency.name for dependency in package.dependencies}
    if "next" in names and _is_next(program, package):
        return _fact("next", "it depends on next and has a Next.js app", package.at)
    if not may_be_started(package):
        return _vite(program, package, names)
    nest = nest_call(program, resolver, package) if "@nestjs/core" in names else None
    if nest is not None:
        return _fact("nest", f"it starts Nest with NestFactory.{nest[0]}", nest[1])
    if "@nestjs/core" in names and program.having(package.folder, b"@Module("):
        return _fact("nest", "it depends on @nestjs/core and defines modules", package.at)
    if listening is not None:
        server = next((name for name in SERVERS if _imports(program, package, name)), "node")
        return _fact(server, f"it listens, with {'Node.js alone' if server == 'node' else server}", listening.at)
    vite = _vite(program, package, names)
    if vite is not None:
        return vite
    consuming = next((use for use in queues if use.consumes), None)
    if consuming is not None:
        return _fact(
            "node", f"it takes jobs from a queue with {consuming.library} and listens on nothing", consuming.at
        )
    script = start_script(package)
    if package.start is not None or (script is not None and not _is_elsewhere(script.value)):
        at = script.at if script is not None else package.at
        return _fact("node", "a script starts it, and it listens on nothing", at)
    return None


def _fact(name: str, because: str, at: At) -> Fact[str]:
    return Fact(name, Why("frameworks", because, at))


def may_be_started(package: Package) -> bool:
    """Say whether a package is more than a library: a script starts it, or nothing could import it."""
    return package.start is not None or start_script(package) is not None or not package.entries


def _is_elsewhere(script: str) -> bool:
    """Say whether a script starts a tool or other packages, and not its own."""
    return _TOOLS.match(script) is not None or _STARTS_OTHERS.match(script) is not None


def _is_next(program: Program, package: Package) -> bool:
    if any(NEXT_COMMAND.search(script.value) for script in package.scripts.values()):
        return True
    files = program.tree
    return any(files.exists(package.path(f"next.config.{each}")) for each in ("ts", "mjs", "js", "cjs", "mts"))


def _vite(program: Program, package: Package, names: set[str]) -> Fact[str] | None:
    script = next((each for each in package.scripts.values() if VITE_COMMAND.search(each.value)), None)
    if "vite" in names and script is not None and program.tree.exists(package.path("index.html")):
        return _fact("vite", "vite builds its index.html into a static site", script.at)
    return None


def _imports(program: Program, package: Package, module: str) -> bool:
    marks = (f"'{module}'".encode(), f'"{module}"'.encode())
    return any(program.having(member.folder, *marks) for member in program.closure(package))


def nest_call(program: Program, resolver: Resolver, package: Package) -> tuple[str, At] | None:
    """Return how a package starts Nest (`create`, `createApplicationContext`, `createMicroservice`) and where."""
    calls = list(nest_calls(program, resolver, package.folder))
    return min(calls, key=lambda each: each[0] != "create", default=None)


def nest_calls(program: Program, resolver: Resolver, folder: str) -> "Iterator[tuple[str, At]]":
    for source in program.having(folder, b"NestFactory"):
        for call in source.nodes("call_expression"):
            method = method_of(call, source)
            called = resolver.called(call, source) if method in NEST_FACTORIES else None
            if called is not None and called.module == "@nestjs/core" and "NestFactory" in called.path:
                yield method, source.at(Expr(call, source).node)
