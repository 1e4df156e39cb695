"""A Caddyfile as Caddy sees it: snippets and files put where they are imported, defaults of variables filled in."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from bayplan.errors import BrokenFileError
from bayplan.formats.caddyfile_lexer import Word
from bayplan.formats.caddyfile_parser import Statement, block_statements, is_definition, statements
from bayplan.model.proxy import ProxyVariable
from bayplan.source import At, Located

Load: TypeAlias = Callable[[str, str], Sequence[tuple[str, str]]]
"""From what an import names and the path of the file that imports, the paths and texts of the files it means."""

WHEN_READ = re.compile(r"\{\$([^}:\s]+)(?::([^}]*))?\}")
WHEN_USED = re.compile(r"\{env\.([^}\s]+)\}")
ARGUMENT = re.compile(r"\{args(?:\.(\d{1,4})|\[(\d{1,4})\])\}")
ARGUMENTS = re.compile(r"\{args\[(\d{0,4}):(\d{0,4})\]\}")
BLOCK = re.compile(r"\{block(?:s\.([^}\s]+))?\}")
DEEPEST = 30
MOST_STATEMENTS = 20_000


def nothing(_pattern: str, _path: str) -> Sequence[tuple[str, str]]:
    """Find no file: for a text that stands alone."""
    return ()


@dataclass(frozen=True, slots=True)
class _Given:
    """What an import hands to a snippet."""

    arguments: tuple[Word, ...] = ()
    block: tuple[Statement, ...] = ()
    depth: int = 0


@dataclass(slots=True)
class Imports:
    """What is gathered while a file is read with everything it imports."""

    load: Load = nothing
    snippets: dict[str, tuple[Statement, ...]] = field(default_factory=dict)
    routes: dict[str, tuple[Statement, ...]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    missing: list[Located[str]] = field(default_factory=list)
    variables: list[ProxyVariable] = field(default_factory=list)
    count: int = 0

    def file(self, text: str, path: str, given: _Given = _Given()) -> list[Statement]:
        """Return the statements of the top level, definitions taken out."""
        found = statements(text, path)
        self.variables.extend(_variables(found))
        return list(self._top(found, given))

    def _top(self, found: Iterable[Statement], given: _Given) -> Iterator[Statement]:
        for each in found:
            if is_definition(each):
                name = each.name.strip("&()")
                kind = self.routes if each.name.startswith("&") else self.snippets
                if name in kind:
                    raise BrokenFileError(
                        f"{each.at.file} defines {each.name} twice", at=each.at, remedy="rename one of them"
                    )
                kind[name] = each.block or ()
            elif each.name == "import":
                yield from self._import(each, given, top=True)
            elif each.block is not None:
                yield replace(each, words=self._words(each.words, given), block=self._lines(each.block, given))

    def _lines(self, found: Iterable[Statement], given: _Given) -> tuple[Statement, ...]:
        return tuple(line for each in found for line in self._line(each, given))

    def _line(self, each: Statement, given: _Given) -> Iterator[Statement]:
        self._count(each.at)
        inserted = BLOCK.fullmatch(each.name) if len(each.words) == 1 else None
        if inserted and given.depth:
            name = inserted.group(1)
            chosen = (
                given.block if name is None else next((one.block or () for one in given.block if one.name == name), ())
            )
            yield from chosen
        elif each.name == "import":
            yield from self._import(each, given, top=False)
        elif len(each.words) == 1 and each.block is None and _is_unknown(each.words[0]):
            return  # a variable that brings directives of its own
        else:
            block = None if each.block is None else self._lines(each.block, given)
            yield replace(each, words=self._words(each.words, given), block=block)

    def _count(self, at: At) -> None:
        self.count += 1
        if self.count > MOST_STATEMENTS:
            raise BrokenFileError(
                f"{at.file} has more than {MOST_STATEMENTS} lines when everything is imported",
                at=at,
                remedy="look for snippets that import each other many times",
            )

    def _import(self, each: Statement, given: _Given, *, top: bool) -> Iterator[Statement]:
        line = self._words(each.words, given)
        if len(line) == 1:
            raise BrokenFileError(
                f"{each.at.file} does not say what to import", at=each.at, remedy="name a snippet or a file"
            )
        if given.depth >= DEEPEST:
            raise BrokenFileError(
                f"{each.at.file} imports {line[1].text[:60]!r} inside of itself",
                at=each.at,
                remedy="take this import away",
            )
        inner = _Given(line[2:], self._lines(each.block or (), given), given.depth + 1)
        snippet = self.snippets.get(line[1].text)
        if snippet is not None:
            yield from self._top(snippet, inner) if top else self._lines(snippet, inner)
            return
        found = self.load(line[1].text, each.at.file)
        if not found:
            self.missing.append(Located(line[1].text, line[1].at))
        for path, text in found:
            self.files.append(path)
            if top:
                yield from self.file(text, path, inner)
            else:
                lines = block_statements(text, path)
                self.variables.extend(_variables(lines))
                yield from self._lines(lines, inner)

    @staticmethod
    def _words(found: Iterable[Word], given: _Given) -> tuple[Word, ...]:
        return tuple(filled for word in found for one in _with_arguments(word, given) for filled in _filled(one))


def _is_unknown(word: Word) -> bool:
    match = WHEN_READ.fullmatch(word.text)
    return bool(match and not match.group(2) and not word.quoted)


def _with_arguments(word: Word, given: _Given) -> Iterator[Word]:
    """Put what an import was given in the place of `{args[0]}`; a word that is only that keeps its place there."""
    if "{args" not in word.text or not given.depth:
        yield word
        return
    if several := ARGUMENTS.fullmatch(word.text):
        start, end = (int(each) if each else None for each in several.groups())
        yield from (replace(each, first=False) for each in given.arguments[start:end])
        return
    alone = ARGUMENT.fullmatch(word.text)
    if alone and (argument := _argument(alone, given)):
        yield replace(argument, first=word.first)
        return

    def text(match: "re.Match[str]") -> str:
        argument = _argument(match, given)
        return argument.text if argument else match.group()

    yield replace(word, text=ARGUMENT.sub(text, word.text), written=word.written or word.text)


def _argument(match: "re.Match[str]", given: _Given) -> Word | None:
    index = int(match.group(1) or match.group(2))
    return given.arguments[index] if index < len(given.arguments) else None


def _filled(word: Word) -> Iterator[Word]:
    """Fill in the defaults of variables; outside of quotes, each word of a default is one of its own."""
    if "{$" not in word.text:
        yield word
        return
    text = WHEN_READ.sub(lambda match: match.group() if match.group(2) is None else match.group(2), word.text)
    written = word.written or word.text
    if word.quoted:
        yield replace(word, text=text, written=written)
        return
    for each in text.split():
        yield replace(word, text=each, written=written)


def _variables(found: Iterable[Statement]) -> Iterator[ProxyVariable]:
    for each in found:
        for word in each.words:
            if "{" in word.text:
                yield from _variables_of(word)
        yield from _variables(each.block or ())


def _variables_of(word: Word) -> Iterator[ProxyVariable]:
    for match in sorted(
        [*WHEN_READ.finditer(word.text), *WHEN_USED.finditer(word.text)], key=lambda each: each.start()
    ):
        when_read = match.re is WHEN_READ
        name, default = (match.group(1), match.group(2)) if when_read else (match.group(1), None)
        column = word.at.column + match.start() + word.quoted if word.at.length >= match.end() else word.at.column
        length = min(match.end() - match.start(), word.at.length)
        yield ProxyVariable(name, default, when_read=when_read, at=replace(word.at, column=column, length=length))
