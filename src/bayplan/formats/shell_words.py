"""The commands of a shell text, as far as they can be known without running it."""

import re
from dataclasses import dataclass
from functools import lru_cache

OPERATOR = re.compile(r"&&|\|\||;;|\|&|[;|&\n()]")
REDIRECTION = re.compile(r"[0-9]*(?:&>>?|>>|>\||>&|<&|<<<|<<-?|<>|[<>])")
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
RESERVED = frozenset({"if", "then", "else", "elif", "fi", "while", "until", "do", "done", "!", "{", "}"})


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """A simple command: its words without quotes, the variables set for it, and where it stands in the text.

    `after` is the operator before it: `&&`, `||`, `|`, `;`, `&`, a line break, or nothing.
    Variables and `$(...)` inside words stay as they are written.
    """

    words: tuple[str, ...]
    assignments: tuple[tuple[str, str], ...]
    after: str
    start: int
    end: int


@lru_cache(4096)
def commands(text: str) -> tuple[ShellCommand, ...]:
    """Return the simple commands of a shell text in order; redirections and reserved words are left out."""
    return tuple(_Scanner(text).commands())


def words(text: str) -> tuple[str, ...]:
    """Return the words of the first command of a shell text."""
    found = commands(text)
    return found[0].words if found else ()


@dataclass(slots=True)
class _Word:
    text: str
    start: int
    end: int
    quoted: bool


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.bodies: dict[int, int] = {}
        """Where the line with a heredoc ends, and where its body does."""

    def commands(self) -> list[ShellCommand]:
        found: list[ShellCommand] = []
        current: list[_Word] = []
        after = ""
        while self._skip_blanks():
            operator = OPERATOR.match(self.text, self.position)
            redirection = REDIRECTION.match(self.text, self.position)
            if redirection and not self.text.startswith(("<(", ">("), self.position):
                self.position = redirection.end()
                self._skip_redirected(redirection.group())
            elif operator:
                self.position = self.bodies.get(self.position, operator.end())
                after = self._finish(found, current, after, operator.group())
                current = []
            else:
                current.append(self._word())
        self._finish(found, current, after, "")
        return found

    def _finish(self, found: list[ShellCommand], current: list[_Word], after: str, operator: str) -> str:
        """Keep the command read so far, and return the operator that comes before the next one."""
        assignments: list[tuple[str, str]] = []
        while current and not current[0].quoted and current[0].text in RESERVED:
            current = current[1:]
        rest = current
        while rest and (match := ASSIGNMENT.fullmatch(rest[0].text)):
            assignments.append((match.group(1), match.group(2)))
            rest = rest[1:]
        if not current:
            return after if operator in ("(", ")", "\n") else operator or after
        plain = tuple(word.text for word in rest)
        found.append(ShellCommand(plain, tuple(assignments), after, current[0].start, current[-1].end))
        return "" if operator == "(" else operator

    def _skip_blanks(self) -> bool:
        """Step over blanks, joined lines and comments; say whether anything is left."""
        while self.position < len(self.text):
            if self.text[self.position] in " \t\r":
                self.position += 1
            elif self.text.startswith("\\\n", self.position):
                self.position += 2
            elif self.text[self.position] == "#":
                end = self.text.find("\n", self.position)
                self.position = len(self.text) if end < 0 else end
            else:
                return True
        return False

    def _skip_redirected(self, operator: str) -> None:
        """Step over a redirection's target, and over the body of a heredoc."""
        if not self._skip_blanks() or OPERATOR.match(self.text, self.position):
            return
        target = self._word()
        if operator.lstrip("0123456789") in ("<<", "<<-"):
            line_end = self.text.find("\n", self.position)
            body_end = re.compile(rf"^\t*{re.escape(target.text)}$", re.MULTILINE)
            match = body_end.search(self.text, line_end) if line_end >= 0 else None
            if match:
                self.bodies[line_end] = match.end()

    def _word(self) -> _Word:
        start = self.position
        made = ""
        while self.position < len(self.text):
            character = self.text[self.position]
            if character in " \t\r\n;|&()<>":
                break
            if character == "\\":
                made += self.text[self.position + 1 : self.position + 2].replace("\n", "")
                self.position += 2
            elif character in "'\"":
                made += self._quoted(character)
            elif character == "`" or self.text.startswith(("$(", "${"), self.position):
                made += self._substitution()
            else:
                made += character
                self.position += 1
        if self.position == start:  # a stray bracket or arrow
            self.position += 1
        self.position = min(self.position, len(self.text))
        return _Word(made, start, self.position, self.text[start : self.position] != made)

    def _quoted(self, quote: str) -> str:
        made = ""
        self.position += 1
        while self.position < len(self.text):
            character = self.text[self.position]
            if character == quote:
                self.position += 1
                return made
            if quote == '"' and self.text.startswith(("$(", "${"), self.position):
                made += self._substitution()
                continue
            if quote == '"' and character == "\\" and self.text[self.position + 1 : self.position + 2] in '$`"\\\n':
                self.position += 1
                character = self.text[self.position : self.position + 1].replace("\n", "")
            made += character
            self.position += 1
        return made

    def _substitution(self) -> str:
        """Return `$(...)`, `${...}` or a text in backticks as it is written."""
        start = self.position
        if self.text[start] == "`":
            end = self.text.find("`", start + 1)
            self.position = len(self.text) if end < 0 else end + 1
            return self.text[start : self.position]
        opening = self.text[start + 1]
        closing = ")" if opening == "(" else "}"
        depth = 0
        self.position += 1
        while self.position < len(self.text):
            character = self.text[self.position]
            self.position += 1
            depth += (character == opening) - (character == closing)
            if not depth:
                break
        return self.text[start : self.position]
