"""What an expression stands for: names, members, imports and calls followed to where the value is written down."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayplan.readers.javascript.bindings import Binding, Names, parameter_index, required_module
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.syntax import (
    CLASSES,
    FUNCTIONS,
    Source,
    argument,
    arguments,
    callee,
    member_name,
    method_of,
    properties,
    receiver,
    string_value,
    unwrapped,
)

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 24
MOST_STEPS = 600
ITERATORS = frozenset({"forEach", "map", "filter", "some", "every", "find", "flatMap"})


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression or declaration that is its own explanation."""

    node: "Node"
    source: Source

    @property
    def text(self) -> str:
        return self.source.text(self.node)


@dataclass(frozen=True, slots=True)
class External:
    """Something that is not written in this workspace: `bullmq` + `Worker`, or the global `process` + `env`."""

    module: str
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Module:
    """A file of the workspace, as a whole."""

    source: Source


@dataclass(frozen=True, slots=True)
class Member:
    """A member of something that only running code would know."""

    of: "Expr | Member"
    name: str


Meaning = Expr | External | Module | Member
GLOBAL = "global"
_NAMES = ("identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern", "type_identifier")


class Resolver:
    """Follows names through files, bounded in depth and in steps; what it cannot follow stands for itself."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._names: dict[str, Names] = {}
        self._known: dict[tuple[str, int, int, str], Meaning] = {}
        self._calls: dict[tuple[str, int], tuple[Expr, ...]] = {}
        self._ends: Collection[tuple[str, int, int]] = ()
        self._depth = 0
        self._steps = 0

    def stop_at(self, places: "Collection[tuple[str, int, int]]") -> None:
        """Let the calls at these places stand for themselves; what was known so far is forgotten."""
        self._ends = places
        self._known.clear()
        self._calls.clear()

    def names(self, source: Source) -> Names:
        if source.path not in self._names:
            self._names[source.path] = Names(source)
        return self._names[source.path]

    def resolve(self, node: "Node", source: Source) -> Meaning:
        """Return what an expression stands for."""
        node = unwrapped(node)
        key = (source.path, node.start_byte, node.end_byte, node.type)
        if key in self._known:
            return self._known[key]
        if self._depth == 0:
            self._steps = 0
        self._steps += 1
        if self._depth >= DEEPEST or self._steps > MOST_STEPS:
            return Expr(node, source)
        self._known[key] = Expr(node, source)  # what leads back to itself stands for itself
        self._depth += 1
        try:
            meaning = self._follow(node, source)
        finally:
            self._depth -= 1
        self._known[key] = meaning
        return meaning

    def _follow(self, node: "Node", source: Source) -> Meaning:
        if node.type in _NAMES:
            return self._name(node, source)
        if node.type in ("member_expression", "subscript_expression"):
            return self._member_expression(node, source)
        if node.type == "meta_property":
            return External(GLOBAL, (source.text(node),))
        if node.type in ("call_expression", "new_expression"):
            return self._call(node, source)
        return Expr(node, source)

    def _name(self, node: "Node", source: Source) -> Meaning:
        name = source.text(node)
        binding = self.names(source).find(name, node.start_byte)
        if binding is None:
            return External(GLOBAL, () if name == "globalThis" else (name,))
        meaning = self._binding(binding, source)
        for key in binding.path:
            meaning = self.member(meaning, key)
        return meaning

    def _binding(self, binding: Binding, source: Source) -> Meaning:
        if binding.imported is not None:
            module, name = binding.imported
            return self.imported(source, module, name)
        if binding.node is None:
            return External(GLOBAL, ())
        if binding.kind == "value":
            return self.resolve(binding.node, source)
        if binding.kind == "parameter" and binding.node.type != "identifier":
            default = binding.node.child_by_field_name("value")
            if default is not None and not isinstance(self.resolve(default, source), Expr):
                return self.resolve(default, source)
        if binding.kind == "parameter":
            return next(self.given(Expr(binding.node, source)), Expr(binding.node, source))
        return Expr(binding.node, source)

    def imported(self, source: Source, module: str, name: str) -> Meaning:
        target = self.program.module(source, module)
        if target is None:
            return External(module, () if name in ("*", "default") else (name,))
        if name != "*":
            return self.exported(target, name)
        whole = self.names(target).exports.nodes.get("=")
        return Module(target) if whole is None else self.resolve(whole, target)

    def exported(self, source: Source, name: str, depth: int = 0) -> Meaning:
        """Return what a file of the workspace exports under a name."""
        exports = self.names(source).exports
        if name in exports.nodes:
            return self.resolve(exports.nodes[name], source)
        if name in exports.passed_on:
            return self._passed_on(source, *exports.passed_on[name], depth)
        if "=" in exports.nodes:
            whole = self.resolve(exports.nodes["="], source)
            return whole if name == "default" else self.member(whole, name)
        for star in exports.stars if depth < DEEPEST else ():
            target = self.program.module(source, star)
            if target is not None and self._offers(target, name, depth + 1):
                return self.exported(target, name, depth + 1)
        return Module(source) if name == "default" else External(source.path, (name,))

    def _passed_on(self, source: Source, module: str, name: str, depth: int) -> Meaning:
        target = self.program.module(source, module)
        if target is None or name == "*" or depth >= DEEPEST:
            return self.imported(source, module, name)
        return self.exported(target, name, depth + 1)

    def _offers(self, source: Source, name: str, depth: int) -> bool:
        exports = self.names(source).exports
        if name in exports.nodes or name in exports.passed_on or "=" in exports.nodes:
            return True
        if depth >= DEEPEST:
            return False
        self._steps += 1
        targets = [self.program.module(source, star) for star in exports.stars] if self._steps < MOST_STEPS else []
        return any(target is not None and self._offers(target, name, depth + 1) for target in targets)

    def _member_expression(self, node: "Node", source: Source) -> Meaning:
        inner = node.child_by_field_name("object")
        if inner is None:
            return Expr(node, source)
        if node.type == "member_expression":
            field = node.child_by_field_name("property")
            key = None if field is None else source.text(field)
        else:
            index = node.child_by_field_name("index")
            key = None if index is None or self.varies(index, source) else self.text_of(index, source)
        if key is None:
            return Expr(node, source)
        if inner.type == "this":
            return self._own_field(node, key, source)
        if source.text(node) == "module.exports":
            return Module(source)
        return self.member(self.resolve(inner, source), key)

    def varies(self, node: "Node", source: Source) -> bool:
        """Say whether a name holds something else in each call or turn."""
        binding = self.names(source).find(source.text(node), node.start_byte) if node.type == "identifier" else None
        return binding is not None and binding.kind in ("parameter", "element")

    def _own_field(self, node: "Node", key: str, source: Source) -> Meaning:
        """Return what a class gives a field of its own, in its declaration or by assignment."""
        for field in source.nodes("public_field_definition"):
            value = field.child_by_field_name("value")
            if value is not None and member_name(field, source) == key:
                return self.resolve(value, source)
        for method in source.nodes("method_definition"):
            if member_name(method, source) == key:
                return Expr(method, source)
        for assignment in source.nodes("assignment_expression"):
            left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
            if left is not None and right is not None and source.text(left) == f"this.{key}":
                return self.resolve(right, source)
        return Expr(node, source)

    def member(self, meaning: Meaning, key: str) -> Meaning:
        """Return what a member of something stands for."""
        if isinstance(meaning, External):
            return External(meaning.module, (*meaning.path, key))
        if isinstance(meaning, Module):
            return self.exported(meaning.source, key)
        if isinstance(meaning, Member):
            return Member(meaning, key)
        found = self._literal_member(meaning, key)
        return Member(meaning, key) if found is None else found

    def _literal_member(self, of: Expr, key: str) -> Meaning | None:
        node, source = of.node, of.source
        if node.type == "object":
            found = properties(node, source).get(key)
            if found is not None:
                return self.resolve(found, source)
            return self._spread_member(of, key)
        if node.type == "new_expression":
            called = callee(node)
            made = of if called is None else self.resolve(called, source)
            return self._declared_member(made, key) if isinstance(made, Expr) else None
        return self._declared_member(of, key)

    def _declared_member(self, of: Expr, key: str) -> Meaning | None:
        """Return what an enum or a class declares under a name."""
        if of.node.type not in ("enum_declaration", *CLASSES):
            return None
        body = of.node.child_by_field_name("body")
        for member in body.named_children if body is not None else ():
            if member_name(member, of.source) == key:
                if member.type == "method_definition":
                    return Expr(member, of.source)
                value = member.child_by_field_name("value")
                return None if value is None else self.resolve(value, of.source)
        return None

    def _spread_member(self, of: Expr, key: str) -> Meaning | None:
        for child in of.node.named_children:
            if child.type == "spread_element" and child.named_children:
                meaning = self.resolve(child.named_children[0], of.source)
                if isinstance(meaning, Expr) and meaning.node.type == "object" and meaning.node != of.node:
                    found = self._literal_member(meaning, key) if self._steps < MOST_STEPS else None
                    self._steps += 1
                    if found is not None:
                        return found
        return None

    def _call(self, node: "Node", source: Source) -> Meaning:
        module = required_module(node, source)
        if module is not None:
            return self.imported(source, module, "*")
        called = callee(node)
        if (
            called is None
            or node.type == "new_expression"
            or (source.path, node.start_byte, node.end_byte) in self._ends
        ):
            return Expr(node, source)
        if source.text(called) == "Object.freeze":
            first = argument(node, 0)
            return Expr(node, source) if first is None else self.resolve(first, source)
        function = self.resolve(called, source)
        if isinstance(function, Expr) and function.node.type in FUNCTIONS:
            returned = self.returned(function)
            if returned is not None:
                meaning = self.resolve(returned, function.source)
                if not isinstance(meaning, Expr) or meaning.node.type not in _UNEXPLAINED:
                    return meaning
        return Expr(node, source)

    def returned(self, function: Expr) -> "Node | None":
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

    def given(self, parameter: Expr) -> "Iterator[Meaning]":
        """Yield what callers in this workspace pass for a parameter."""
        function = enclosing_function(parameter.node)
        if function is None:
            return
        index = parameter_index(parameter.node, function)
        for call in self.calls(Expr(function, parameter.source)):
            passed = argument(call.node, index) if index >= 0 else None
            if passed is not None and passed.type != "spread_element":
                yield self.resolve(passed, call.source)

    def calls(self, function: Expr) -> "Sequence[Expr]":
        """Return the calls of a function of this workspace, its own file first."""
        key = (function.source.path, function.node.start_byte)
        if key not in self._calls:
            self._calls[key] = ()  # a function that is called with what it returns calls itself no more than once
            self._calls[key] = tuple(self._find_calls(function))
        return self._calls[key]

    def _find_calls(self, function: Expr) -> "Iterator[Expr]":
        name = function_name(function)
        others = self.program.calling(name, function.source) if name else []
        for source in (function.source, *others):
            for call in source.calls_named(name) if name else ():
                called = callee(call)
                if called is not None and self._means(called, source, function):
                    yield Expr(call, source)

    def _means(self, called: "Node", source: Source, function: Expr) -> bool:
        meaning = self.resolve(called, source)
        if not isinstance(meaning, Expr):
            return False
        node = meaning.node
        if function.node.type == "method_definition":
            start, end = function.node.start_byte, function.node.end_byte
            return meaning.source is function.source and node.start_byte <= start and end <= node.end_byte
        return meaning.source is function.source and node == function.node

    def text_of(self, node: "Node | None", source: Source) -> str | None:
        """Return the text that an expression stands for, when it is a constant."""
        if node is None:
            return None
        node = unwrapped(node)
        own = string_value(node, source)
        if own is not None:
            return own
        if node.type == "template_string":
            return self._template(node, source)
        meaning = self.resolve(node, source)
        if isinstance(meaning, Expr) and meaning.node != node:
            return string_value(meaning.node, meaning.source) or (
                self._template(meaning.node, meaning.source) if meaning.node.type == "template_string" else None
            )
        return None

    def _template(self, node: "Node", source: Source) -> str | None:
        parts: list[str] = []
        for child in node.named_children:
            if child.type == "template_substitution":
                inner = child.named_children[0] if child.named_children else None
                meaning = None if inner is None else self.resolve(inner, source)
                value = string_value(meaning.node, meaning.source) if isinstance(meaning, Expr) else None
                if value is None:
                    return None
                parts.append(value)
            else:
                parts.append(source.text(child))
        return "".join(parts)

    def texts(self, node: "Node", source: Source) -> "list[tuple[str, Expr]]":
        """Return every constant text an expression may stand for, each with its place.

        More than one where the name is a parameter, or runs over an array.
        """
        node = unwrapped(node)
        found = [
            (text, each)
            for each in (self._turns(node, source) if self.varies(node, source) else [Expr(node, source)])
            if (text := self.text_of(each.node, each.source)) is not None
        ]
        return list({(text, each.source.path, each.node.start_byte): (text, each) for text, each in found}.values())

    def _turns(self, node: "Node", source: Source) -> list[Expr]:
        """Return what a parameter or the variable of a loop stands for, one after the other."""
        binding = self.names(source).find(source.text(node), node.start_byte)
        if binding is None or binding.node is None:
            return []
        if binding.kind == "element":
            return self.elements(binding.node, source)
        function = enclosing_function(binding.node)
        if function is None:
            return []
        caller = function.parent.parent if function.parent is not None and function.parent.type == "arguments" else None
        if caller is not None and caller.type == "call_expression" and method_of(caller, source) in ITERATORS:
            over = receiver(caller)
            return [] if over is None else self.elements(over, source)
        index = parameter_index(binding.node, function)
        calls = self.calls(Expr(function, source)) if index >= 0 else ()
        return [Expr(passed, call.source) for call in calls if (passed := argument(call.node, index)) is not None]

    def elements(self, node: "Node", source: Source) -> list[Expr]:
        """Return the elements of an array, itself or behind a name; a single expression is its only element."""
        meaning = self.resolve(node, source)
        if isinstance(meaning, Expr) and meaning.node.type == "array":
            return [
                Expr(unwrapped(each), meaning.source) for each in meaning.node.named_children if each.type != "comment"
            ]
        return [meaning] if isinstance(meaning, Expr) else []

    def members(self, node: "Node | None", source: Source) -> "dict[str, Expr]":
        """Return the members of an object literal, itself or behind a name, spread objects included."""
        if node is None:
            return {}
        found: dict[str, Expr] = {}
        waiting = [self.resolve(node, source)]
        for _ in range(MOST_STEPS):
            meaning = waiting.pop() if waiting else None
            if not isinstance(meaning, Expr) or meaning.node.type != "object":
                if not waiting:
                    break
                continue
            for key, value in properties(meaning.node, meaning.source).items():
                found.setdefault(key, Expr(value, meaning.source))
            spread = [child for child in meaning.node.named_children if child.type == "spread_element"]
            waiting += [self.resolve(each.named_children[0], meaning.source) for each in spread if each.named_children]
        return found

    def external(self, node: "Node | None", source: Source) -> External | None:
        """Return what an expression stands for when it comes from outside the workspace."""
        if node is None:
            return None
        meaning = self.resolve(node, source)
        return meaning if isinstance(meaning, External) else None

    def called(self, call: "Node", source: Source) -> External:
        """Return the outside function or class that is called, or an empty one."""
        return self.external(callee(call), source) or External("", ())


_UNEXPLAINED = (*("required_parameter", "optional_parameter"), "identifier", "subscript_expression")


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
    if holder is None or holder.type not in ("variable_declarator", "pair", "public_field_definition"):
        return ""
    name = holder.child_by_field_name("key" if holder.type == "pair" else "name")
    return "" if name is None else source.text(name)


def first_argument_texts(call: "Node", source: Source, resolver: Resolver) -> list[str]:
    """Return the constant texts of a call's first argument, which may be a list."""
    given = arguments(call)
    if not given:
        return []
    texts = (resolver.text_of(each.node, each.source) for each in resolver.elements(given[0], source))
    return [text for text in texts if text is not None]
