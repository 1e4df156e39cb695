"""What the code around a read of a variable says: a default, a demand, or neither."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.readers.javascript.environment import Environment, constant_text, variable
from bayplan.readers.javascript.functions import returned
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.source_file import Source
from bayplan.readers.javascript.syntax import arguments, callee

if TYPE_CHECKING:
    from tree_sitter import Node

CONNECTIONS = re.compile(
    r"^(?:[A-Z0-9]+_)*(?:DATABASE|DB|REDIS|POSTGRES|POSTGRESQL|PG|MYSQL|MONGO|MONGODB|AMQP|RABBITMQ|RABBIT|KAFKA|NATS|VALKEY)"
    r"_(?:URL|URI|CONNECTION_STRING|CONNECTION_URL|DSN|BROKERS)$"
)
HIGHEST = 12
GIVES_UP = re.compile(r"\bthrow\b|\bprocess\.exit\(|\bexit\(\s*1|\bpanic\(|\bDeno\.exit\(")
_SAME_VALUE = frozenset({"parenthesized_expression", "as_expression", "satisfies_expression", "type_assertion"})
_CONVERSIONS = frozenset(
    {"Number", "String", "parseInt", "parseFloat", "Boolean", "Number.parseInt", "Number.parseFloat"}
)
_DEMANDS = frozenset({"assert", "invariant", "ok", "assert.ok", "tiny-invariant", "strict", "nullthrows"})
_SIGNS = re.compile(r"^(?:(?:jwt|jsonwebtoken|JWT)\.)?(?:sign|verify)$|^(?:crypto\.)?createHmac$")
_SECRETS = frozenset({"secret", "secretOrKey", "secretOrPrivateKey"})


@dataclass(frozen=True, slots=True)
class Context:
    """`ends` is the outermost expression that is still the variable's value; `tested` when only its truth counts."""

    ends: "Node"
    required: bool = False
    default: str | None = None
    fallback: "Node | None" = None
    tested: bool = False
    written: bool = False


def context(node: "Node", source: Source, env: Environment) -> Context:
    """Climb from a read to what is done with its value."""
    at = Context(node)
    for _ in range(HIGHEST):
        parent = at.ends.parent
        if parent is None:
            return at
        following = _step(at, parent, source, env)
        if following is None:
            return at
        if following.ends == at.ends:
            return following
        at = following
    return at


def _step(at: Context, parent: "Node", source: Source, env: Environment) -> Context | None:
    """Return the context one expression further out, the final one with the same end, or None when this is it."""
    kind = parent.type
    if kind in _SAME_VALUE:
        return Context(parent, at.required, at.default, at.fallback)
    if kind == "non_null_expression":
        return Context(parent, at.default is None, at.default, at.fallback)
    if kind in ("if_statement", "template_substitution"):
        return Context(at.ends, at.required, at.default, tested=True)
    if kind in ("assignment_expression", "augmented_assignment_expression"):
        return Context(at.ends, written=True) if parent.child_by_field_name("left") == at.ends else None
    climb = _CLIMBS.get(kind)
    return None if climb is None else climb(at, parent, source, env)


def _in_operator(at: Context, parent: "Node", source: Source, env: Environment) -> Context | None:
    operator = parent.child_by_field_name("operator")
    sign = "" if operator is None else operator.type
    left, right = parent.child_by_field_name("left"), parent.child_by_field_name("right")
    if sign in ("??", "||"):
        if left != at.ends or right is None or at.default is not None:
            return Context(parent, default=at.default)
        default = constant_text(env.read(right, source))
        if default is not None:
            return Context(parent, default=default, fallback=right)
        return Context(parent, required=_gives_up(right, source, env), fallback=right)
    if sign in ("===", "==") and source.text(right or parent) in ("undefined", "null", "''", '""'):
        return Context(at.ends, required=_guards(parent, source), tested=True)
    return Context(at.ends, at.required, at.default, tested=True)


def _gives_up(fallback: "Node", source: Source, env: Environment) -> bool:
    """Say whether a fallback never gives a value: it throws, in place or in the function it calls."""
    text = source.text(fallback)
    if GIVES_UP.search(text):
        return True
    called = callee(unwrapped(fallback)) if unwrapped(fallback).type == "call_expression" else None
    function = None if called is None else env.resolver.resolve(called, source)
    if isinstance(function, Expr) and function.node.child_by_field_name("body") is not None:
        return returned(function) is None and GIVES_UP.search(function.text) is not None
    return False


