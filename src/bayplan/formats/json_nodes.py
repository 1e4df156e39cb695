"""JSON, and JSON with comments and trailing commas (tsconfig, turbo), as plain values with places."""

import json
import re

from bayplan.errors import BrokenFileError
from bayplan.formats.document import Document, Grown, Key, Node, unmerged
from bayplan.source import At

DEEPEST = 200

SPACE = re.compile(r"[ \t\r\n]*")
SPACE_AND_COMMENTS = re.compile(r"(?:[ \t\r\n\ufeff\u00a0]+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
BARE = re.compile(r"[^\s,:\[\]{}\"/]+")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(\.[0-9]+)?([eE][-+]?[0-9]+)?")
LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
CONSTANTS = {"true": True, "false": False, "null": None}


def load(text: str, file: str, *, comments: bool = False) -> Document:
    """Return a JSON text's document, or raise `BrokenFileError` with the place of what is wrong."""
    if not LONE_SURROGATE.search(text):
        try:
            data = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            pass  # the slow way says where and why, or understands the comments
        else:
            return Document(file, text, data, lambda: _Parser(text, file, comments=comments).parse()[1])
    data, grown = _Parser(text, file, comments=comments).parse()
    return Document(file, text, data, lambda: grown)


def _refuse(name: str) -> object:
    raise ValueError(name)


class _Parser:
    def __init__(self, text: str, file: str, *, comments: bool) -> None:
        self.text = text
        self.file = file
        self.comments = comments
        self.space = SPACE_AND_COMMENTS if comments else SPACE
        self.position = 0
        self.repeated: list[tuple[tuple[Key, ...], Node]] = []

    def parse(self) -> tuple[object, Grown]:
        self._skip()
        data, root = self._value(())
        self._skip()
        if self.position < len(self.text):
            raise self._broken("has something after its end", "remove what follows the last bracket")
        return data, Grown(root, tuple(self.repeated))

    def _skip(self) -> None:
        match = self.space.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def _broken(self, what: str, remedy: str = "correct the syntax there") -> BrokenFileError:
        line = self.text.count("\n", 0, self.position) + 1
        column = self.position - self.text.rfind("\n", 0, self.position)
        return unmerged(self.text, self.file) or BrokenFileError(
            f"{self.file} is not valid JSON: it {what}", at=At(self.file, line, column), remedy=remedy
        )

    def _next(self) -> str:
        return self.text[self.position : self.position + 1]

    def _value(self, route: tuple[Key, ...]) -> tuple[object, Node]:
        if len(route) > DEEPEST:
            raise self._broken("is nested too deeply", f"nest no deeper than {DEEPEST} levels")
        character = self._next()
        if character == "{":
            return self._object(route)
        if character == "[":
            return self._array(route)
        start = self.position
        data: object = self._string() if character == '"' else self._bare()
        return data, Node(start, self.position)

    def _string(self) -> str:
        match = STRING.match(self.text, self.position)
        if not match:
            raise self._broken("has a text without its closing quote", 'add the closing "')
        inner = match[1]
        if inner.isprintable() and "\\" not in inner:
            self.position = match.end()
            return inner
        try:
            decoded = json.loads(match.group(), strict=not self.comments)
        except ValueError as error:
            raise self._broken(
                "has a text that cannot be read", "check its backslashes and control characters"
            ) from error
        self.position = match.end()
        return str(decoded).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _bare(self) -> object:
        match = BARE.match(self.text, self.position)
        if not match:
            found = self._next()
            what = f"has {found!r} where a value belongs" if found else "ends where a value belongs"
            raise self._broken(what, "write a value there, and no comma after the last one")
        word = match.group()
        if word in CONSTANTS:
            self.position = match.end()
            return CONSTANTS[word]
        number = NUMBER.fullmatch(word)
        if not number:
            raise self._broken(f"has {word[:40]!r}, which is no value", "put texts in double quotes")
        self.position = match.end()
        return float(word) if number.group(1) or number.group(2) else int(word)

    def _closes(self, bracket: str, *, first: bool) -> bool:
        """Step over the comma before an item, or over the closing bracket and say so."""
        self._skip()
        if not first and self._next() == ",":
            self.position += 1
            self._skip()
            if self._next() == bracket and not self.comments:
                raise self._broken("has a comma after its last item", "remove that comma")
        elif not first and self._next() != bracket:
            raise self._broken(f"lacks a comma or {bracket!r}", "add it")
        if self._next() != bracket:
            return False
        self.position += 1
        return True

    def _array(self, route: tuple[Key, ...]) -> tuple[list[object], Node]:
        start = self.position
        self.position += 1
        data: list[object] = []
        children: list[Node] = []
        while not self._closes("]", first=not data):
            value, child = self._value((*route, len(data)))
            data.append(value)
            children.append(child)
        return data, Node(start, self.position, children=children)

    def _object(self, route: tuple[Key, ...]) -> tuple[dict[str, object], Node]:
        start = self.position
        self.position += 1
        data: dict[str, object] = {}
        children: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        while not self._closes("}", first=not data):
            key_start = self.position
            if self._next() != '"':
                raise self._broken("lacks a key in double quotes", "put the key in double quotes")
            key = self._string()
            key_node = Node(key_start, self.position)
            if key in data:
                self.repeated.append(((*route, key), key_node))
            self._skip()
            if self._next() != ":":
                raise self._broken(f"lacks ':' after {key!r}", "add it")
            self.position += 1
            self._skip()
            data[key], children[key] = self._value((*route, key))
            keys[key] = key_node
        return data, Node(start, self.position, children=children, keys=keys)
