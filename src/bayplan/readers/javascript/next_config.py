"""What a Next.js config says, and where a property can be added to it."""

import posixpath
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bayplan.model.workspace import NextConfig, Package
from bayplan.readers.javascript.functions import returned
from bayplan.readers.javascript.meanings import Expr, Module
from bayplan.readers.javascript.names import Resolver
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.source_file import FUNCTIONS, Source
from bayplan.readers.javascript.syntax import arguments, callee, unwrapped
from bayplan.source import At, Located

if TYPE_CHECKING:
    from tree_sitter import Node

NAMES = tuple(f"next.config.{extension}" for extension in ("ts", "mts", "mjs", "js", "cjs"))
DEEPEST = 8


def read_next_config(program: Program, resolver: Resolver, package: Package) -> NextConfig | None:
    """Return a package's Next.js config, or None when it has none."""
    path = next((path for name in NAMES if (path := package.path(name)) in program.sources), None)
    if path is None:
        return None
    source = program.sources[path]
    literal = _exported(source, resolver)
    if literal is None:
        return NextConfig(path, At(path, 1, 1), editable=False)
    settings = _settings(literal, resolver)
    experimental = (
        resolver.members(settings["experimental"].node, settings["experimental"].source)
        if "experimental" in settings
        else {}
    )
    tracing = settings.get("outputFileTracingRoot") or experimental.get("outputFileTracingRoot")
    place = literal.source.at(literal.node)
    return NextConfig(
        path,
        At(place.file, place.line, place.column, 1),
        output=_text(settings.get("output"), resolver),
        tracing_root=None if tracing is None else Located(tracing.text, tracing.source.at(tracing.node)),
        base_path=_text(settings.get("basePath"), resolver),
        transpiled=_texts(settings.get("transpilePackages"), resolver),
        editable=literal.source is source,
        dist_dir=_inside(_text(settings.get("distDir"), resolver)),
    )


def _inside(folder: Located[str] | None) -> Located[str] | None:
    """Return a folder that lies inside the package; Next.js refuses any other."""
    path = posixpath.normpath(folder.value) if folder is not None else "."
    return None if path.startswith(("..", "/")) or path == "." else folder


def _exported(source: Source, resolver: Resolver) -> Expr | None:
    exports = resolver.names(source).exports.nodes
    node = exports.get("default") or exports.get("=")
    return None if node is None else _literal(node, source, resolver, 0)


def _literal(node: "Node", source: Source, resolver: Resolver, depth: int) -> Expr | None:
    """Return the object literal behind names, wrappers like `withMDX(config)` and functions that give it back."""
    meaning = resolver.resolve(unwrapped(node), source)
    if isinstance(meaning, Module) or not isinstance(meaning, Expr) or depth > DEEPEST:
        return None
    node, source = meaning.node, meaning.source
    if node.type == "object":
        return meaning
    if node.type in FUNCTIONS:
        result = returned(meaning)
        return None if result is None else _literal(result, source, resolver, depth + 1)
    if node.type != "call_expression":
        return None
    for given in arguments(node):
        found = _literal(given, source, resolver, depth + 1)
        if found is not None:
            return found
    called = callee(node)
    return _literal(called, source, resolver, depth + 1) if called is not None and called.type in FUNCTIONS else None


def _settings(literal: Expr, resolver: Resolver) -> "Mapping[str, Expr]":
    """Return the members of the object, and what is assigned to it afterwards."""
    found = dict(resolver.members(literal.node, literal.source))
    for assignment in literal.source.nodes("assignment_expression"):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        inner = left.child_by_field_name("object") if left is not None and left.type == "member_expression" else None
        named = left.child_by_field_name("property") if left is not None else None
        if inner is None or named is None or right is None:
            continue
        meaning = resolver.resolve(inner, literal.source)
        if isinstance(meaning, Expr) and meaning.node == literal.node:
            found[literal.source.text(named)] = Expr(unwrapped(right), literal.source)
    return found


def _text(value: Expr | None, resolver: Resolver) -> Located[str] | None:
    """Return a constant, or the source text of what only the build would know."""
    if value is None or value.text in ("undefined", "null", "''", '""'):
        return None
    text = resolver.text_of(value.node, value.source)
    return Located(value.text if text is None else text, value.source.at(value.node))


def _texts(value: Expr | None, resolver: Resolver) -> tuple[str, ...]:
    elements = [] if value is None else resolver.elements(value.node, value.source)
    return tuple(text for each in elements if (text := resolver.text_of(each.node, each.source)) is not None)
