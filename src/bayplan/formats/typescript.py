"""TypeScript and JavaScript as trees, whose text may be hostile."""

import re
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node

MANY_BRACKETS = 5_000
DEEPEST = 1_500
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
_BRACKET = re.compile(rb"[(\[{]|[)\]}]")
_NUMBERED = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u\{?([0-9A-Fa-f]{1,6})\}?)")
_ESCAPES = {"\n": "", "n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f", "v": "\v"}


@cache
def language(*, plain: bool) -> "Language":
    """Return the grammar of plain TypeScript, or of the kind that may hold JSX."""
    import tree_sitter
    import tree_sitter_typescript

    grammar = tree_sitter_typescript.language_typescript() if plain else tree_sitter_typescript.language_tsx()
    return tree_sitter.Language(grammar)


def parse(data: bytes, *, plain: bool) -> "Node":
    """Return the root of a text's tree; what cannot be parsed is an error inside it."""
    import tree_sitter

    return tree_sitter.Parser(language(plain=plain)).parse(data).root_node


def readable(data: bytes) -> bytes:
    """Return the text without its byte order mark, or nothing when it is not a text a hand could have written."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode()
    except UnicodeDecodeError:
        return b""
    return b"" if _too_deep(data) else data


def _too_deep(data: bytes) -> bool:
    """Say whether brackets nest as no hand ever wrote them; looking upwards in such a tree is slow."""
    if data.count(b"(") + data.count(b"[") + data.count(b"{") < MANY_BRACKETS:
        return False
    depth = deepest = 0
    for match in _BRACKET.finditer(data):
        depth += 1 if match[0] in b"([{" else -1
        deepest = max(deepest, depth)
    return deepest > DEEPEST


def written(node: "Node") -> str:
    """Return a node as it is written."""
    return (node.text or b"").decode(errors="replace")


def unwrapped(node: "Node") -> "Node":
    """Return the expression inside parentheses, casts, `!` and `await`."""
    while node.type in WRAPPERS and node.named_children:
        inner = [child for child in node.named_children if child.type != "comment"]
        if not inner:
            return node
        node = inner[-1] if node.type == "type_assertion" else inner[0]
    return node


def unescaped(escape: str) -> str:
    """Return the character that a backslash and what follows it stand for."""
    number = _NUMBERED.fullmatch(escape)
    if number is not None:
        code = int(number[1] or number[2], 16)
        return chr(code) if code <= sys.maxunicode else escape
    return _ESCAPES.get(escape[1:], escape[1:])


def combined(text: str) -> str:
    """Return a text whose characters may be written as two halves each, whole; a half alone is none."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
