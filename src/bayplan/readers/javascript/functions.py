"""Functions as their callers know them."""

from typing import TYPE_CHECKING

from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.source_file import FUNCTIONS
from bayplan.readers.javascript.syntax import parameter_nodes

if TYPE_CHECKING:
    from tree_sitter import Node


def enclosing_function(node: "Node") -> "Node | None":
    parent = node.parent
    while parent is not None and parent.type not in FUNCTIONS:
        parent = parent.parent
    return parent


def function_name(function: Expr) -> str:
    """Return the name a function is called by; that of its class for a constructor."""
    node, source = function.node, function.source
    name = node.child_by_field_name("name")
    holder = node.parent
    if name is not None and source.text(name) == "constructor":
        owner = holder.parent if holder is not None else None
        name = owner.child_by_field_name("name") if owner is not None else None
    if name is not None:
        return source.text(name)
    while holder is not None and holder.type in ("as_expression", "satisfies_expression", "parenthesized_expression"):
        holder = holder.parent
    if holder is not None and holder.type == "assignment_expression":
        target = holder.child_by_field_name("left")
        return "" if target is None else source.text(target).rpartition(".")[2]
    if holder is None or holder.type not in ("variable_declarator", "pair", "public_field_definition"):
        return ""
    name = holder.child_by_field_name("key" if holder.type == "pair" else "name")
    return "" if name is None else source.text(name)


def parameter_index(parameter: "Node", function: "Node") -> int:
    """Return which parameter of a function this is, or -1."""
    own = parameter_nodes(function)
    return next((index for index, each in enumerate(own) if each == parameter), -1)


def returned(function: Expr) -> "Node | None":
    """Return the expression a function gives back, the last one where there are several."""
    body = function.node.child_by_field_name("body")
    if body is None or body.type != "statement_block":
        return body
    found = None
    inner = [(each.start_byte, each.end_byte) for each in function.source.within(body, *FUNCTIONS)]
    for statement in function.source.within(body, "return_statement"):
        if statement.named_children and not any(start < statement.start_byte < end for start, end in inner):
            found = statement.named_children[0]
    return found
