"""The words of a Dockerfile's lines: quotes, flags, the JSON form and variables, as BuildKit understands them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

BLANKS = re.compile(r"[^\t\v\f\r ]+")
JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?!$-]")
PLAIN = re.compile(r"[\w./:@%+=,~*?()-]*")
ORDINARY = re.compile(r"[^\s'\"\\`]+")
DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Word:
    """A part of a line and where it stands in it."""

    text: str
    start: int
    end: int


class UnfinishedError(ValueError):
    """A quote or a brace is opened and never closed."""


def blank_words(text: str, start: int = 0) -> list[Word]:
    """Split at blanks; quotes mean nothing here."""
    return [Word(match.group(), match.start(), match.end()) for match in BLANKS.finditer(text, start)]


def quoted_words(text: str, escape: str, start: int = 0) -> Iterator[Word]:
    """Split at blanks that are not quoted; the words keep their quotes."""
    quote = ""
    begin = -1
    position = start
    while position < len(text):
        character = text[position]
        ordinary = None if quote else ORDINARY.match(text, position)
        if ordinary:
            begin = position if begin < 0 else begin
            position = ordinary.end()
            continue
        if not quote and character.isspace():
            if begin >= 0:
                yield Word(text[begin:position], begin, position)
            begin = -1
        else:
            begin = position if begin < 0 else begin
            if character == escape and quote != "'":
                position += 1
            elif quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
        position += 1
    if begin >= 0:
        yield Word(text[begin:], begin, len(text))


def unquoted(text: str, escape: str = "\\") -> str:
    """Return a word without its quotes, or as it is when one of them is never closed."""
    try:
        return expand(text, {}, escape)
    except UnfinishedError:
        return text


def flags(text: str, start: int = 0) -> tuple[list[Word], int]:
    """Return the leading `--name=value` words without their quotes, and where the rest of the line begins."""
    rest = text[start:].lstrip()
    if not rest.startswith("--"):
        return [], len(text) - len(rest)
    found: list[Word] = []
    for word in quoted_words(text, "\\", start):
        if word.text == "--":
            return found, word.end
        if not word.text.startswith("--"):
            return found, word.start
        found.append(Word(_without_quotes(word.text), word.start, word.end))
    return found, len(text)


def _without_quotes(text: str) -> str:
    """Return a flag's text: its quotes and backslashes go, its variables stay."""
    if PLAIN.fullmatch(text):
        return text
    kept = ""
    quote = ""
    position = 0
    while position < len(text):
        character = text[position]
        if character == "\\" and position + 1 < len(text):
            position += 1
            kept += text[position]
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        else:
            kept += character
        position += 1
    return kept


def json_words(text: str, start: int = 0) -> list[Word] | None:
    """Return the texts of a JSON list; None when the text is not one, and so is meant for a shell."""
    begin = start + len(text[start:]) - len(text[start:].lstrip())
    if not text.startswith("[", begin):
        return None
    try:
        values, end = json.JSONDecoder().raw_decode(text, begin)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in values):
        return None
    places = JSON_STRING.finditer(text, begin, end)
    return [Word(_readable(value), at.start(), at.end()) for value, at in zip(values, places, strict=True)]


def _readable(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def expand(word: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """Return a word without quotes, its known variables replaced; a variable nobody gave a value stays as it is."""
    return word if PLAIN.fullmatch(word) else _Expansion(word, variables, escape).until("")


class _Expansion:
    def __init__(self, text: str, variables: Mapping[str, str], escape: str) -> None:
        self.text = text
        self.variables = variables
        self.escape = escape
        self.position = 0
        self.depth = 0

    def until(self, stop: str) -> str:
        made = ""
        while self.position < len(self.text):
            character = self.text[self.position]
            if character == stop:
                return made
            if character == "'":
                made += self._single()
            elif character == '"':
                made += self._double()
            elif character == "$":
                made += self._dollar()
            else:
                if character == self.escape and self.position + 1 < len(self.text):
                    self.position += 1
                    character = self.text[self.position]
                made += character
                self.position += 1
        if stop:
            raise UnfinishedError(stop)
        return made

    def _single(self) -> str:
        end = self.text.find("'", self.position + 1)
        if end < 0:
            raise UnfinishedError("'")
        inside = self.text[self.position + 1 : end]
        self.position = end + 1
        return inside

    def _double(self) -> str:
        made = ""
        self.position += 1
        while self.position < len(self.text):
            character = self.text[self.position]
            if character == '"':
                self.position += 1
                return made
            if character == "$":
                made += self._dollar()
                continue
            following = self.text[self.position + 1 : self.position + 2]
            if character == self.escape and following and following in f'"${self.escape}':
                character = following
                self.position += 1
            made += character
            self.position += 1
        raise UnfinishedError('"')

    def _dollar(self) -> str:
        start = self.position
        self.position += 1
        if not self.text.startswith("{", self.position):
            match = VARIABLE_NAME.match(self.text, self.position)
            if not match:
                return "$"
            self.position = match.end()
            return self.variables.get(match.group(), f"${match.group()}")
        match = VARIABLE_NAME.match(self.text, self.position + 1)
        self.position = match.end() if match else self.position + 1
        if match and self.text.startswith("}", self.position):
            self.position += 1
            return self.variables.get(match.group(), self.text[start : self.position])
        return self._modified(match.group() if match else "", start)

    def _modified(self, name: str, start: int) -> str:
        """Read `:-default}` and its kind."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnfinishedError("}")
        colon = self.text.startswith(":", self.position)
        self.position += colon
        modifier = self.text[self.position : self.position + 1]
        self.position += 1
        other = self.until("}")
        self.position += 1
        self.depth -= 1
        value = self.variables.get(name)
        has_value = bool(value) if colon else value is not None
        if modifier == "-":
            return value if has_value and value is not None else other
        if modifier == "+":
            return other if has_value else ""
        return value if modifier == "?" and value is not None else self.text[start : self.position]
