"""A file of TypeScript, evaluated without being run: declarations, literals, calls of its own functions.

Whatever depends on more than the file itself is unknown. Nothing is imported, no loop runs, and the work is bounded.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bayplan.formats import typescript
from bayplan.formats.typescript import unwrapped, written
from bayplan.formats.typescript_parts import fragment, from_pairs, member, number, parameters
from bayplan.formats.typescript_values import (
    UNKNOWN,
    Data,
    Function,
    Items,
    Object,
    Scope,
    Table,
    Unknown,
    Value,
    items,
    table,
    text,
)

if TYPE_CHECKING:
    from tree_sitter import Node

STEPS = 20_000
DEPTH = 60
LITERALS = {"true": True, "false": False, "null": None}
FUNCTIONS = ("arrow_function", "function_expression", "function_declaration")
READ = frozenset(
    {
        "array",
        "binary_expression",
        "call_expression",
        "identifier",
        "member_expression",
        "number",
        "object",
        "string",
        "subscript_expression",
        "template_string",
        "ternary_expression",
        "unary_expression",
    }
)
"""The expressions of which anything is known; each has a method of its name."""
DECLARATIONS = ("lexical_declaration", "variable_declaration")
Modules = Mapping[str, Mapping[str, Data]]
"""What is known of modules: their exports by name."""
Odd = Callable[["Node", Data], None]
"""Told of an object that is made a part of a text."""


class Evaluation:
    """Evaluates one file. `odd` is told where an object would become `[object Object]` in a text."""

    def __init__(self, data: bytes, modules: Modules, odd: Odd) -> None:
        self.modules = modules
        self.odd = odd
        self.steps = 0
        self.changed = False
        """Whether a list is changed after it was made, which is not followed."""
        self.top = Scope()
        root = typescript.parse(data, plain=True)
        self._statements(root.named_children, self.top, 0)
        self.default = self._default(root)

    def called(self, function: Data, arguments: tuple[Value, ...], place: tuple[int, int], depth: int = 0) -> Data:
        """Return what a function comes to with these arguments."""
        if not isinstance(function, Function) or depth > DEPTH:
            return UNKNOWN
        if function.call is not None:
            return function.call(arguments, place)
        node = function.node
        body = None if node is None else node.child_by_field_name("body")
        if node is None or body is None:
            return UNKNOWN
        scope = Scope(function.scope)
        for index, name in enumerate(parameters(node)):
            self._bind(name, arguments[index].data if index < len(arguments) else UNKNOWN, scope)
        if body.type != "statement_block":
            return self.value(body, scope, depth + 1)
        returned = self._statements(body.named_children, scope, depth + 1)
        return UNKNOWN if returned is None else returned.data

    def _default(self, root: "Node") -> Data:
        """Return what the file exports as its default."""
        for node in root.named_children:
            if node.type == "export_statement" and any(child.type == "default" for child in node.children):
                value = node.child_by_field_name("value") or node.child_by_field_name("declaration")
                if value is not None:
                    return self.value(value, self.top, 0)
        return UNKNOWN

    def _statements(self, nodes: "list[Node]", scope: Scope, depth: int) -> Value | None:
        """Go through statements; return what the first of them returns that is sure to be reached."""
        for node in nodes:
            if node.type == "function_declaration" and (name := node.child_by_field_name("name")) is not None:
                scope.names[written(name)] = Function(node, scope)
        for node in nodes:
            declaration = node.child_by_field_name("declaration") if node.type == "export_statement" else node
            if declaration is None:
                continue
            if declaration.type in DECLARATIONS:
                self._declared(declaration, scope, depth)
            elif declaration.type == "import_statement":
                self._imported(declaration, scope)
            elif declaration.type == "expression_statement" and declaration.named_children:
                self.value(declaration.named_children[0], scope, depth)
            elif declaration.type == "return_statement":
                inner = declaration.named_children
                data = self.value(inner[0], scope, depth) if inner else UNKNOWN
                return Value(data, declaration.start_byte, declaration.end_byte)
            elif declaration.type in ("if_statement", "statement_block", "else_clause") and depth < DEPTH:
                inside = [child for child in declaration.named_children if child.type != "parenthesized_expression"]
                self._statements(inside, Scope(scope), depth + 1)
        return None

    def _declared(self, declaration: "Node", scope: Scope, depth: int) -> None:
        for node in declaration.named_children:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if node.type == "variable_declarator" and name is not None:
                self._bind(name, UNKNOWN if value is None else self.value(value, scope, depth), scope)

    def _bind(self, name: "Node", data: Data, scope: Scope) -> None:
        if name.type == "identifier":
            scope.names[written(name)] = data
        elif name.type == "object_pattern":
            for each in name.named_children:
                if each.type == "shorthand_property_identifier_pattern":
                    scope.names[written(each)] = member(data, written(each))

    def _imported(self, node: "Node", scope: Scope) -> None:
        source = node.child_by_field_name("source")
        known = self.modules.get(written(source)[1:-1], {}) if source is not None else {}
        for clause in (child for child in node.named_children if child.type == "import_clause"):
            for part in clause.named_children:
                if part.type == "namespace_import" and part.named_children:
                    name = written(part.named_children[-1])
                    scope.names[name] = Object(lambda member: known.get(member, UNKNOWN)) if known else UNKNOWN
                for each in part.named_children if part.type == "named_imports" else ():
                    given, alias = each.child_by_field_name("name"), each.child_by_field_name("alias")
                    if given is not None:
                        scope.names[written(alias or given)] = known.get(written(given), UNKNOWN)

    def value(self, node: "Node", scope: Scope, depth: int) -> Data:
        """Return what an expression comes to."""
        self.steps += 1
        node = unwrapped(node)
        if self.steps > STEPS or depth > DEPTH:
            return UNKNOWN
        if node.type in LITERALS:
            return LITERALS[node.type]
        if node.type in FUNCTIONS:
            return Function(node, scope)
        if node.type not in READ:
            return UNKNOWN
        found: Data = getattr(self, f"_{node.type}")(node, scope, depth + 1)
        return found

    def located(self, node: "Node", scope: Scope, depth: int) -> Value:
        return Value(self.value(node, scope, depth), node.start_byte, node.end_byte)

    def _identifier(self, node: "Node", scope: Scope, _: int) -> Data:
        return scope.find(written(node))

    def _number(self, node: "Node", _: Scope, __: int) -> Data:
        return number(written(node))

    def _string(self, node: "Node", _: Scope, __: int) -> Data:
        return text(typescript.combined("".join(fragment(child) for child in node.named_children)))

    def _template_string(self, node: "Node", scope: Scope, depth: int) -> Data:
        parts: list[Data] = []
        for child in node.named_children:
            whole = child.type != "template_substitution"
            inner = None if whole else next((each for each in child.named_children if each.type != "comment"), None)
            parts.append(fragment(child) if inner is None else self.value(inner, scope, depth))
        return self._joined(node, parts)

    def _joined(self, node: "Node", parts: list[Data]) -> Data:
        """Return the text that these parts make."""
        for part in parts:
            if isinstance(part, Object):
                self.odd(node, part)
        if any(not isinstance(part, str | int) or isinstance(part, bool) for part in parts):
            return UNKNOWN
        return text("".join(str(part) for part in parts))

    def _binary_expression(self, node: "Node", scope: Scope, depth: int) -> Data:
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return UNKNOWN
        first, second = self.value(left, scope, depth), self.value(right, scope, depth)
        sign = operator.type
        if sign == "+" and (isinstance(first, str) or isinstance(second, str)):
            return self._joined(node, [first, second])
        if sign in ("===", "==", "!==", "!=") and isinstance(first, str | int) and isinstance(second, str | int):
            return (first == second) is (sign in ("===", "=="))
        if sign in ("&&", "||") and isinstance(first, bool):
            return second if first is (sign == "&&") else first
        if sign == "??" and not isinstance(first, Unknown):
            return second if first is None else first
        return UNKNOWN

    def _unary_expression(self, node: "Node", scope: Scope, depth: int) -> Data:
        inner = node.child_by_field_name("argument")
        data = UNKNOWN if inner is None else self.value(inner, scope, depth)
        sign = node.children[0].type
        if sign == "!" and isinstance(data, bool):
            return not data
        return -data if sign == "-" and isinstance(data, int | float) else UNKNOWN

    def _ternary_expression(self, node: "Node", scope: Scope, depth: int) -> Data:
        parts = [node.child_by_field_name(name) for name in ("condition", "consequence", "alternative")]
        test, first, second = (UNKNOWN if part is None else self.value(part, scope, depth) for part in parts)
        if isinstance(test, bool):
            return first if test else second
        return UNKNOWN

    def _member_expression(self, node: "Node", scope: Scope, depth: int) -> Data:
        holder, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if holder is None or name is None:
            return UNKNOWN
        return member(self.value(holder, scope, depth), written(name))

    def _subscript_expression(self, node: "Node", scope: Scope, depth: int) -> Data:
        holder, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        if holder is None or index is None:
            return UNKNOWN
        data, key = self.value(holder, scope, depth), self.value(index, scope, depth)
        if isinstance(data, Items) and isinstance(key, int) and data.whole and 0 <= key < len(data.values):
            return data.values[key].data
        return member(data, key) if isinstance(key, str) else UNKNOWN

    def _array(self, node: "Node", scope: Scope, depth: int) -> Data:
        values: list[Value] = []
        whole = True
        for child in node.named_children:
            if child.type == "spread_element" and child.named_children:
                inner = self.value(child.named_children[0], scope, depth)
                values += inner.values if isinstance(inner, Items) else ()
                whole = whole and isinstance(inner, Items) and inner.whole
            elif child.type != "comment":
                values.append(self.located(child, scope, depth))
        return items(values, whole=whole)

    def _object(self, node: "Node", scope: Scope, depth: int) -> Data:
        entries: dict[str, tuple[Value, tuple[int, int]]] = {}
        whole = True
        for child in node.named_children:
            if child.type == "spread_element" and child.named_children:
                inner = self.value(child.named_children[0], scope, depth)
                entries |= inner.entries if isinstance(inner, Table) else {}
                whole = whole and isinstance(inner, Table) and inner.whole
            elif child.type == "shorthand_property_identifier":
                place = child.start_byte, child.end_byte
                entries[written(child)] = Value(scope.find(written(child)), *place), place
            elif child.type == "pair":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                name = None if key is None else self._key(key, scope, depth)
                if key is not None and value is not None and name is not None:
                    entries[name] = self.located(value, scope, depth), (key.start_byte, key.end_byte)
                whole = whole and name is not None
            elif child.type != "comment":
                whole = False
        return table(entries, whole=whole)

    def _key(self, node: "Node", scope: Scope, depth: int) -> str | None:
        if node.type == "computed_property_name":
            data = self.value(node.named_children[0], scope, depth) if node.named_children else UNKNOWN
            return str(data) if isinstance(data, str | int) else None
        if node.type == "string":
            return typescript.combined("".join(fragment(child) for child in node.named_children))
        return written(node)

    def _call_expression(self, node: "Node", scope: Scope, depth: int) -> Data:
        called, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if called is None or given is None:
            return UNKNOWN
        inner = [child for child in given.named_children if child.type != "comment"]
        arguments = tuple(self.located(child, scope, depth) for child in inner)
        place = node.start_byte, node.end_byte
        called = unwrapped(called)
        name = called.child_by_field_name("property") if called.type == "member_expression" else None
        holder = called.child_by_field_name("object") if name is not None else None
        if name is not None and holder is not None:
            known = self._method(written(holder), self.value(holder, scope, depth), written(name), arguments, depth)
            if known is not None:
                return known
        return self.called(self.value(called, scope, depth), arguments, place, depth)

    def _method(self, holder: str, data: Data, name: str, arguments: tuple[Value, ...], depth: int) -> Data | None:
        """Return what the few methods of the language come to that make lists and tables of others."""
        first = arguments[0].data if arguments else UNKNOWN
        if holder == "Object" and name == "freeze":
            return first
        if holder == "Object" and name == "fromEntries":
            return from_pairs(first)
        if isinstance(data, Items) and name == "map":
            found = [Value(self._of_each(first, each, depth), each.start, each.end) for each in data.values]
            return items(found, whole=data.whole)
        self.changed = self.changed or isinstance(data, Items)
        return None

    def _of_each(self, function: Data, each: Value, depth: int) -> Data:
        self.steps += 1
        return self.called(function, (each,), (each.start, each.end), depth + 1) if self.steps < STEPS else UNKNOWN
