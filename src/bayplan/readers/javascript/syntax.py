"""Small questions to the nodes of a syntax tree."""

from typing import TYPE_CHECKING

from bayplan.formats.typescript import unescaped, unwrapped
from bayplan.readers.javascript.source_file import PARAMETERS, Source

if TYPE_CHECKING:
    from tree_sitter import Node


def string_value(node: "Node | None", source: Source) -> str | None:
    """Return the text of a string, or of a template without holes."""
    if node is None or node.type not in ("string", "template_string"):
        return None
    parts = []
    for child in node.named_children:
        text = source.text(child)
        if child.type == "string_fragment":
            parts.append(text)
        elif child.type == "escape_sequence":
            parts.append(unescaped(text))
        else:
            return None
    return "".join(parts)


def arguments(call: "Node") -> "list[Node]":
    """Return the arguments of a call or a `new`, comments left out."""
    holder = call.child_by_field_name("arguments")
    if holder is None or holder.type != "arguments":
        return []
    return [child for child in holder.named_children if child.type != "comment"]


def argument(call: "Node", index: int) -> "Node | None":
    given = arguments(call)
    return unwrapped(given[index]) if index < len(given) else None


def callee(call: "Node") -> "Node | None":
    """Return what is called or constructed."""
    called = call.child_by_field_name("constructor" if call.type == "new_expression" else "function")
    return None if called is None else unwrapped(called)


def method_of(call: "Node", source: Source) -> str:
    """Return the name behind the last dot of what is called, or of a plain function; else nothing."""
    called = callee(call)
    if called is None:
        return ""
    if called.type == "identifier":
        return source.text(called)
    named = called.child_by_field_name("property") if called.type == "member_expression" else None
    return "" if named is None else source.text(named)


def receiver(call: "Node") -> "Node | None":
    """Return what stands before the last dot of what is called."""
    called = callee(call)
    if called is None or called.type != "member_expression":
        return None
    return called.child_by_field_name("object")


def chain(node: "Node", source: Source) -> "tuple[Node, list[tuple[str, Node]]]":
    """Take `base.a(x).b(y)` apart: the base, and each method with its call, in the order they are called."""
    calls: list[tuple[str, Node]] = []
    node = unwrapped(node)
    while node.type == "call_expression":
        before = receiver(node)
        if before is None:
            break
        calls.append((method_of(node, source), node))
        node = unwrapped(before)
    calls.reverse()
    return node, calls


def properties(node: "Node | None", source: Source) -> "dict[str, Node]":
    """Return the values of an object literal by key; a shorthand is its own value, a method its definition."""
    found: dict[str, Node] = {}
    for member in node.named_children if node is not None and node.type == "object" else ():
        key = member_name(member, source)
        if key is None:
            continue
        value = member.child_by_field_name("value") if member.type == "pair" else member
        if value is not None:
            found[key] = unwrapped(value)
    return found


def member_name(member: "Node", source: Source) -> str | None:
    """Return the key of a member of an object literal, a class or an enum."""
    if member.type in ("shorthand_property_identifier", "property_identifier"):
        return source.text(member)
    key = member.child_by_field_name("key") or member.child_by_field_name("name")
    if key is None:
        return None
    if key.type == "computed_property_name":
        inner = key.named_children
        return string_value(inner[0], source) if len(inner) == 1 else None
    return string_value(key, source) if key.type == "string" else source.text(key)


def parameter_nodes(function: "Node") -> "list[Node]":
    """Return the parameters of a function; `x => x` has its identifier."""
    single = function.child_by_field_name("parameter")
    if single is not None:
        return [single]
    holder = function.child_by_field_name("parameters")
    return [] if holder is None else [child for child in holder.named_children if child.type in PARAMETERS]


def decorators(node: "Node") -> "list[Node]":
    """Return the decorators of a class, a member or a parameter, wherever the grammar hangs them."""
    own = [child for child in node.children if child.type == "decorator"]
    parent = node.parent
    if parent is not None and parent.type == "export_statement":
        own += [child for child in parent.children if child.type == "decorator"]
    before = node.prev_named_sibling if node.type in ("method_definition", "public_field_definition") else None
    while before is not None and before.type in ("decorator", "comment"):
        if before.type == "decorator":
            own.insert(0, before)
        before = before.prev_named_sibling
    return own


def decorator_call(decorator: "Node", source: Source) -> "tuple[str, Node | None]":
    """Return a decorator's name, and its call when it is called."""
    inner = decorator.named_children[0] if decorator.named_children else None
    if inner is None:
        return "", None
    if inner.type == "call_expression":
        return method_of(inner, source), inner
    return source.text(inner).rpartition(".")[2], None
