"""What the names of one file stand for: its declarations with their scopes, its imports and its exports."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.readers.javascript.source_file import CLASSES, FUNCTIONS, PARAMETERS, Source
from bayplan.readers.javascript.syntax import argument, callee, properties, string_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

Scope = tuple[int, int]
DEEPEST_PATTERN = 8


@dataclass(frozen=True, slots=True)
class Binding:
    """A declaration of a name.

    `node` is the initial value, the function, the class, the enum or the parameter; `path` leads from there to the
    name when it was destructured; `imported` is (module, exported name), with `*` for the whole module.
    """

    kind: str
    node: "Node | None"
    path: tuple[str, ...] = ()
    default: "Node | None" = None
    imported: tuple[str, str] | None = None
    scope: Scope = (0, 0)


@dataclass(slots=True)
class Exports:
    """What a file offers: expressions or declarations, names passed on from elsewhere, and `export *`."""

    nodes: "dict[str, Node]" = field(default_factory=dict)
    passed_on: dict[str, tuple[str, str]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)


class Names:
    """The declarations of one file by name."""

    def __init__(self, source: Source) -> None:
        self._source = source
        found: list[tuple[int, str, Binding]] = []
        found.extend(_imports(source))
        found.extend(_variables(source))
        found.extend(_declarations(source))
        found.extend(_parameters(source))
        self._by_name: dict[str, list[Binding]] = defaultdict(list)
        found.sort(key=lambda each: each[0])
        for (_, name, binding), scope in zip(found, _scopes(source, [each[0] for each in found]), strict=True):
            self._by_name[name].append(
                Binding(binding.kind, binding.node, binding.path, binding.default, binding.imported, scope)
            )
        self.exports = _exports(source)

    def find(self, name: str, position: int) -> Binding | None:
        """Return the innermost declaration of a name that holds at a position."""
        best: Binding | None = None
        for binding in self._by_name.get(name, ()):
            start, end = binding.scope
            inside = start <= position < end
            if inside and (best is None or end - start < best.scope[1] - best.scope[0]):
                best = binding
        return best

    def imports_from(self, *modules: str) -> bool:
        return any(
            binding.imported is not None and binding.imported[0] in modules
            for bindings in self._by_name.values()
            for binding in bindings
        )


def _scopes(source: Source, positions: list[int]) -> "list[Scope]":
    """Return the innermost scope of each position, in one pass over both."""
    ranges = [(node.start_byte, node.end_byte) for node in source.nodes("statement_block", "for_in_statement")]
    for function in source.nodes(*FUNCTIONS):
        first = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
        ranges.append(((first or function).start_byte, function.end_byte))
    ranges.sort(key=lambda each: (each[0], -each[1]))
    whole = (0, len(source.data) + 1)
    open_ranges = [whole]
    result, following = [], 0
    for position in positions:
        while following < len(ranges) and ranges[following][0] <= position:
            while open_ranges[-1][1] <= ranges[following][0]:
                open_ranges.pop()
            open_ranges.append(ranges[following])
            following += 1
        while open_ranges[-1][1] <= position:
            open_ranges.pop()
        result.append(open_ranges[-1])
    return result


def pattern_names(pattern: "Node", source: Source) -> "Iterator[tuple[Node, str, tuple[str, ...], Node | None]]":
    """Every name that a destructuring pattern declares: its node, its name, the path to it and its default."""
    waiting: list[tuple[Node, tuple[str, ...], Node | None]] = [(pattern, (), None)]
    while waiting:
        node, path, default = waiting.pop()
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            name = source.text(node)
            own = (*path, name) if node.type != "identifier" else path
            yield node, name, own, default
        elif node.type in ("assignment_pattern", "object_assignment_pattern"):
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None:
                waiting.append((left, path, right))
        elif node.type == "pair_pattern":
            key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
            if key is not None and value is not None:
                waiting.append((value, (*path, string_value(key, source) or source.text(key)), None))
        elif node.type == "object_pattern" and len(path) < DEEPEST_PATTERN:
            waiting.extend((child, path, None) for child in node.named_children)


def _imports(source: Source) -> "Iterator[tuple[int, str, Binding]]":
    for statement in source.nodes("import_statement"):
        module = string_value(statement.child_by_field_name("source"), source)
        for clause in statement.named_children:
            if clause.type == "import_require_clause":
                module = string_value(clause.child_by_field_name("source"), source)
            if clause.type in ("import_clause", "import_require_clause") and module is not None:
                for node, imported in _clause_names(clause, source):
                    yield node.start_byte, source.text(node), Binding("import", None, imported=(module, imported))


def _clause_names(clause: "Node", source: Source) -> "Iterator[tuple[Node, str]]":
    for child in clause.named_children:
        if child.type == "identifier":
            yield child, "*" if clause.type == "import_require_clause" else "default"
        elif child.type == "namespace_import" and child.named_children:
            yield child.named_children[0], "*"
        elif child.type == "named_imports":
            for specifier in child.named_children:
                name = specifier.child_by_field_name("name")
                if name is not None:
                    yield specifier.child_by_field_name("alias") or name, source.text(name)


def _variables(source: Source) -> "Iterator[tuple[int, str, Binding]]":
    for declarator in source.nodes("variable_declarator"):
        target, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
        if target is not None and value is not None:
            for node, name, path, default in pattern_names(target, source):
                yield node.start_byte, name, Binding("value", value, path, default)
    for loop in source.nodes("for_in_statement"):
        target, over = loop.child_by_field_name("left"), loop.child_by_field_name("right")
        if target is not None and over is not None and target.type == "identifier":
            yield target.start_byte, source.text(target), Binding("element", over)


def _declarations(source: Source) -> "Iterator[tuple[int, str, Binding]]":
    for node in source.nodes("function_declaration", "generator_function_declaration", *CLASSES, "enum_declaration"):
        name = node.child_by_field_name("name")
        if name is not None:
            yield node.start_byte, source.text(name), Binding("declaration", node)


def _parameters(source: Source) -> "Iterator[tuple[int, str, Binding]]":
    for parameter in source.nodes(*PARAMETERS):
        pattern = parameter.child_by_field_name("pattern")
        if pattern is not None:
            for node, name, path, default in pattern_names(pattern, source):
                yield node.start_byte, name, Binding("parameter", parameter, path, default)
    for function in source.nodes("arrow_function"):
        single = function.child_by_field_name("parameter")
        if single is not None:
            yield single.start_byte, source.text(single), Binding("parameter", single)


def _exports(source: Source) -> Exports:
    exports = Exports()
    for statement in source.nodes("export_statement"):
        _read_export(statement, source, exports)
    for assignment in source.nodes("assignment_expression"):
        _read_commonjs(assignment, source, exports)
    return exports


def _read_export(statement: "Node", source: Source, exports: Exports) -> None:
    module = string_value(statement.child_by_field_name("source"), source)
    is_default = any(child.type == "default" for child in statement.children)
    value, declaration = statement.child_by_field_name("value"), statement.child_by_field_name("declaration")
    if value is not None:
        exports.nodes["default"] = unwrapped(value)
    elif declaration is not None:
        for name, node in _declared(declaration, source):
            exports.nodes["default" if is_default else name] = node
        if is_default and "default" not in exports.nodes:
            exports.nodes["default"] = declaration
    elif module is not None and not any(
        child.type in ("export_clause", "namespace_export") for child in statement.children
    ):
        exports.stars.append(module)
    for child in statement.named_children:
        if child.type == "namespace_export" and module is not None and child.named_children:
            exports.passed_on[source.text(child.named_children[0])] = (module, "*")
        elif child.type == "export_clause":
            _read_clause(child, module, source, exports)
        elif child.type == "identifier" and any(each.type == "=" for each in statement.children):
            exports.nodes["="] = child


def _read_clause(clause: "Node", module: str | None, source: Source, exports: Exports) -> None:
    for specifier in clause.named_children:
        name = specifier.child_by_field_name("name")
        if name is None:
            continue
        shown = source.text(specifier.child_by_field_name("alias") or name)
        if module is None:
            exports.nodes[shown] = name
        else:
            exports.passed_on[shown] = (module, source.text(name))


def _declared(declaration: "Node", source: Source) -> "Iterator[tuple[str, Node]]":
    if declaration.type in ("lexical_declaration", "variable_declaration"):
        for declarator in declaration.named_children:
            target = declarator.child_by_field_name("name")
            if target is not None:
                for node, name, _, _ in pattern_names(target, source):
                    yield name, node
    else:
        name_node = declaration.child_by_field_name("name")
        if name_node is not None:
            yield source.text(name_node), declaration


def _read_commonjs(assignment: "Node", source: Source, exports: Exports) -> None:
    left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
    if left is None or right is None or left.type != "member_expression":
        return
    target = source.text(left)
    if target == "module.exports":
        exports.nodes["="] = unwrapped(right)
        for name, node in properties(unwrapped(right), source).items():
            exports.nodes[name] = node
    elif target.startswith(("exports.", "module.exports.")):
        exports.nodes[target.rpartition(".")[2]] = unwrapped(right)


def required_module(node: "Node", source: Source) -> str | None:
    """Return the module of `require("x")` or `import("x")`."""
    called = callee(node) if node.type == "call_expression" else None
    if called is None or source.text(called) not in ("require", "import"):
        return None
    return string_value(argument(node, 0), source)
