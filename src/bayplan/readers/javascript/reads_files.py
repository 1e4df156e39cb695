"""Folders of a package that its code reads at run time: migrations, templates, static files."""

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.model.workspace import Package
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.names import Resolver
from bayplan.readers.javascript.program import Program, is_build_config
from bayplan.readers.javascript.source_file import Source
from bayplan.readers.javascript.syntax import argument, arguments, callee, method_of, string_value
from bayplan.source import Located

if TYPE_CHECKING:
    from tree_sitter import Node

MARKS = (
    b"migrationsFolder",
    b"readFile",
    b"readdir",
    b"createReadStream",
    b"sendFile",
    b"tatic",
    b"views",
    b"ViewsDir",
    b"rootPath",
)
DEEPEST = 10
_FS = frozenset({"readFile", "readFileSync", "readdir", "readdirSync", "createReadStream", "opendir", "opendirSync"})
_OPTIONS = {
    "migrate": ("migrationsFolder", "migrationFolder"),
    "register": ("root",),
    "serveStatic": ("root",),
    "forRoot": ("rootPath",),
}
_FIRST = frozenset({"static", "useStaticAssets", "setBaseViewsDir", "sendFile"})


def read_folders(program: Program, resolver: Resolver, package: Package) -> tuple[Located[str], ...]:
    """Return each folder, relative to the package, with the first place that reads it."""
    found: dict[str, Located[str]] = {}
    for path in _read(program, resolver, package):
        folder = _folder(path.value, program, package)
        if folder is not None:
            found.setdefault(folder, Located(folder, path.at))
    return tuple(found.values())


def read_of_others(program: Program, resolver: Resolver, package: Package) -> tuple[Located[str], ...]:
    """Return each path in the folder of another package, relative to the root, with the first place that reads it."""
    found: dict[str, Located[str]] = {}
    for path in _read(program, resolver, package):
        owner = program.owner(posixpath.dirname(posixpath.normpath(path.value)))
        if owner not in (None, ".", package.folder):
            found.setdefault(owner or "", Located(posixpath.normpath(path.value), path.at))
    return tuple(found.values())


def _read(program: Program, resolver: Resolver, package: Package) -> Iterator[Located[str]]:
    for source in program.having(package.folder, *MARKS):
        if is_build_config(source.path):
            continue
        for call in source.nodes("call_expression"):
            for named in _paths(Expr(call, source), resolver):
                path = _evaluated(named.node, named.source, resolver, package, 0)
                if path is not None:
                    yield Located(path, source.at(named.node))


def _paths(call: Expr, resolver: Resolver) -> "Iterator[Expr]":
    """Yield the expressions of a call that name a file or folder it reads."""
    method, given = method_of(call.node, call.source), arguments(call.node)
    if method in _OPTIONS:
        for each in given:
            options = resolver.members(each, call.source)
            yield from (options[key] for key in _OPTIONS[method] if key in options)
    elif method in _FS:
        module = resolver.called(call.node, call.source).module
        if given and module in ("fs", "node:fs", "fs/promises", "node:fs/promises", "fs-extra"):
            yield Expr(given[0], call.source)
    elif method in _FIRST and given:
        yield Expr(given[0], call.source)
    elif method == "set" and len(given) > 1 and string_value(given[0], call.source) == "views":
        yield Expr(given[1], call.source)


def _evaluated(node: "Node", source: Source, resolver: Resolver, package: Package, depth: int) -> str | None:
    """Return a path relative to the root of the repository; what is not constant ends it."""
    here = posixpath.dirname(source.path)
    node = unwrapped(node)
    text = string_value(node, source)
    if text is not None:
        return package.path(text) if not text.startswith("/") else None
    if depth > DEEPEST:
        return None
    if source.text(node) in ("__dirname", "import.meta.dirname"):
        return here
    if node.type == "call_expression":
        return _called(node, source, resolver, package, depth)
    if node.type == "new_expression" and source.text(callee(node) or node) == "URL":
        first = string_value(argument(node, 0), source)
        given = arguments(node)
        relative = len(given) > 1 and source.text(given[1]) == "import.meta.url"
        return posixpath.join(here, first) if first is not None and relative else None
    if node.type == "template_string":
        return _template(node, source, resolver, package, depth)
    meaning = resolver.resolve(node, source)
    if isinstance(meaning, Expr) and meaning.node != node:
        return _evaluated(meaning.node, meaning.source, resolver, package, depth + 1)
    return None


def _called(node: "Node", source: Source, resolver: Resolver, package: Package, depth: int) -> str | None:
    method, given = method_of(node, source), arguments(node)
    if source.text(callee(node) or node) == "process.cwd":
        return package.folder
    if method == "fileURLToPath" and given:
        if source.text(given[0]) == "import.meta.url":
            return source.path
        return _evaluated(given[0], source, resolver, package, depth + 1)
    if method == "dirname" and given:
        inner = _evaluated(given[0], source, resolver, package, depth + 1)
        return None if inner is None else posixpath.dirname(inner)
    if method not in ("join", "resolve") or not given:
        return None
    path = _evaluated(given[0], source, resolver, package, depth + 1)
    for part in given[1:] if path is not None else ():
        text = resolver.text_of(part, source)
        if text is None or path is None:
            break
        path = posixpath.join(path, text.lstrip("/") if method == "join" else text)
    return path


def _template(node: "Node", source: Source, resolver: Resolver, package: Package, depth: int) -> str | None:
    """Return `${__dirname}/../views` as a path."""
    children = node.named_children
    first = children[0].named_children[0] if children and children[0].type == "template_substitution" else None
    base = None if first is None else _evaluated(first, source, resolver, package, depth + 1)
    if base is None or len(children) < 2 or children[1].type != "string_fragment":  # noqa: PLR2004 - a base and the rest
        return base
    return posixpath.join(base, source.text(children[1]).lstrip("/"))


def _folder(path: str, program: Program, package: Package) -> str | None:
    """Return the folder inside the package that a path means, if it is there; for a file at the top, the file."""
    path = posixpath.normpath(path)
    prefix = "" if package.folder == "." else package.folder + "/"
    if path.startswith(("..", "/")) or not path.startswith(prefix) or "\0" in path:
        return None
    inside = path[len(prefix) :]
    if inside in ("", ".", "src", "package.json"):
        return None
    if program.tree.is_folder(path):
        return inside
    if not program.tree.exists(path) or program.owner(posixpath.dirname(path)) != package.folder:
        return None
    parent = posixpath.dirname(inside)
    return inside if parent in ("", "src") else parent
