"""The words of a Caddyfile, each with its place."""

import re
from bisect import bisect_right
from dataclasses import dataclass

from bayplan.errors import BrokenFileError
from bayplan.source import At

BLANKS = re.compile(r"(?:[^\S\n]|\\\n|#[^\n]*)+")
PLAIN = re.compile(r"(?:\{\$[^{}\n]+\}|\\(?!\n)|[^\s\\])+")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
RAW = re.compile(r"`([^`]*)`")
HEREDOC = re.compile(r"<<([A-Za-z0-9_-]+)\n")
CLOSING_QUOTE = {'"': "a quotation mark", "`": "a backquote"}


@dataclass(frozen=True, slots=True)
class Word:
    """A word without its quotes. `first` when it begins a line, unless the line before it ended in a backslash."""

    text: str
    at: At
    first: bool
    quoted: bool = False
    written: str = ""
    """The text before variables and arguments were filled in, where that differs."""

    @property
    def opens(self) -> bool:
        return self.text == "{" and not self.quoted

    @property
    def closes(self) -> bool:
        return self.text == "}" and not self.quoted


def words(text: str, path: str) -> list[Word]:
    """Return the words in order, or raise `BrokenFileError` for a quote or heredoc that never ends."""
    return _Lexer(text, path).words()


class _Lexer:
    def __init__(self, text: str, path: str) -> None:
        self.text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        self.path = path
        self.lines = [0, *(match.end() for match in re.finditer("\n", self.text))]
        self.found: list[Word] = []
        self.first = True

    def at(self, start: int, end: int) -> At:
        line = bisect_right(self.lines, start)
        limit = self.lines[line] - 1 if line < len(self.lines) else len(self.text)
        return At(self.path, line, start - self.lines[line - 1] + 1, max(min(end, limit) - start, 0))

    def broken(self, what: str, start: int, remedy: str) -> BrokenFileError:
        return BrokenFileError(f"{self.path} {what}", at=self.at(start, start + 1), remedy=remedy)

    def words(self) -> list[Word]:
        position, end = 0, len(self.text)
        while position < end:
            if blanks := BLANKS.match(self.text, position):
                position = blanks.end()
            elif self.text[position] == "\n":
                self.first = True
                position += 1
            else:
                position = self._word(position)
        return self.found

    def _word(self, start: int) -> int:
        opening = self.text[start]
        if opening in CLOSING_QUOTE:
            return self._quoted(start, opening)
        heredoc = HEREDOC.match(self.text, start) if opening == "<" else None
        if heredoc:
            return self._heredoc(start, heredoc)
        match = PLAIN.match(self.text, start)
        if not match:  # a lone backslash before the end of the line is among the blanks
            return start + 1
        text = match.group()
        if (unfinished := text.rfind("{$")) >= 0 and "}" not in text[unfinished:]:
            raise self.broken(
                f"never ends the variable {text[unfinished : unfinished + 60]}",
                start + unfinished,
                "write it as {$NAME} on one line",
            )
        self._add(text.removeprefix("\\") if text.startswith("\\<<") else text, start, match.end(), quoted=False)
        return match.end()

    def _add(self, text: str, start: int, end: int, *, quoted: bool) -> None:
        self.found.append(Word(text, self.at(start, end), self.first, quoted))
        self.first = False

    def _quoted(self, start: int, quote: str) -> int:
        match = (QUOTED if quote == '"' else RAW).match(self.text, start)
        if not match:
            raise self.broken(
                f"never closes {CLOSING_QUOTE[quote]}", start, f"add the closing {quote}, or take the opening one away"
            )
        inside = match.group(1)
        self._add(inside.replace('\\"', '"') if quote == '"' else inside, start, match.end(), quoted=True)
        return match.end()

    def _heredoc(self, start: int, opening: "re.Match[str]") -> int:
        name = opening.group(1)
        closing = re.compile(rf"^([ \t]*){re.escape(name)}", re.MULTILINE).search(self.text, opening.end())
        if not closing:
            remedy = f"add a line that begins with {name} after its last line"
            raise self.broken(f"never ends the heredoc {name}", start, remedy)
        indent = closing.group(1)
        lines = self.text[opening.end() : closing.start()].split("\n")[:-1]
        for line in lines:
            if line and not line.startswith(indent):
                raise self.broken(
                    f"has a line in the heredoc {name} that is indented less than its end",
                    start,
                    f"indent every line at least as far as the closing {name}, with the same tabs or spaces",
                )
        self._add("\n".join(line[len(indent) :] for line in lines), start, opening.end() - 1, quoted=True)
        return closing.end()
