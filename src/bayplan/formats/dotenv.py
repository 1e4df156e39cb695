"""Env files, both ways."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from bayplan.formats.rendering import Page, comment_lines
from bayplan.model.deployment import EnvFile, EnvLine
from bayplan.model.rendered import Rendered
from bayplan.source import At, Why

ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:=[ \t]*|$)", re.MULTILINE)
DOCUMENTED = re.compile(r"[ \t]*#+[ \t]*(?:export[ \t]+)?([A-Z_][A-Z0-9_]*)=[ \t]*")
QUOTED = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL),
    "'": re.compile(r"'([^']*)'"),
    "`": re.compile(r"`([^`]*)`"),
}
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}
INLINE_COMMENT = re.compile(r"(?:^|[ \t])#.*")
PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,~?&*!;|<>()\[\]{}^#-]*")


def parse(text: str, path: str) -> EnvFile:
    """Return the variables an env file sets and those it only mentions, and where any other line stands."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    lines: list[EnvLine] = []
    comments: list[str] = []
    strays: list[At] = []
    number, position = 1, 0
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        read = _line(text, position, end, At(path, number), comments)
        if read:
            line, end = read
            lines.append(line)
        stripped = text[position:end].strip()
        if stripped.startswith("#") and not read:
            comments.append(stripped.lstrip("#").strip())
        else:
            comments = []
            strays += [At(path, number, 1)] if stripped and not read else []
        number += text.count("\n", position, end) + 1
        position = end + 1
    return EnvFile(path, tuple(lines), tuple(strays))


def _line(text: str, start: int, end: int, at: At, comments: list[str]) -> tuple[EnvLine, int] | None:
    """Return the variable of the line and where its value ends, which a quoted one may do lines later."""
    documented = DOCUMENTED.match(text, start, end)
    match = documented or ASSIGNMENT.match(text, start, end)
    if not match:
        return None
    value, value_end = _value(text, match.end(), end, may_go_on=not documented)
    name = match.group(1)
    place = At(at.file, at.line, match.start(1) - start + 1, len(name), name)
    raw = text[match.end() : value_end].rstrip()
    said = "\n".join(comments)
    bare = "=" not in match.group()
    return EnvLine(name, value, place, said, documented_only=bool(documented), raw=raw, bare=bare), value_end


def _value(text: str, start: int, end: int, *, may_go_on: bool) -> tuple[str, int]:
    quote = text[start : start + 1]
    if quote in QUOTED and (match := QUOTED[quote].match(text, start, len(text) if may_go_on else end)):
        after = text.find("\n", match.end())
        inside = match.group(1)
        if quote == '"':
            inside = ESCAPE.sub(lambda found: ESCAPES.get(found.group(1), found.group()), inside)
        return inside, len(text) if after < 0 else after
    return INLINE_COMMENT.sub("", text[start:end]).strip(), end


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable of an env file; `documented_only` writes it as a comment, for the reader to switch on."""

    name: str
    value: str = ""
    comment: str = ""
    why: Why | None = None
    documented_only: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Variables that belong together, below a heading."""

    heading: str
    settings: tuple[Setting, ...]


def render(groups: Sequence[Group], introduction: str = "", commands: Sequence[str] = ()) -> Rendered:
    """Return an env file: an introduction, the commands that belong to it, then each group with its heading.

    A command is written as it is, however long, for nobody could copy one that is wrapped.
    """
    page = Page()
    page.write(_comment(introduction))
    page.write(f"# {command}" for command in commands)
    for group in groups:
        page.blank()
        if group.heading:
            title = comment_lines(group.heading)
            page.write([*title, "# " + "-" * (len(title[0]) - 2)] if title else [])
            page.blank()
        for setting in group.settings:
            if setting.comment:
                page.blank()
            mark = "# " if setting.documented_only else ""
            page.write([*_comment(setting.comment), f"{mark}{setting.name}={_quoted(setting.value)}"], setting.why)
    return page.rendered()


def _comment(text: str) -> list[str]:
    return list(chain.from_iterable(comment_lines(line) for line in text.splitlines()))


def _quoted(value: str) -> str:
    """Return a value as compose, dotenv and a shell read it alike, as far as they agree."""
    if PLAIN.fullmatch(value) and not value.startswith("#"):
        return value
    if not set(value) & set("'\n\r"):
        return f"'{value}'" if set(value) & set('$"\\`') else f'"{value}"'
    escaped = re.sub(r'(["\\$])', r"\\\1", value).replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
