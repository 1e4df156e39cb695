"""The regular YAML that programs write (pnpm's lockfile), read ten times faster than by a full parser.

It reads a text as `yaml_nodes` would or raises `Surprise`; it never reads one differently.
"""

import re
from typing import TypeAlias

from bayplan.formats.yaml_nodes import plain_value

Container: TypeAlias = dict[str, object] | list[object]

SAFE_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./^~+$(")
QUOTED = re.compile(r"'((?:[^']|'')*)'")
QUOTED_KEY = re.compile(r"'((?:[^']|'')*)':(?: (.*))?", re.DOTALL)
DOUBLE_QUOTED = re.compile(r'"([^"\\]*)"')
FLOW_PLAIN = r"[A-Za-z0-9_./^~+$(](?:[^,\[\]{}:#'\"\s]|[: ](?=[^,\[\]{}:#'\"\s]))*"
FLOW_SCALAR = rf"(?:'(?:[^']|'')*'|{FLOW_PLAIN})"
FLOW_PAIR = re.compile(rf"({FLOW_SCALAR}): ({FLOW_SCALAR})")
FLOW_MAPPING = re.compile(rf"\{{{FLOW_SCALAR}: {FLOW_SCALAR}(?:, {FLOW_SCALAR}: {FLOW_SCALAR})*\}}")
FLOW_ITEM = re.compile(FLOW_SCALAR)
FLOW_LIST = re.compile(rf"\[{FLOW_SCALAR}(?:, {FLOW_SCALAR})*\]")
UNUSUAL = re.compile(r"[^\n\x20-\x7e\u00a1-\u1fff\u3001-\ud7ff]|[^\S\n](?:\n|\Z)")
LONGEST_KEY = 1000
DEEPEST = 50


class Surprise(ValueError):  # noqa: N818 - the text is fine; it is just not of this subset
    """The text needs the full parser."""


def parse(text: str) -> object:
    """Return the value of one document, or raise `Surprise`."""
    if UNUSUAL.search(text):
        raise Surprise
    return _Reader(text.split("\n")).read()


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.position = 0

    def read(self) -> object:
        self._skip_blank()
        if self.position == len(self.lines):
            return None
        if self._indent() != 0:
            raise Surprise
        value = self._block(0, 0)
        if self.position < len(self.lines):
            raise Surprise
        return value

    def _skip_blank(self) -> None:
        while self.position < len(self.lines) and not self.lines[self.position]:
            self.position += 1

    def _indent(self) -> int:
        line = self.lines[self.position]
        return len(line) - len(line.lstrip(" "))

    def _block(self, indent: int, depth: int) -> Container:
        if depth > DEEPEST:
            raise Surprise
        if self.lines[self.position].startswith("- ", indent):
            return self._list(indent)
        return self._mapping(indent, depth)

    def _list(self, indent: int) -> list[object]:
        items: list[object] = []
        lines, last, prefix = self.lines, len(self.lines), " " * indent + "- "
        while self.position < last:
            line = lines[self.position]
            if line:
                if not line.startswith(prefix):
                    break
                items.append(_scalar(line[indent + 2 :]))
            self.position += 1
        self._expect_end(indent)
        return items

    def _mapping(self, indent: int, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        lines, last = self.lines, len(self.lines)
        prefix = " " * indent
        while self.position < last:
            line = lines[self.position]
            if not line:
                self.position += 1
                continue
            if not line.startswith(prefix) or line[indent] == " ":
                break
            key, rest = _key(line[indent:])
            self.position += 1
            if rest is None:
                found[key] = self._nested(indent, depth)
            elif rest[0] == "|":
                found[key] = self._literal(rest, indent)
            else:
                found[key] = _scalar(rest)
        self._expect_end(indent)
        return found

    def _expect_end(self, indent: int) -> None:
        """Refuse a line that is neither of this block nor less indented."""
        if self.position < len(self.lines) and self._indent() >= indent:
            raise Surprise

    def _nested(self, indent: int, depth: int) -> object:
        self._skip_blank()
        if self.position == len(self.lines):
            return None
        deeper = self._indent()
        if deeper > indent:
            return self._block(deeper, depth + 1)
        if deeper == indent and self.lines[self.position].startswith("- ", indent):
            raise Surprise
        return None

    def _literal(self, header: str, indent: int) -> str:
        if header not in ("|-", "|"):
            raise Surprise
        start = self.position
        self._skip_blank()
        if self.position != start or self.position == len(self.lines):
            raise Surprise
        inner = self._indent()
        if inner <= indent:
            raise Surprise
        taken: list[str] = []
        while self.position < len(self.lines):
            line = self.lines[self.position]
            if line and not line.startswith(" " * inner):
                break
            taken.append(line[inner:])
            self.position += 1
        if self.position < len(self.lines) and self._indent() > indent:
            raise Surprise
        while taken and not taken[-1]:
            taken.pop()
        return "\n".join(taken) + ("\n" if header == "|" else "")


def _key(body: str) -> tuple[str, str | None]:
    if body[0] == "'":
        match = QUOTED_KEY.fullmatch(body)
        if not match or len(body) > LONGEST_KEY:
            raise Surprise
        key, rest = match[1].replace("''", "'"), match[2]
    elif body[0] in SAFE_START:
        key, separator, rest = body.partition(": ")
        if not separator:
            if key[-1] != ":":
                raise Surprise
            key, rest = key[:-1], None
        if " " in key or key[-1:] == ":" or len(key) > LONGEST_KEY:
            raise Surprise
    else:
        raise Surprise
    return key, rest


def _scalar(text: str) -> object:
    first = text[0] if text else ""
    if first in SAFE_START and first:
        if ": " in text or " #" in text or text[-1] == ":":
            raise Surprise
        return plain_value(text)
    if first == "'":
        match = QUOTED.fullmatch(text)
        if match:
            return match[1].replace("''", "'")
    elif first == '"':
        match = DOUBLE_QUOTED.fullmatch(text)
        if match:
            return match[1]
    elif first in "{[" and first:
        return _flow(text)
    raise Surprise


def _flow(text: str) -> Container:
    if text == "{}":
        return {}
    if text == "[]":
        return []
    if text[0] == "{":
        if FLOW_MAPPING.fullmatch(text):
            return {_flow_key(pair[1]): _flow_value(pair[2]) for pair in FLOW_PAIR.finditer(text)}
    elif FLOW_LIST.fullmatch(text):
        return [_flow_value(item) for item in FLOW_ITEM.findall(text)]
    raise Surprise


def _flow_key(text: str) -> str:
    return text[1:-1].replace("''", "'") if text[0] == "'" else text


def _flow_value(text: str) -> object:
    return text[1:-1].replace("''", "'") if text[0] == "'" else plain_value(text)
