"""One source file: parsed when somebody first asks, and at most once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING

from bayplan.formats import typescript
from bayplan.source import At

if TYPE_CHECKING:
    from tree_sitter import Node, Query

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
    "switch_case",
    "variable_declarator",
)


@cache
def _query(*, plain: bool) -> "Query":
    import tree_sitter

    return tree_sitter.Query(typescript.language(plain=plain), "\n".join(f"({kind}) @{kind}" for kind in KINDS))


class Source:
    """A file of TypeScript or JavaScript. What cannot be parsed holds nothing."""

    def __init__(self, path: str, data: bytes, package: str) -> None:
        self.path = path
        self.package = package
        self.data = typescript.readable(data)

    @property
    def _is_plain(self) -> bool:
        return self.path.endswith((".ts", ".mts", ".cts"))

    @cached_property
    def root(self) -> "Node":
        return typescript.parse(self.data, plain=self._is_plain)

    @cached_property
    def _captures(self) -> "Mapping[str, list[Node]]":
        import tree_sitter

        root = self.root
        found = tree_sitter.QueryCursor(_query(plain=self._is_plain)).captures(root)
        for nodes in found.values():
            nodes.sort(key=_start)
        return found

    def nodes(self, *kinds: str) -> "Sequence[Node]":
        """Return every node of these kinds (of `KINDS`), in the order of the text for each kind."""
        if len(kinds) == 1:
            return self._captures.get(kinds[0], ())
        return [node for kind in kinds for node in self._captures.get(kind, ())]

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
