"""The object that a configuration file exports, and what stands in it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.readers.javascript.functions import returned
from bayplan.readers.javascript.meanings import Expr, Module
from bayplan.readers.javascript.names import Resolver
from bayplan.readers.javascript.source_file import FUNCTIONS, Source
from bayplan.readers.javascript.syntax import arguments, callee
from bayplan.source import Located

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 8


def exported(source: Source, resolver: Resolver) -> Expr | None:
    """Return the object literal that a file exports."""
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


def members(literal: Expr, resolver: Resolver) -> "Mapping[str, Expr]":
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


def constant(value: Expr | None, resolver: Resolver) -> Located[str] | None:
    """Return a constant, or the source text of what only the build would know."""
    if value is None or value.text in ("undefined", "null", "''", '""'):
        return None
    text = resolver.text_of(value.node, value.source)
    return Located(value.text if text is None else text, value.source.at(value.node))
