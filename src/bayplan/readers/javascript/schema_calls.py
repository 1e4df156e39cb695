"""Schemas written as calls inside calls: valibot and envalid."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.readers.javascript.environment import EnvField, Environment
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.schema_chains import DEEPEST, VALUE_KINDS
from bayplan.readers.javascript.schema_members import choices, default_text, named, validators
from bayplan.readers.javascript.syntax import argument, arguments, properties

if TYPE_CHECKING:
    from tree_sitter import Node

_ENVALID_KINDS = {
    "num": "number",
    "port": "number",
    "bool": "boolean",
    "url": "url",
    "email": "email",
    "host": "host",
    "json": "json",
}
_OPTIONAL = frozenset({"optional", "nullish", "undefinedable", "exactOptional", "fallback"})


def valibot_fields(at: Expr, env: Environment, depth: int = 0) -> list[EnvField]:
    """Return the fields of `v.object({...})`, itself, behind a name, or inside `v.pipe`."""
    meaning = env.resolver.resolve(at.node, at.source)
    if not isinstance(meaning, Expr) or meaning.node.type != "call_expression" or depth > DEEPEST:
        return []
    name = env.resolver.called(meaning.node, meaning.source).path[-1:]
    first = argument(meaning.node, 0)
    if name == ("pipe",) and first is not None:
        return valibot_fields(Expr(first, meaning.source), env, depth + 1)
    fields = [valibot_field(key, place, value, env) for key, place, value in validators(first, meaning, env)]
    return [replace(field, required=False) for field in fields] if name == ("partial",) else fields


def valibot_field(name: str, key: Expr, value: Expr, env: Environment) -> EnvField:
    return _valibot(named(name, key, "valibot"), value, env, 0)


def _valibot(field: EnvField, value: Expr, env: Environment, depth: int) -> EnvField:
    meaning = env.resolver.resolve(value.node, value.source)
    if not isinstance(meaning, Expr) or meaning.node.type != "call_expression" or depth > DEEPEST:
        return field
    given = [Expr(unwrapped(each), meaning.source) for each in arguments(meaning.node)]
    called = env.resolver.called(meaning.node, meaning.source).path[-1:]
    name = called[0] if called else ""
    if name in _OPTIONAL and given:
        default = default_text(given[1].node, meaning, env) if len(given) > 1 else None
        return replace(_valibot(field, given[0], env, depth + 1), required=False, default=default)
    if name == "pipe":
        for each in given:
            field = _valibot(field, each, env, depth + 1)
        return field
    if name == "description" and given:
        return replace(field, purpose=env.resolver.text_of(given[0].node, meaning.source) or field.purpose)
    if name in ("picklist", "enum", "enum_") and given:
        return replace(field, kind=choices(given[0].node, meaning, env))
    return replace(field, kind=VALUE_KINDS[name]) if name in VALUE_KINDS else field


def envalid_fields(specs: "Node | None", at: Expr, env: Environment) -> list[EnvField]:
    """Return the fields of the second argument of `cleanEnv`."""
    return [_envalid(named(name, key, "envalid"), value, env) for name, key, value in validators(specs, at, env)]


def _envalid(field: EnvField, value: Expr, env: Environment) -> EnvField:
    meaning = env.resolver.resolve(value.node, value.source)
    if not isinstance(meaning, Expr) or meaning.node.type != "call_expression":
        return field
    called = env.resolver.called(meaning.node, meaning.source).path[-1:]
    options = properties(argument(meaning.node, 0), meaning.source)
    several = choices(options.get("choices"), meaning, env)
    purpose = env.resolver.text_of(options.get("desc"), meaning.source)
    return replace(
        field,
        required="default" not in options,
        default=default_text(options.get("default"), meaning, env),
        kind=several or _ENVALID_KINDS.get(called[0] if called else "", ""),
        purpose=purpose or field.purpose,
    )
