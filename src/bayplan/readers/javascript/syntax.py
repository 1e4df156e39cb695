"""One source file: parsed when somebody first asks, and at most once."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING

from bayplan.source import At

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query

FUNCTIONS = (
    "arrow_function",
    "function_expression",
    "function_declaration",
    "generator_function_declaration",
    "method_definition",
)
CLASSES = ("class_declaration", "abstract_class_declaration")
PARAMETERS = ("required_parameter", "optional_parameter")
KINDS = (
    *FUNCTIONS,
    *CLASSES,
    *PARAMETERS,
    "assignment_expression",
    "binary_expression",
    "call_expression",
    "comment",
    "enum_declaration",
    "export_statement",
    "for_in_statement",
    "if_statement",
    "import_statement",
    "member_expression",
    "new_expression",
    "public_field_definition",
    "return_statement",
    "statement_block",
    "subscript_expression",
    "throw_statement",
    "variable_declarator",
)
WRAPPERS = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "await_expression",
        "type_assertion",
    }
)
MANY_BRACKETS = 5_000
DEEPEST = 1_500
_BRACKET = re.compile(rb"[(\[{]|[)\]}]")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f", "v": "\v"}


@cache
def _grammar(*, plain: bool) -> "tuple[Language, Query]":
    import tree_sitter
    import tree_sitter_typescript

    grammar = tree_sitter_typescript.language_typescript() if plain else tree_sitter_typescript.language_tsx()
    language = tree_sitter.Language(grammar)
    return language, tree_sitter.Query(language, "\n".join(f"({kind}) @{kind}" for kind in KINDS))


def _too_deep(data: bytes) -> bool:
    """Say whether brackets nest as no hand ever wrote them; looking upwards in such a tree is slow."""
    if data.count(b"(") + data.count(b"[") + data.count(b"{") < MANY_BRACKETS:
        return False
    depth = deepest = 0
    for match in _BRACKET.finditer(data):
        depth += 1 if match[0] in b"([{" else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST


def _readable(data: bytes) -> bytes:
    """Return the text without its byte order mark, or nothing when it is not a text a hand could have written."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode()
    except UnicodeDecodeError:
        return b""
    return b"" if _too_deep(data) else data


class Source:
    """A file of TypeScript or JavaScript. What cannot be parsed holds nothing."""

    def __init__(self, path: str, data: bytes, package: str) -> None:
        self.path = path
        self.package = package
        self.data = _readable(data)

    @cached_property
    def root(self) -> "Node":
        import tree_sitter

        language, _ = _grammar(plain=self.path.endswith((".ts", ".mts", ".cts")))
        return tree_sitter.Parser(language).parse(self.data).root_node

    @cached_property
    def _captures(self) -> "Mapping[str, list[Node]]":
        import tree_sitter

        root = self.root
        _, query = _grammar(plain=self.path.endswith((".ts", ".mts", ".cts")))
        found = tree_sitter.QueryCursor(query).captures(root)
        for nodes in found.values():
            nodes.sort(key=_start)
        return found

    def nodes(self, *kinds: str) -> "Sequence[Node]":
        """Return every node of these kinds (of `KINDS`), in the order of the text for each kind."""
        if len(kinds) == 1:
            return self._captures.get(kinds[0], ())
        return [node for kind in kinds for node in self._captures.get(kind, ())]

    @cached_property
    def _calls(self) -> "Mapping[str, list[Node]]":
        found: dict[str, list[Node]] = defaultdict(list)
        for call in self.nodes("call_expression", "new_expression"):
            found[method_of(call, self)].append(call)
        return found

    def calls_named(self, *names: str) -> "Sequence[Node]":
        """Return every call and every `new` of a function, method or class of one of these names."""
        return [call for name in names for call in self._calls.get(name, ())]

    def within(self, outer: "Node", *kinds: str) -> "Iterator[Node]":
        """Every node of these kinds inside another."""
        start, end = outer.start_byte, outer.end_byte
        return (node for node in self.nodes(*kinds) if start <= node.start_byte and node.end_byte <= end)

    @cached_property
    def content(self) -> str:
        return self.data.decode()

    @cached_property
    def lines(self) -> list[str]:
        return self.content.split("\n")

    @cached_property
    def _comments(self) -> "tuple[dict[int, Node], dict[int, Node]]":
        comments = self.nodes("comment")
        return {node.start_point.row: node for node in comments}, {node.end_point.row: node for node in comments}

    def text(self, node: "Node") -> str:
        return self.data[node.start_byte : node.end_byte].decode(errors="replace")

    def at(self, node: "Node") -> At:
        """Return the place of a node; its length is that of its first line, in characters."""
        start = node.start_byte
        line_start = self.data.rfind(b"\n", 0, start) + 1
        column = len(self.data[line_start:start].decode(errors="replace")) + 1
        first_line = self.text(node).split("\n", 1)[0].rstrip("\r")
        return At(self.path, node.start_point.row + 1, column, len(first_line))

    def purpose(self, node: "Node") -> str:
        """Return the comment behind a node on its line, or the one directly above it."""
        by_start, by_end = self._comments
        trailing = by_start.get(node.end_point.row)
        if trailing is not None and trailing.start_byte >= node.end_byte:
            return _prose([self.text(trailing)])
        texts: list[str] = []
        row = node.start_point.row - 1
        while (above := by_end.get(row)) is not None and self._stands_alone(above):
            text = self.text(above)
            if texts and text.startswith("/*"):
                break
            texts.insert(0, text)
            if text.startswith("/*"):
                break
            row = above.start_point.row - 1
        return _prose(texts)

    def _stands_alone(self, comment: "Node") -> bool:
        row, column = comment.start_point.row, comment.start_point.column
        return not self.lines[row].encode()[:column].strip()


