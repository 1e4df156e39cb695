"""What an expression stands for: names, members, imports and calls followed to where the value is written down."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.readers.javascript.bindings import Binding, Names, required_module
from bayplan.readers.javascript.functions import enclosing_function, function_name, parameter_index, returned
from bayplan.readers.javascript.meanings import GLOBAL, Expr, External, Meaning, Member, Module
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.source_file import CLASSES, FUNCTIONS, Source
from bayplan.readers.javascript.syntax import (
    argument,
    callee,
    member_name,
    method_of,
    properties,
    receiver,
    string_value,
)

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 24
MOST_STEPS = 600
ITERATORS = frozenset({"forEach", "map", "filter", "some", "every", "find", "flatMap"})
_NAMES = ("identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern", "type_identifier")


class Resolver:
    """Follows names through files, bounded in depth and in steps; what it cannot follow stands for itself."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._names: dict[str, Names] = {}
        self._known: dict[tuple[str, int, int, str], Meaning] = {}
        self._calls: dict[tuple[str, int], tuple[Expr, ...]] = {}
        self._by_callee: dict[str, Mapping[str, Sequence[Node]]] = {}
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
        if depth >= DEEPEST:
            return External(module, (name,))
        if target is None or name == "*":
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
            result = returned(function)
            if result is not None:
                meaning = self.resolve(result, function.source)
                if not isinstance(meaning, Expr) or meaning.node.type not in _UNEXPLAINED:
                    return meaning
        return Expr(node, source)

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
            for call in self._calls_named(name, source) if name else ():
                called = callee(call)
                if called is not None and self._means(called, source, function):
                    yield Expr(call, source)

    def _calls_named(self, name: str, source: Source) -> "Sequence[Node]":
        if source.path not in self._by_callee:
            by_callee: dict[str, list[Node]] = defaultdict(list)
            for call in source.nodes("call_expression", "new_expression"):
                by_callee[method_of(call, source)].append(call)
            self._by_callee[source.path] = by_callee
        return self._by_callee[source.path].get(name, ())

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
