"""Schemas that the environment is validated by: where they are applied, and what they say."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.readers.javascript.environment import EnvField, Environment
from bayplan.readers.javascript.functions import enclosing_function
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.schema_calls import envalid_fields, valibot_field, valibot_fields
from bayplan.readers.javascript.schema_chains import described, object_fields
from bayplan.readers.javascript.schema_classes import class_fields
from bayplan.readers.javascript.schema_members import validators
from bayplan.readers.javascript.source_file import FUNCTIONS, PARAMETERS
from bayplan.readers.javascript.syntax import argument, arguments, method_of, properties, receiver

if TYPE_CHECKING:
    from tree_sitter import Node

MARKS = (
    b"process.env",
    b"ProcessEnv",
    b"import.meta.env",
    b"Bun.env",
    b"node:process",
    b"ConfigModule",
    b"createEnv",
    b"cleanEnv",
    b"plainTo",
)
_PARSES = frozenset({"parse", "safeParse", "parseAsync", "safeParseAsync", "decode"})
_VALIDATES = frozenset({"validate", "validateSync", "validateAsync", "cast"})


def read_schemas(program: Program, env: Environment) -> dict[str, list[EnvField]]:
    """Return the fields of every schema the environment is validated by, by the package that validates.

    From then on `env` knows them too, so that `env.PORT` can be followed to its default.
    """
    env.validators = frozenset(_validators(program, env))
    by_package: dict[str, list[EnvField]] = defaultdict(list)
    by_place: dict[tuple[str, int, int], tuple[EnvField, ...]] = {}
    for source in [each for package in program.by_package for each in program.having(package, *MARKS)]:
        for call in source.nodes("call_expression"):
            for at, fields in _applied(Expr(call, source), env):
                by_place[at.source.path, at.node.start_byte, at.node.end_byte] = tuple(fields)
                by_package[at.source.package] += fields
    env.schemas = by_place
    env.resolver.stop_at(by_place)
    return {package: list(dict.fromkeys(fields)) for package, fields in by_package.items()}


def _validators(program: Program, env: Environment) -> "Iterator[tuple[str, int]]":
    for source in [each for package in program.by_package for each in program.having(package, b"ConfigModule")]:
        for call in source.nodes("call_expression"):
            given = _config_module(Expr(call, source), env).get("validate")
            meaning = None if given is None else env.resolver.resolve(given, source)
            if isinstance(meaning, Expr) and meaning.node.type in FUNCTIONS:
                yield meaning.source.path, meaning.node.start_byte


def _config_module(at: Expr, env: Environment) -> "dict[str, Node]":
    """Return the options of `ConfigModule.forRoot({...})`."""
    before = receiver(at.node)
    if before is None or method_of(at.node, at.source) != "forRoot" or at.source.text(before) != "ConfigModule":
        return {}
    given = env.resolver.resolve(first, at.source) if (first := argument(at.node, 0)) is not None else None
    return properties(given.node, given.source) if isinstance(given, Expr) else {}


def _applied(at: Expr, env: Environment) -> "Iterator[tuple[Expr, list[EnvField]]]":
    """Yield each place where this call applies a schema to the environment, with the schema's fields."""
    name = method_of(at.node, at.source)
    if name in _PARSES or name in _VALIDATES or name in ("attempt", "assert"):
        yield from _parsed(at, env)
    elif name == "forRoot":
        yield from _nest(at, env)
    elif name in ("cleanEnv", "customCleanEnv", "createEnv", "parseEnv"):
        yield from _named(at, env)
    elif name in ("plainToInstance", "plainToClass"):
        given = arguments(at.node)
        if len(given) > 1 and env.stands_for_environment(given[1], at.source):
            yield at, class_fields(given[0], at, env)


def _parsed(at: Expr, env: Environment) -> "Iterator[tuple[Expr, list[EnvField]]]":
    before, given = receiver(at.node), [unwrapped(each) for each in arguments(at.node)]
    library = None if before is None else env.resolver.external(before, at.source)
    module = "" if library is None else library.module
    called = env.resolver.called(at.node, at.source).module
    if len(given) > 1 and ("valibot" in module or "valibot" in called):
        if env.stands_for_environment(given[1], at.source):
            yield from _by_schema(Expr(given[0], at.source), at, env, valibot_fields)
    elif len(given) > 1 and "joi" in module:
        if env.stands_for_environment(given[0], at.source):
            yield from _by_schema(Expr(given[1], at.source), at, env, object_fields)
    elif before is not None and given and env.stands_for_environment(given[0], at.source):
        yield from _by_schema(Expr(unwrapped(before), at.source), at, env, object_fields)


def _by_schema(
    schema: Expr, at: Expr, env: Environment, read: "Callable[[Expr, Environment], list[EnvField]]"
) -> "Iterator[tuple[Expr, list[EnvField]]]":
    """Yield the schema's fields; where the schema is a parameter, those of each caller's schema, at the call."""
    binding = None
    if schema.node.type == "identifier":
        binding = env.resolver.names(schema.source).find(schema.text, schema.node.start_byte)
    if binding is None or binding.kind != "parameter" or binding.node is None:
        yield at, read(schema, env)
        return
    function = enclosing_function(binding.node)
    parameters = [] if function is None else _own_parameters(function)
    index = parameters.index(binding.node) if binding.node in parameters else -1
    for call in env.resolver.calls(Expr(function, schema.source)) if function is not None and index >= 0 else ():
        given = argument(call.node, index)
        if given is not None:
            yield call, read(Expr(given, call.source), env)


def _own_parameters(function: "Node") -> "Sequence[Node]":
    single = function.child_by_field_name("parameter")
    holder = function.child_by_field_name("parameters")
    if single is not None:
        return [single]
    return [] if holder is None else [child for child in holder.named_children if child.type in PARAMETERS]


def _nest(at: Expr, env: Environment) -> "Iterator[tuple[Expr, list[EnvField]]]":
    options = _config_module(at, env)
    if "validationSchema" in options:
        yield at, object_fields(Expr(options["validationSchema"], at.source), env)
    validate = options.get("validate")
    if validate is not None and validate.type == "member_expression":
        schema, method = validate.child_by_field_name("object"), validate.child_by_field_name("property")
        if schema is not None and method is not None and at.source.text(method) in _PARSES:
            yield at, object_fields(Expr(schema, at.source), env)


def _named(at: Expr, env: Environment) -> "Iterator[tuple[Expr, list[EnvField]]]":
    called, given = env.resolver.called(at.node, at.source), arguments(at.node)
    if called.path[-1:] == ("createEnv",) and called.module.startswith("@t3-oss/env"):
        yield at, _t3(at, env)
    elif called.module == "envalid" and len(given) > 1:
        yield at, envalid_fields(given[1], at, env)
    elif called.module == "znv" and len(given) > 1:
        yield at, [_field(name, key, value, env) for name, key, value in validators(given[1], at, env)]


def _t3(at: Expr, env: Environment) -> list[EnvField]:
    options = properties(argument(at.node, 0), at.source)
    return [
        replace(_field(name, key, value, env), via="t3-env", at_build=section == "client")
        for section in ("server", "shared", "client")
        for name, key, value in validators(options.get(section), at, env)
    ]


def _field(name: str, key: Expr, value: Expr, env: Environment) -> EnvField:
    node = value.node
    if node.type == "call_expression" and "valibot" in env.resolver.called(node, value.source).module:
        return valibot_field(name, key, value, env)
    return described(name, key, value, env)
