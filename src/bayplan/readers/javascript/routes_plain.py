"""The routes of a server that is Node.js alone: the paths its code compares a request's URL with."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.model.code import Route
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.source_file import Source
from bayplan.readers.javascript.syntax import string_value

if TYPE_CHECKING:
    from tree_sitter import Node


def compared_urls(file: Expr) -> "Iterator[Route]":
    """Yield the paths that a plain Node.js server compares a request's URL with."""
    source = file.source
    for node in source.nodes("binary_expression"):
        operator, left = node.child_by_field_name("operator"), node.child_by_field_name("left")
        path = string_value(node.child_by_field_name("right"), source)
        if operator is not None and operator.type in ("===", "==") and path is not None and _is_url(left, source):
            yield from _plain(path, node, source)
    for node in source.nodes("switch_case"):
        choice = node.parent.parent if node.parent is not None else None
        path = string_value(node.child_by_field_name("value"), source)
        if choice is not None and path is not None and _is_url(choice.child_by_field_name("value"), source):
            yield from _plain(path, node, source)


def _is_url(node: "Node | None", source: Source) -> bool:
    return node is not None and source.text(unwrapped(node)).rpartition(".")[2] in ("url", "pathname", "path")


def _plain(path: str, node: "Node", source: Source) -> "Iterator[Route]":
    if path.startswith("/"):
        yield Route("GET", path, source.at(node))
