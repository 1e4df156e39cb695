"""The logical lines of a Dockerfile: continuations joined, comments dropped, heredocs attached."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from bayplan.errors import BrokenFileError
from bayplan.formats.dockerfile_words import flags, json_words, quoted_words, unquoted
from bayplan.model.deployment import Heredoc
from bayplan.source import At

DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*)")
DIRECTIVES = frozenset({"escape", "syntax", "check"})
HEREDOC = re.compile(r"\d*<<(-?)([^<]+)")
TAKES_HEREDOCS = re.compile(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", re.IGNORECASE)


@dataclass(slots=True)
class LogicalLine:
    """An instruction's text. `pieces` holds (offset in the text, line, column) of each physical line's part."""

    path: str
    text: str = ""
    pieces: list[tuple[int, int, int]] = field(default_factory=list)
    heredocs: tuple[Heredoc, ...] = ()

    @property
    def word(self) -> str:
        return (self.text.split(maxsplit=1) or [""])[0].upper()

    def add(self, part: str, line: int, column: int) -> None:
        self.pieces.append((len(self.text), line, column))
        self.text += part

    def at(self, start: int, end: int) -> At:
        """Return the place of a part of the text, as far as its first physical line goes."""
        several = len(self.pieces) > 1
        index = max(bisect_right(self.pieces, start, key=lambda piece: piece[0]) - 1, 0) if several else 0
        offset, line, column = self.pieces[index]
        limit = self.pieces[index + 1][0] if index + 1 < len(self.pieces) else len(self.text)
        length = len(self.text[start : min(end, limit)].rstrip())
        return At(self.path, line, column + start - offset, max(length, 0))


class Lines:
    """A Dockerfile's physical lines and its escape character; iterating gives the logical lines."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
        self.escape = "\\"
        self.position = self._read_directives()
        mark = re.escape(self.escape)
        self.continuation = re.compile(rf"(?:^|(?<!{mark})){mark}[ \t]*\Z")

    def _read_directives(self) -> int:
        seen: set[str] = set()
        for index, line in enumerate(self.lines):
            match = DIRECTIVE.fullmatch(line.rstrip())
            name = match.group(1).lower() if match else ""
            if not match or name not in DIRECTIVES:
                return index
            if name in seen:
                raise self.broken(f"states the directive `{name}` twice", index + 1, "keep one of them")
            seen.add(name)
            if name == "escape":
                if match.group(2) not in ("\\", "`"):
                    raise self.broken("has an unknown escape character", index + 1, "use \\ or `")
                self.escape = match.group(2)
        return len(self.lines)

    def broken(self, what: str, line: int, remedy: str) -> BrokenFileError:
        return BrokenFileError(f"{self.path} {what}", at=At(self.path, line, 1), remedy=remedy)

    def __iter__(self) -> Iterator[LogicalLine]:
        while self.position < len(self.lines):
            line = self._join()
            if line.text.strip():
                line.heredocs = tuple(self._heredocs(line))
                yield line

    def _join(self) -> LogicalLine:
        """Read one instruction; an empty line or a comment in the middle of it does not end it."""
        joined = LogicalLine(self.path)
        while self.position < len(self.lines):
            line = self.lines[self.position]
            self.position += 1
            kept = line.lstrip() if not joined.pieces else line
            if line.lstrip().startswith("#") or not kept.strip():
                if joined.pieces:
                    continue
                return joined
            part = self.continuation.sub("", kept) if self.escape in kept else kept
            if part or joined.pieces:
                joined.add(part, self.position, len(line) - len(kept) + 1)
            if part == kept:
                break
        return joined

    def _heredocs(self, line: LogicalLine) -> Iterator[Heredoc]:
        start = TAKES_HEREDOCS.match(line.text) if "<<" in line.text else None
        if not start:
            return
        _, rest = flags(line.text, start.end())
        words = quoted_words(line.text, self.escape, rest) if json_words(line.text, rest) is None else ()
        for word in words:
            match = HEREDOC.fullmatch(word.text)
            name = unquoted(match.group(2)) if match else ""
            if match and name:
                at = line.at(word.start, word.end)
                content = self._body(name, strip_tabs=bool(match.group(1)), opened=at.line)
                yield Heredoc(name, content, name != match.group(2), at)

    def _body(self, name: str, *, strip_tabs: bool, opened: int) -> str:
        body: list[str] = []
        while self.position < len(self.lines):
            line = self.lines[self.position]
            self.position += 1
            line = line.lstrip("\t") if strip_tabs else line
            if line == name:
                return "".join(each + "\n" for each in body)
            body.append(line)
        raise self.broken(
            f"never ends the heredoc {name}", opened, f"add a line that holds only {name} after its last line"
        )
