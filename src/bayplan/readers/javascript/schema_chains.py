"""Schemas written as chains of methods: zod, and Joi and yup, where a field is optional until it says otherwise."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.readers.javascript.environment import EnvField, Environment
from bayplan.readers.javascript.meanings import GLOBAL, Expr
from bayplan.readers.javascript.schema_members import choices, default_text, library, named, validators
from bayplan.readers.javascript.syntax import argument, arguments, chain, method_of, properties

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 12
_NOWHERE = ("", GLOBAL)
VALUE_KINDS = {
    "number": "number",
    "int": "number",
    "float32": "number",
    "bigint": "number",
    "port": "number",
    "boolean": "boolean",
    "bool": "boolean",
    "stringbool": "boolean",
    "url": "url",
    "uri": "url",
    "httpUrl": "url",
    "email": "email",
    "uuid": "uuid",
}
_GROWS = frozenset({"extend", "merge", "and", "safeExtend", "augment", "keys", "concat", "shape", "append"})
_OBJECTS = frozenset({"object", "strictObject", "looseObject", "interface"})
Step = tuple[str, Expr]


def unrolled(at: Expr, env: Environment) -> tuple[str, list[Step]]:
    """Return the module a chain starts at, and its calls from there on.

    A chain that begins with the name of another chain goes on where that one ended.
    """
    steps: list[Step] = []
    for _ in range(DEEPEST):
        start, calls = chain(at.node, at.source)
        steps = [(name, Expr(call, at.source)) for name, call in calls] + steps
        module = library(start, at, env).module
        if module not in _NOWHERE:
            return module, steps
        if start.type == "call_expression":
            called = env.resolver.called(start, at.source)
            if called.module not in _NOWHERE:
                return called.module, [(called.path[-1] if called.path else "", Expr(start, at.source)), *steps]
        meaning = env.resolver.resolve(start, at.source)
        if not isinstance(meaning, Expr) or meaning.node == start:
            break
        at = meaning
    return "", steps


def object_fields(at: Expr, env: Environment, depth: int = 0) -> list[EnvField]:
    """Return the fields of an object schema of zod, Joi or yup, with what was added to it and taken away."""
    if depth > DEEPEST:
        return []
    start, calls = chain(at.node, at.source)
    fields: dict[str, EnvField] = {}
    if start.type == "call_expression":
        calls = [(method_of(start, at.source), start), *calls]
    elif library(start, at, env).module in _NOWHERE:
        meaning = env.resolver.resolve(start, at.source)
        if not isinstance(meaning, Expr) or meaning.node == start:
            return []
        fields = {field.name: field for field in object_fields(meaning, env, depth + 1)}
    for name, call in calls:
        _apply(name, call, at, env, fields, depth)
    return list(fields.values())


def _apply(name: str, call: "Node", at: Expr, env: Environment, fields: dict[str, EnvField], depth: int) -> None:
    first = argument(call, 0)
    if name in _OBJECTS or name in _GROWS or name in ("intersection", "preprocess"):
        for given in arguments(call):
            for field in _grown(Expr(given, at.source), env, depth):
                fields[field.name] = field
    elif name in ("pick", "omit"):
        chosen = properties(first, at.source)
        for key in [key for key in fields if (key in chosen) == (name == "omit")]:
            del fields[key]
    elif name == "partial":
        chosen = properties(first, at.source)
        for key, field in fields.items():
            if not chosen or key in chosen:
                fields[key] = replace(field, required=False)


def _grown(given: Expr, env: Environment, depth: int) -> list[EnvField]:
    meaning = env.resolver.resolve(given.node, given.source)
    if isinstance(meaning, Expr) and meaning.node.type == "object":
        return [described(name, key, value, env) for name, key, value in validators(given.node, given, env)]
    return object_fields(meaning, env, depth + 1) if isinstance(meaning, Expr) else []


def described(name: str, key: Expr, value: Expr, env: Environment, depth: int = 0) -> EnvField:
    """Return what a chain like `z.string().url().optional()` says about a variable."""
    module, steps = unrolled(value, env)
    lenient = "joi" in module or "yup" in module
    field = replace(named(name, key, ("joi" if "joi" in module else "yup") if lenient else "zod"), required=not lenient)
    for method, call in steps:
        field = _step(field, method, call, env, depth)
    return field


def _step(field: EnvField, method: str, call: Expr, env: Environment, depth: int) -> EnvField:
    first = argument(call.node, 0)
    if method in ("default", "prefault", "catch", "failover"):
        return replace(field, required=False, default=default_text(first, call, env))
    if method in ("optional", "nullish", "notRequired"):
        inner = field if first is None else _inner(field, first, call, env, depth)
        return replace(inner, required=False)
    if method in ("required", "exist"):
        return replace(field, required=field.default is None)
    if method in ("describe", "description"):
        return replace(field, purpose=env.resolver.text_of(first, call.source) or field.purpose)
    if method == "meta":
        text = env.resolver.text_of(properties(first, call.source).get("description"), call.source)
        return replace(field, purpose=text or field.purpose)
    if method in ("enum", "nativeEnum", "picklist"):
        return replace(field, kind=choices(first, call, env))
    if method in ("valid", "equal", "oneOf"):
        texts = [env.resolver.text_of(each, call.source) for each in arguments(call.node)]
        several = "enum:" + "|".join(text for text in texts if text) if any(texts) else choices(first, call, env)
        return replace(field, kind=several or field.kind)
    if method in ("preprocess", "pipe", "nullable", "union", "or", "literal"):
        return _combined(field, method, call, env, depth)
    return replace(field, kind=VALUE_KINDS[method]) if method in VALUE_KINDS else field


def _combined(field: EnvField, method: str, call: Expr, env: Environment, depth: int) -> EnvField:
    """Return what a validator made of other validators says."""
    given = arguments(call.node)
    if method == "literal" and given:
        text = default_text(given[0], call, env)
        return replace(field, kind=f"enum:{text}" if text else field.kind)
    if method == "preprocess":
        return _inner(field, given[1], call, env, depth) if len(given) > 1 else field
    if method == "union":
        options = [
            _inner(field, each.node, each, env, depth)
            for each in (env.resolver.elements(given[0], call.source) if given else [])
        ]
        kinds = [option.kind for option in options if option.kind and option.kind != "enum:"]
        optional = [option for option in options if not option.required]
        default = next((option.default for option in optional if option.default is not None), None)
        return replace(
            field, required=field.required and not optional, default=default, kind=kinds[0] if kinds else field.kind
        )
    if not given:
        return field
    inner = _inner(field, given[0], call, env, depth)
    if method == "or":
        undefined = env.resolver.called(unwrapped(given[0]), call.source).path[-1:] in (("undefined",), ("void",))
        return replace(field, required=field.required and inner.required and not undefined)
    if method == "pipe":
        return replace(field, kind=inner.kind or field.kind)
    return replace(inner, required=field.required)


def _inner(field: EnvField, node: "Node", at: Expr, env: Environment, depth: int) -> EnvField:
    if depth > DEEPEST:
        return field
    found = described(field.name, field.at, Expr(unwrapped(node), at.source), env, depth + 1)
    return replace(found, purpose=found.purpose or field.purpose)