def _start(node: "Node") -> int:
    return node.start_byte


def _prose(comments: Sequence[str]) -> str:
    """Return the words of comments, without their marks, their tags and what they tell other tools."""
    lines = [line for comment in comments for line in comment.split("\n")]
    words = [re.sub(r"^\s*(?:/\*+|//+|\*+(?!/))\s?|\s*\*+/\s*$", "", line).strip() for line in lines]
    orders = ("@", "eslint", "prettier", "biome", "istanbul", "v8 ignore", "tslint", "global ", "!", "#", "---", "===")
    spoken = [each for each in words if each and not each.lower().startswith(orders)]
    return " ".join(spoken)[:300]


def unwrapped(node: "Node") -> "Node":
    """Return the expression inside parentheses, casts, `!` and `await`."""
    while node.type in WRAPPERS and node.named_children:
        inner = [child for child in node.named_children if child.type != "comment"]
        if not inner:
            return node
        node = inner[-1] if node.type == "type_assertion" else inner[0]
    return node


def string_value(node: "Node | None", source: Source) -> str | None:
    """Return the text of a string, or of a template without holes."""
    if node is None or node.type not in ("string", "template_string"):
        return None
    parts = []
    for child in node.named_children:
        text = source.text(child)
        if child.type == "string_fragment":
            parts.append(text)
        elif child.type == "escape_sequence":
            parts.append(_ESCAPES.get(text[1:], text[1:]))
        else:
            return None
    return "".join(parts)


def arguments(call: "Node") -> "list[Node]":
    """Return the arguments of a call or a `new`, comments left out."""
    holder = call.child_by_field_name("arguments")
    if holder is None or holder.type != "arguments":
        return []
    return [child for child in holder.named_children if child.type != "comment"]


def argument(call: "Node", index: int) -> "Node | None":
    given = arguments(call)
    return unwrapped(given[index]) if index < len(given) else None


def callee(call: "Node") -> "Node | None":
    """Return what is called or constructed."""
    called = call.child_by_field_name("constructor" if call.type == "new_expression" else "function")
    return None if called is None else unwrapped(called)


def method_of(call: "Node", source: Source) -> str:
    """Return the name behind the last dot of what is called, or of a plain function; else nothing."""
    called = callee(call)
    if called is None:
        return ""
    if called.type == "identifier":
        return source.text(called)
    named = called.child_by_field_name("property") if called.type == "member_expression" else None
    return "" if named is None else source.text(named)


def receiver(call: "Node") -> "Node | None":
    """Return what stands before the last dot of what is called."""
    called = callee(call)
    if called is None or called.type != "member_expression":
        return None
    return called.child_by_field_name("object")


def chain(node: "Node", source: Source) -> "tuple[Node, list[tuple[str, Node]]]":
    """Take `base.a(x).b(y)` apart: the base, and each method with its call, in the order they are called."""
    calls: list[tuple[str, Node]] = []
    node = unwrapped(node)
    while node.type == "call_expression":
        before = receiver(node)
        if before is None:
            break
        calls.append((method_of(node, source), node))
        node = unwrapped(before)
    calls.reverse()
    return node, calls


def properties(node: "Node | None", source: Source) -> "dict[str, Node]":
    """Return the values of an object literal by key; a shorthand is its own value, a method its definition."""
    found: dict[str, Node] = {}
    for member in node.named_children if node is not None and node.type == "object" else ():
        key = member_name(member, source)
        if key is None:
            continue
        value = member.child_by_field_name("value") if member.type == "pair" else member
        if value is not None:
            found[key] = unwrapped(value)
    return found


def member_name(member: "Node", source: Source) -> str | None:
    """Return the key of a member of an object literal, a class or an enum."""
    if member.type in ("shorthand_property_identifier", "property_identifier"):
        return source.text(member)
    key = member.child_by_field_name("key") or member.child_by_field_name("name")
    if key is None:
        return None
    if key.type == "computed_property_name":
        inner = key.named_children
        return string_value(inner[0], source) if len(inner) == 1 else None
    return string_value(key, source) if key.type == "string" else source.text(key)


def parameter_nodes(function: "Node") -> "list[Node]":
    """Return the parameters of a function; `x => x` has its identifier."""
    single = function.child_by_field_name("parameter")
    if single is not None:
        return [single]
    holder = function.child_by_field_name("parameters")
    return [] if holder is None else [child for child in holder.named_children if child.type in PARAMETERS]


def decorators(node: "Node") -> "list[Node]":
    """Return the decorators of a class, a member or a parameter, wherever the grammar hangs them."""
    own = [child for child in node.children if child.type == "decorator"]
    parent = node.parent
    if parent is not None and parent.type == "export_statement":
        own += [child for child in parent.children if child.type == "decorator"]
    before = node.prev_named_sibling if node.type in ("method_definition", "public_field_definition") else None
    while before is not None and before.type in ("decorator", "comment"):
        if before.type == "decorator":
            own.insert(0, before)
        before = before.prev_named_sibling
    return own


def decorator_call(decorator: "Node", source: Source) -> "tuple[str, Node | None]":
    """Return a decorator's name, and its call when it is called."""
    inner = decorator.named_children[0] if decorator.named_children else None
    if inner is None:
        return "", None
    if inner.type == "call_expression":
        return method_of(inner, source), inner
    return source.text(inner).rpartition(".")[2], None
