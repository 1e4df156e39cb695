"""Schemas written as classes with class-validator's decorators."""

from typing import TYPE_CHECKING

from bayplan.readers.javascript.environment import EnvField, Environment
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.schema_members import choices, default_text
from bayplan.readers.javascript.source_file import CLASSES
from bayplan.readers.javascript.syntax import argument, decorator_call, decorators, member_name

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 6
_KINDS = {
    "IsUrl": "url",
    "IsEmail": "email",
    "IsNumber": "number",
    "IsInt": "number",
    "IsPort": "number",
    "IsNumberString": "number",
    "IsNumeric": "number",
    "IsBoolean": "boolean",
    "IsBooleanString": "boolean",
    "IsUUID": "uuid",
}


def class_fields(node: "Node", at: Expr, env: Environment, depth: int = 0) -> list[EnvField]:
    """Return the decorated fields of a class and of the classes it extends."""
    meaning = env.resolver.resolve(node, at.source)
    if not isinstance(meaning, Expr) or meaning.node.type not in CLASSES or depth > DEEPEST:
        return []
    fields: dict[str, EnvField] = {}
    for child in meaning.node.named_children:
        for clause in child.named_children if child.type == "class_heritage" else ():
            parent = clause.child_by_field_name("value")
            if parent is not None:
                fields |= {field.name: field for field in class_fields(parent, meaning, env, depth + 1)}
    body = meaning.node.child_by_field_name("body")
    for member in body.named_children if body is not None else ():
        field = _field(member, meaning, env) if member.type == "public_field_definition" else None
        if field is not None:
            fields[field.name] = field
    return list(fields.values())


def _field(member: "Node", at: Expr, env: Environment) -> EnvField | None:
    marks = [decorator_call(each, at.source) for each in decorators(member)]
    name, key = member_name(member, at.source), member.child_by_field_name("name")
    if name is None or key is None or not marks:
        return None
    value = member.child_by_field_name("value")
    optional = any(mark in ("IsOptional", "ValidateIf") for mark, _ in marks)
    may_miss = any(child.type == "?" for child in member.children)
    kind = next((_KINDS[mark] for mark, _ in marks if mark in _KINDS), "")
    for mark, call in marks:
        if mark in ("IsEnum", "IsIn") and call is not None:
            kind = choices(argument(call, 0), at, env) or kind
    return EnvField(
        name,
        Expr(key, at.source),
        "class-validator",
        required=not optional and not may_miss and value is None,
        default=default_text(value, at, env),
        kind=kind,
        purpose=at.source.purpose(_first(member)),
    )


def _first(member: "Node") -> "Node":
    """Return the first of a field's own decorators, above which its comment stands."""
    marks = decorators(member)
    return min(marks, key=lambda each: each.start_byte, default=member) if marks else member
