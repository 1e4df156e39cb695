"""What of an expression comes from the environment, and what it is when the environment does not say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.readers.javascript.env_asked import config_service_key, env_var_inside
from bayplan.readers.javascript.functions import enclosing_function
from bayplan.readers.javascript.meanings import GLOBAL, Expr, External, Meaning, Member
from bayplan.readers.javascript.names import Resolver
from bayplan.readers.javascript.source_file import FUNCTIONS, PARAMETERS, Source
from bayplan.readers.javascript.syntax import (
    argument,
    arguments,
    callee,
    method_of,
    parameter_nodes,
    properties,
    receiver,
    string_value,
)

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 24
LONGEST_EXPRESSION = 20_000
WHOLE = re.compile(r"\bprocess\.env\b(?!\s*(?:\?\.|!?[.\[]))")
_ROOTS: Mapping[tuple[str, ...], str] = {
    ("process", "env"): "process.env",
    ("import.meta", "env"): "import.meta.env",
    ("Bun", "env"): "Bun.env",
}
_CONVERSIONS = frozenset(
    {"Number", "String", "parseInt", "parseFloat", "Number.parseInt", "Number.parseFloat", "Math.floor", "Math.trunc"}
)
_SAME_TEXT = frozenset({"toString", "trim", "toLowerCase", "valueOf"})
NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


@dataclass(frozen=True, slots=True)
class EnvField:
    """A variable as a schema describes it."""

    name: str
    at: Expr
    via: str
    required: bool = True
    default: str | None = None
    kind: str = ""
    purpose: str = ""
    at_build: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What an expression is worth: the variable that decides it, and its value when that is not set."""

    at: Expr
    variable: str | None = None
    value: str | float | None = None
    via: str = ""

    @property
    def number(self) -> int | None:
        try:
            return None if self.value is None else int(float(self.value))
        except (ValueError, OverflowError):
            return None

    @property
    def known(self) -> bool:
        return self.variable is not None or self.value is not None


def environment(meaning: Meaning) -> str | None:
    """Return how the environment as a whole is read here (`process.env`), or None when it is something else."""
    if not isinstance(meaning, External):
        return None
    if meaning.module in ("process", "node:process") and meaning.path == ("env",):
        return "process.env"
    return _ROOTS.get(meaning.path) if meaning.module == GLOBAL else None


def variable(meaning: Meaning) -> tuple[str, str] | None:
    """Return (name, how it is read) of an environment variable."""
    if not isinstance(meaning, External) or not meaning.path:
        return None
    via = environment(External(meaning.module, meaning.path[:-1]))
    return (meaning.path[-1], via) if via is not None and NAME.match(meaning.path[-1]) else None


