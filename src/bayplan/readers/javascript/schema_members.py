"""The members of an object of validators, whatever library made them: key, place, validator."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.readers.javascript.environment import EnvField, Environment, constant_text
from bayplan.readers.javascript.meanings import Expr, External, Member
from bayplan.readers.javascript.syntax import arguments, chain, member_name

if TYPE_CHECKING:
    from tree_sitter import Node

MOST = 1_000


def validators(node: "Node | None", at: Expr, env: Environment) -> "Iterator[tuple[str, Expr, Expr]]":
    """Yield (name, place of the key, validator) of an object literal, spread objects included."""
    waiting: list[Expr] = []
    _open(node, at, env, waiting)
    for _ in range(MOST):
        if not waiting:
            return
        each = waiting.pop()
        for member in each.node.named_children:
            if member.type == "spread_element" and member.named_children:
                _open(member.named_children[0], each, env, waiting)
            key = member_name(member, each.source) if member.type in ("pair", "shorthand_property_identifier") else None
            value = member.child_by_field_name("value") if member.type == "pair" else member
            if key is not None and value is not None:
                key_node = member.child_by_field_name("key") or member
                yield key, Expr(key_node, each.source), Expr(unwrapped(value), each.source)


def _open(node: "Node | None", at: Expr, env: Environment, waiting: list[Expr]) -> None:
    """Add the object literal that an expression, or the `.shape` of a schema, stands for."""
    meaning = None if node is None else env.resolver.resolve(node, at.source)
    if isinstance(meaning, Member) and meaning.name in ("shape", "entries") and isinstance(meaning.of, Expr):
        base, calls = chain(meaning.of.node, meaning.of.source)
        given = [
            argument for call in ([base] if base.type == "call_expression" else []) for argument in arguments(call)
        ]
        given += [argument for _, call in calls for argument in arguments(call)[:1]]
        for each in reversed(given):
            _open(each, meaning.of, env, waiting)
    elif isinstance(meaning, Expr) and meaning.node.type == "object":
        waiting.append(meaning)


def named(name: str, key: Expr, via: str) -> EnvField:
    """Return a field about which nothing is known yet but the comment beside it."""
    return EnvField(name, key, via, purpose=key.source.purpose(key.node))


def default_text(node: "Node | None", at: Expr, env: Environment) -> str | None:
    """Return a default as text, also when a function gives it."""
    if node is None:
        return None
    node = unwrapped(node)
    body = node.child_by_field_name("body") if node.type == "arrow_function" else node
    return constant_text(env.read(body, at.source))


def choices(node: "Node | None", at: Expr, env: Environment) -> str:
    """Return `enum:a|b` for a list, an enum or an object of constants."""
    meaning = None if node is None else env.resolver.resolve(node, at.source)
    if not isinstance(meaning, Expr):
        return ""
    values: list[Node | None] = []
    if meaning.node.type == "array":
        values = list(meaning.node.named_children)
    elif meaning.node.type == "object":
        values = [member.child_by_field_name("value") for member in meaning.node.named_children]
    elif meaning.node.type == "enum_declaration":
        body = meaning.node.child_by_field_name("body")
        values = [each.child_by_field_name("value") for each in (body.named_children if body is not None else ())]
    texts = [constant_text(env.read(value, meaning.source)) for value in values if value is not None]
    return "enum:" + "|".join(text for text in texts if text) if any(texts) else ""


def library(node: "Node", at: Expr, env: Environment) -> External:
    """Return where a validator comes from: the module and the name behind it."""
    return env.resolver.external(node, at.source) or External("", ())
