"""Whether a function answers every request by sending it elsewhere."""

from typing import TYPE_CHECKING

from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.source_file import FUNCTIONS, Source
from bayplan.readers.javascript.syntax import method_of

if TYPE_CHECKING:
    from tree_sitter import Node

SENDS = ("redirect", "permanentRedirect")
GOES_ON = ("lexical_declaration", "variable_declaration", "comment")
WRAPS = ("expression_statement", "return_statement", "await_expression", "parenthesized_expression", "export_statement")


def redirects(handler: Expr) -> bool:
    """Say whether a redirect is the first thing that a function does, whatever it is asked."""
    function = _function(handler.node)
    body = function.child_by_field_name("body") if function is not None else None
    if body is None:
        return False
    statements = body.named_children if body.type == "statement_block" else [body]
    first = next((each for each in statements if each.type not in GOES_ON), None)
    return first is not None and _sends(first, handler.source)


def _function(node: "Node") -> "Node | None":
    if node.type in FUNCTIONS:
        return node
    return next((each for each in node.named_children if each.type in FUNCTIONS), None)


def _sends(node: "Node", source: Source) -> bool:
    while node.type in WRAPS and node.named_children:
        node = node.named_children[0]
    return node.type == "call_expression" and method_of(node, source) in SENDS