class Environment:
    """The environment as the program sees it: read plainly, or validated by a schema."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.schemas: Mapping[tuple[str, int, int], tuple[EnvField, ...]] = {}
        """The fields of each validating call, by its place."""
        self.namespaces: Mapping[str, list[Expr]] = {}
        self.validators: frozenset[tuple[str, int]] = frozenset()
        """The functions that Nest's ConfigModule hands the environment to."""

    def stands_for_environment(self, node: "Node", source: Source, depth: int = 0) -> bool:
        """Say whether an expression is the environment, or is made of the whole of it."""
        meaning = self.resolver.resolve(node, source)
        if environment(meaning) is not None:
            return True
        if not isinstance(meaning, Expr):
            return False
        found, text = meaning.node, meaning.text
        if found.type in PARAMETERS or found.type == "identifier":
            return "ProcessEnv" in text or self._is_validated(meaning)
        if found.type not in ("object", "call_expression"):
            return False
        if WHOLE.search(text) and len(text) < LONGEST_EXPRESSION:
            return True
        if found.type == "call_expression":
            before = receiver(found)
            made_of = (*arguments(found), *(() if before is None else (before,)))
            return depth < DEEPEST and any(
                self.stands_for_environment(each, meaning.source, depth + 1) for each in made_of
            )
        values = properties(found, meaning.source).values()
        return any(variable(self.resolver.resolve(value, meaning.source)) for value in values)

    def _is_validated(self, parameter: Expr) -> bool:
        function = enclosing_function(parameter.node)
        return function is not None and (parameter.source.path, function.start_byte) in self.validators

    def field(self, meaning: Meaning) -> EnvField | None:
        """Return the field of a validated environment that a member names."""
        if not isinstance(meaning, Member):
            return None
        of = meaning.of.of if isinstance(meaning.of, Member) and meaning.of.name in _RESULTS else meaning.of
        if not isinstance(of, Expr):
            return None
        fields = self.schemas.get((of.source.path, of.node.start_byte, of.node.end_byte), ())
        return next((field for field in fields if field.name == meaning.name), None)

    def read(self, node: "Node | None", source: Source, depth: int = 0) -> Reading | None:
        """Return what an expression is worth, or None when nothing is known about it."""
        if node is None or depth > DEEPEST:
            return None
        node = unwrapped(node)
        literal = _literal(node, source)
        if literal is not None:
            return Reading(Expr(node, source), value=literal)
        if node.type == "binary_expression":
            return self._either(node, source, depth)
        if node.type == "ternary_expression":
            one = self.read(node.child_by_field_name("consequence"), source, depth + 1)
            other = self.read(node.child_by_field_name("alternative"), source, depth + 1)
            return _merged(one, other)
        if node.type == "unary_expression":
            return self.read(node.child_by_field_name("argument"), source, depth + 1)
        if node.type == "call_expression":
            called = self._call(node, source, depth)
            if called is not None:
                return called
        return self._name(node, source, depth)

    def _either(self, node: "Node", source: Source, depth: int) -> Reading | None:
        operator = node.child_by_field_name("operator")
        if operator is None or operator.type not in ("??", "||"):
            return None
        left = self.read(node.child_by_field_name("left"), source, depth + 1)
        right = self.read(node.child_by_field_name("right"), source, depth + 1)
        return _merged(left, right)

    def _call(self, node: "Node", source: Source, depth: int) -> Reading | None:
        called = callee(node)
        name = "" if called is None else source.text(called)
        if name in _CONVERSIONS:
            return self.read(argument(node, 0), source, depth + 1)
        method, before = method_of(node, source), receiver(node)
        if before is not None and method in _SAME_TEXT:
            return self.read(before, source, depth + 1)
        service = config_service_key(node, source, self.resolver)
        if service is not None:
            return self._configured(service, node, source, depth)
        asked = env_var_inside(node, source, self.resolver)
        if asked is not None:
            default = None if asked[1] is None else self.read(asked[1].node, asked[1].source, depth + 1)
            return Reading(Expr(node, source), asked[0], None if default is None else default.value, "env-var")
        if name == "Deno.env.get":
            text = string_value(argument(node, 0), source)
            return None if text is None else Reading(Expr(node, source), text, via="Deno.env")
        return self._getter(node, source, depth)

    def _validated_default(self, name: str, source: Source) -> str | None:
        """Return the default that a schema gives to a variable, its own package's schema first."""
        named = [field for fields in self.schemas.values() for field in fields if field.name == name]
        named.sort(key=lambda field: field.at.source.package != source.package)
        return next((field.default for field in named if field.default is not None), None)

    def _configured(self, key: str, node: "Node", source: Source, depth: int) -> Reading | None:
        """Return what ConfigService answers: a variable, or what `registerAs` or `load` made of variables."""
        given = arguments(node)
        default = self.read(given[1], source, depth + 1) if len(given) > 1 else None
        space, _, rest = key.partition(".")
        options = [(each, rest.split(".")) for each in self.namespaces.get(space, ()) if rest]
        options += [(each, key.split(".")) for each in self.namespaces.get("", ())]
        for each, path in sorted(options, key=lambda option: option[0].source.package != source.package):
            meaning = self.resolver.resolve(each.node, each.source)
            for part in path:
                meaning = self.resolver.member(meaning, part)
            found = self.read(meaning.node, meaning.source, depth + 1) if isinstance(meaning, Expr) else None
            read = variable(meaning)
            found = Reading(each, read[0], via=read[1]) if read is not None else found
            if found is not None:
                return _merged(found, default)
        named = Reading(Expr(node, source), key, self._validated_default(key, source), "ConfigService")
        return _merged(named, default) if NAME.match(key) else default

    def _getter(self, node: "Node", source: Source, depth: int) -> Reading | None:
        """Return what `get("PORT", 4000)` is worth, where `get` reads the variable it is told the name of."""
        called = callee(node)
        function = None if called is None else self.resolver.resolve(called, source)
        if not isinstance(function, Expr) or function.node.type not in FUNCTIONS:
            return None
        indexed = re.search(r"\benv\[(\w+)\]", function.text)
        names = [
            function.source.text(each.child_by_field_name("pattern") or each) for each in parameter_nodes(function.node)
        ]
        given = arguments(node)
        index = names.index(indexed[1]) if indexed is not None and indexed[1] in names else len(given)
        name = self.resolver.text_of(given[index], source) if index < len(given) else None
        if name is None:
            return None
        others = [self.read(each, source, depth + 1) for each in given[index + 1 :]]
        value = next((other.value for other in others if other is not None and other.value is not None), None)
        return Reading(Expr(node, source), name, value, "process.env")

    def _name(self, node: "Node", source: Source, depth: int) -> Reading | None:
        meaning = self.resolver.resolve(node, source)
        read = variable(meaning)
        if read is not None:
            fallback = self.read(self._pattern_default(node, source), source, depth + 1)
            return _merged(Reading(Expr(node, source), read[0], via=read[1]), fallback)
        field = self.field(meaning)
        if field is not None:
            return Reading(field.at, field.name, field.default, field.via)
        if isinstance(meaning, Expr) and meaning.node.type in PARAMETERS:
            return self.read(meaning.node.child_by_field_name("value"), meaning.source, depth + 1)
        if isinstance(meaning, Expr) and meaning.node != node:
            return self.read(meaning.node, meaning.source, depth + 1)
        if node.type == "call_expression":
            return self._passed_through(node, source, depth)
        default = self._pattern_default(node, source)
        return None if default is None else self.read(default, source, depth + 1)

    def _passed_through(self, node: "Node", source: Source, depth: int) -> Reading | None:
        """Take a call nobody can explain for one that tidies its argument, or that reads the variable it is given."""
        given = arguments(node)
        first = self.read(given[0], source, depth + 1) if given else None
        if first is None or first.variable is not None or not isinstance(first.value, str):
            return first
        if not re.fullmatch(r"[A-Z][A-Z0-9_]+", first.value):
            return None
        default = self.read(given[1], source, depth + 1) if len(given) > 1 else None
        return Reading(Expr(node, source), first.value, None if default is None else default.value)

    def _pattern_default(self, node: "Node", source: Source) -> "Node | None":
        if node.type != "identifier":
            return None
        binding = self.resolver.names(source).find(source.text(node), node.start_byte)
        if binding is None:
            return None
        if binding.kind == "parameter" and binding.node is not None:
            return binding.default or binding.node.child_by_field_name("value")
        return binding.default


_RESULTS = ("data", "value", "output", "env")


def _literal(node: "Node", source: Source) -> str | float | None:
    if node.type == "number":
        try:
            return float(source.text(node).replace("_", ""))
        except ValueError:
            return None
    if node.type in ("true", "false"):
        return node.type
    return string_value(node, source)


def _merged(left: Reading | None, right: Reading | None) -> Reading | None:
    """Return what `left ?? right` is worth."""
    if left is None or right is None:
        return left or right
    if left.variable is None:
        return left if left.value is not None else right
    return left if left.value is not None else replace(left, value=right.value)


def constant_text(reading: Reading | None) -> str | None:
    """Return a constant as the text an environment would hold."""
    if reading is None or reading.value is None:
        return None
    if isinstance(reading.value, float):
        return str(int(reading.value)) if reading.value.is_integer() else str(reading.value)
    return str(reading.value)