def _in_ternary(at: Context, parent: "Node", source: Source, env: Environment) -> Context:
    """`process.env.A ? Number(process.env.A) : 30`, climbed from either read."""
    tested, chosen, otherwise = (
        parent.child_by_field_name(each) for each in ("condition", "consequence", "alternative")
    )
    if tested is None or chosen is None or otherwise is None or at.ends == otherwise:
        return Context(parent, default=at.default, tested=True)
    same = source.text(unwrapped(tested)) in source.text(chosen)
    default = constant_text(env.read(otherwise, source)) if same else None
    return Context(at.ends if at.ends == tested else parent, default=default or at.default, tested=True)


def _in_arguments(at: Context, parent: "Node", source: Source, _: Environment) -> Context | None:
    call = parent.parent
    called = None if call is None else callee(call)
    if call is None or called is None:
        return None
    name = source.text(called)
    first = arguments(call)[:1] == [at.ends]
    if name in _CONVERSIONS and first:
        return Context(call, at.required, at.default, at.fallback)
    if name in _DEMANDS and first:
        return Context(at.ends, required=True)
    if _SIGNS.match(name) and arguments(call)[1:2] == [at.ends]:
        return _demanded(at)
    return None


def _in_pair(at: Context, parent: "Node", source: Source, _: Environment) -> Context | None:
    """Nothing signs with an undefined secret: `register(jwt, { secret: process.env.JWT_SECRET })`."""
    key = parent.child_by_field_name("key")
    return _demanded(at) if key is not None and source.text(key).strip("'\"") in _SECRETS else None


def _demanded(at: Context) -> Context:
    otherwise = at.default is not None or at.fallback is not None or at.tested
    return Context(at.ends, at.required or not otherwise, at.default, at.fallback, at.tested)


def _in_negation(at: Context, parent: "Node", source: Source, _: Environment) -> Context | None:
    operator = parent.child_by_field_name("operator")
    sign = "" if operator is None else operator.type
    if sign == "+":
        return Context(parent, at.required, at.default, at.fallback)
    if sign == "delete":
        return Context(at.ends, written=True)
    return Context(at.ends, required=sign == "!" and _guards(parent, source), tested=True)


_CLIMBS: "Mapping[str, Callable[[Context, Node, Source, Environment], Context | None]]" = {
    "binary_expression": _in_operator,
    "ternary_expression": _in_ternary,
    "arguments": _in_arguments,
    "pair": _in_pair,
    "unary_expression": _in_negation,
}


def _guards(test: "Node", source: Source) -> bool:
    """Say whether what follows from a test is that the program gives up."""
    node, parent = test, test.parent
    for _ in range(HIGHEST):
        if parent is None:
            return False
        if parent.type == "if_statement":
            consequence = parent.child_by_field_name("consequence")
            return (
                parent.child_by_field_name("condition") == node
                and consequence is not None
                and GIVES_UP.search(source.text(consequence)) is not None
            )
        if parent.type in ("arrow_function", "return_statement"):
            return GIVES_UP.search(source.content) is not None
        if parent.type == "binary_expression":
            operator = parent.child_by_field_name("operator")
            if operator is not None and operator.type == "&&":
                return False
        elif parent.type != "parenthesized_expression":
            return False
        node, parent = parent, parent.parent
    return False


def guarded_names(source: Source, env: Environment) -> frozenset[str]:
    """Return the variables without which an `if` of this file gives up, tested by the names they were given."""
    found: set[str] = set()
    for statement in source.nodes("if_statement"):
        condition, consequence = (
            statement.child_by_field_name("condition"),
            statement.child_by_field_name("consequence"),
        )
        if condition is None or consequence is None or not GIVES_UP.search(source.text(consequence)):
            continue
        for tested in _missing(condition, source):
            read = variable(env.resolver.resolve(tested, source))
            if read is not None:
                found.add(read[0])
    return frozenset(found)


def _missing(condition: "Node", source: Source) -> "list[Node]":
    """Return the expressions of which a condition says that one of them is missing."""
    found, waiting = [], [condition]
    while waiting:
        node = unwrapped(waiting.pop())
        operator = node.child_by_field_name("operator")
        sign = "" if operator is None else operator.type
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if node.type == "unary_expression" and sign == "!":
            inner = node.child_by_field_name("argument")
            found += [] if inner is None else [inner]
        elif node.type == "binary_expression" and left is not None and right is not None:
            if sign == "||":
                waiting += [left, right]
            elif sign in ("===", "==") and source.text(right) in ("undefined", "null", "''", '""'):
                found.append(left)
    return found
