"""A Caddyfile as a tree: lines of words, some with a block."""

from dataclasses import dataclass

from bayplan.errors import BrokenFileError
from bayplan.formats.caddyfile_lexer import Word, words
from bayplan.formats.caddyfile_names import DIRECTIVES
from bayplan.source import At

DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Statement:
    """A line; `block` is None when it opens none. The global options have no words."""

    words: tuple[Word, ...]
    at: At
    block: "tuple[Statement, ...] | None" = None

    @property
    def name(self) -> str:
        return self.words[0].text if self.words else ""

    @property
    def arguments(self) -> tuple[Word, ...]:
        return self.words[1:]


def statements(text: str, path: str) -> tuple[Statement, ...]:
    """Return the statements of a file; the lines after a site address without braces are its block."""
    return _Parser(words(text, path), path).file()


def block_statements(text: str, path: str) -> tuple[Statement, ...]:
    """Return the statements of a file that is imported inside a block."""
    return _Parser(words(text, path), path).lines()


class _Parser:
    def __init__(self, found: list[Word], path: str) -> None:
        self.words = found
        self.path = path
        self.position = 0

    def broken(self, what: str, at: At, remedy: str) -> BrokenFileError:
        return BrokenFileError(f"{self.path} {what}", at=at, remedy=remedy)

    @property
    def word(self) -> Word | None:
        return self.words[self.position] if self.position < len(self.words) else None

    def file(self) -> tuple[Statement, ...]:
        found: list[Statement] = []
        while word := self.word:
            if word.closes:
                raise self.broken("has a } that closes nothing", word.at, "take it away, or add the { that it closes")
            found.append(self._top_level(found))
        return tuple(found)

    def _top_level(self, before: list[Statement]) -> Statement:
        start = self.words[self.position]
        if start.opens and any(not is_definition(each) and each.name != "import" for each in before):
            remedy = "move this block to the top, or write the address of the site before it"
            raise self.broken("has global options that are not at its top", start.at, remedy)
        addresses = () if start.opens else self._line()
        self._check_addresses(addresses)
        imports = bool(addresses) and addresses[0].text == "import"
        if (brace := self.word) and brace.opens and not (imports and brace.first):
            return Statement(addresses, start.at, self._block())
        if imports or self._stands_alone(addresses):
            return Statement(addresses, start.at)
        if any(each.block is not None and each.words and not is_definition(each) for each in before):
            where = f"does not say what {addresses[0].text[:60]!r} is: it stands outside of every block"
            raise self.broken(where, start.at, "put braces around what belongs to each site")
        return Statement(addresses, start.at, self._rest())

    def _line(self) -> tuple[Word, ...]:
        """Take the words up to the end of the line or its brace; after a comma, addresses go on below."""
        taken: list[Word] = []
        while (word := self.word) and not word.opens and not word.closes:
            if taken and word.first and not (taken[-1].text.endswith(",") and not taken[-1].quoted):
                break
            taken.append(word)
            self.position += 1
        if taken[-1].text.endswith(",") and not taken[-1].quoted:
            raise self.broken("expects another address after a comma", taken[-1].at, "take the comma away")
        return tuple(taken)

    def _check_addresses(self, addresses: tuple[Word, ...]) -> None:
        for each in addresses:
            if not each.quoted and (each.text.endswith("{") or each.text == "{}"):
                raise self.broken("has a brace that touches another word", each.at, "put a space before the {")
        if addresses and addresses[0].text in DIRECTIVES - {"import"}:
            what = f"has the directive {addresses[0].text} where the address of a site is expected"
            raise self.broken(what, addresses[0].at, "put it inside the block of a site: example.com { ... }")

    def _stands_alone(self, line: tuple[Word, ...]) -> bool:
        """Say whether this is a variable that brings statements of its own, and not the address of the only site."""
        if len(line) > 1 or not line[0].text.startswith("{$") or not line[0].text.endswith("}"):
            return False
        following = self.words[self.position : self.position + 1]
        if not following:
            return True
        if following[0].text in DIRECTIVES:
            return False
        end = self.position + 1
        while end < len(self.words) and not self.words[end].first:
            end += 1
        return self.words[end - 1].opens

    def _rest(self) -> tuple[Statement, ...]:
        """Read the lines of the only site."""
        found = self.lines()
        for each in found:
            if each.block is not None and not each.name.startswith("@") and ("." in each.name or ":" in each.name):
                remedy = "put braces around what belongs to each site"
                raise self.broken("has a second site, and the first has no braces", each.at, remedy)
        return found

    def lines(self, opened: At | None = None, depth: int = 0) -> tuple[Statement, ...]:
        """Read the lines of a block up to its closing brace, or those of the whole rest."""
        found: list[Statement] = []
        while word := self.word:
            if word.closes:
                if not opened:
                    raise self.broken("has a } that closes nothing", word.at, "take it away, or add the { before it")
                if not word.first:
                    raise self.broken("has a } at the end of a line", word.at, "put it on a line of its own")
                self.position += 1
                return tuple(found)
            found.append(self._statement(depth))
        if opened:
            raise self.broken("never closes a brace", opened, "add the closing } on a line of its own")
        return tuple(found)

    def _statement(self, depth: int) -> Statement:
        start = self.words[self.position]
        if start.opens:
            raise self.broken("has a { at the start of a line", start.at, "put it at the end of the line before")
        taken = [start]
        self.position += 1
        while (word := self.word) and not word.first and not word.opens and not word.closes:
            taken.append(word)
            self.position += 1
        last = taken[-1]
        if not last.quoted and (last.text.endswith("{") or last.text == "{}"):
            remedy = "write each brace as a word of its own"
            raise self.broken(f"has {last.text[-60:]!r} at the end of a line", last.at, remedy)
        block = self._block(depth + 1) if self.word and self.word.opens and not self.word.first else None
        return Statement(tuple(taken), start.at, block)

    def _block(self, depth: int = 0) -> tuple[Statement, ...]:
        opening = self.words[self.position]
        self.position += 1
        if depth > DEEPEST:
            raise self.broken("has too many blocks inside of each other", opening.at, "take some of them away")
        if (word := self.word) and not word.first:
            raise self.broken("has a word after {", word.at, "put what follows { on a line of its own")
        return self.lines(opening.at, depth)


def is_definition(statement: Statement) -> bool:
    """Say whether this is a snippet or a named route, which may stand before the global options."""
    name = statement.name
    return len(statement.words) == 1 and name.endswith(")") and name.startswith(("(", "&("))
