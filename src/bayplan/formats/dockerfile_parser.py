"""A Dockerfile as BuildKit reads it: instructions with their places, in stages."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bayplan.errors import BrokenFileError
from bayplan.formats.dockerfile_lines import Lines, LogicalLine
from bayplan.formats.dockerfile_words import (
    BLANKS,
    UnfinishedError,
    Word,
    blank_words,
    expand,
    flags,
    json_words,
    quoted_words,
)
from bayplan.model.deployment import BuildStage, ImageFile, Instruction
from bayplan.source import At, Located

WHAT_IT_IS = "correct the instruction, or leave it out"
STAGE_NAME = re.compile(r"[a-z][a-z0-9\-_.]*")
ASSIGNMENTS = frozenset({"ENV", "LABEL", "ARG"})
IN_SHELL_OR_JSON = frozenset({"RUN", "CMD", "ENTRYPOINT", "SHELL"})
WORDS_OR_JSON = frozenset({"COPY", "ADD", "VOLUME"})
ONE_TEXT = frozenset({"USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER", "ONBUILD"})
WORDS = frozenset({"FROM", "EXPOSE"})
INSTRUCTIONS = ASSIGNMENTS | IN_SHELL_OR_JSON | WORDS_OR_JSON | ONE_TEXT | WORDS | {"HEALTHCHECK"}
EXPANDED = frozenset({"ADD", "ARG", "COPY", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"})


@dataclass(slots=True)
class _Scope:
    """The variables an instruction sees: those of ENV win over those of ARG."""

    arguments: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def copy(self) -> "_Scope":
        return _Scope(dict(self.arguments), dict(self.environment))

    def values(self) -> Mapping[str, str]:
        return {**self.arguments, **self.environment}

    def learn(self, instruction: Instruction, defaults: Mapping[str, str]) -> None:
        for argument in instruction.arguments:
            name, equals, value = argument.partition("=")
            if instruction.word == "ENV":
                self.environment[name] = value
            elif instruction.word == "ARG" and equals:
                self.arguments[name] = value
            elif instruction.word == "ARG" and name in defaults:
                self.arguments[name] = defaults[name]


@dataclass(slots=True)
class _Open:
    """A stage whose instructions are still being read."""

    name: str
    base: Located[str]
    platform: str | None
    at: At
    scope: _Scope
    instructions: list[Instruction] = field(default_factory=list)

    def close(self) -> BuildStage:
        return BuildStage(self.name, self.base, self.platform, tuple(self.instructions), self.at)


def parse(text: str, path: str) -> ImageFile:
    """Return what a Dockerfile says, or raise `BrokenFileError` with the line that no builder would accept."""
    lines = Lines(text, path)
    reading = _Reading(path, lines.escape)
    for line in lines:
        reading.add(line)
    if not reading.stages:
        raise BrokenFileError(
            f"{path} has no FROM: it builds nothing", at=At(path), remedy="begin it with `FROM` and a base image"
        )
    return ImageFile(path, tuple(stage.close() for stage in reading.stages), tuple(reading.arguments))


class _Reading:
    def __init__(self, path: str, escape: str) -> None:
        self.path = path
        self.escape = escape
        self.stages: list[_Open] = []
        self.arguments: list[Located[str]] = []
        self.globals = _Scope()

    def add(self, line: LogicalLine) -> None:
        scope = self.stages[-1].scope if self.stages and line.word != "FROM" else self.globals
        instruction = read_instruction(line, self.escape, scope.values())
        if instruction.word == "FROM":
            self._open(instruction)
        elif self.stages:
            self.stages[-1].instructions.append(self._with_stage_names(instruction))
            scope.learn(instruction, self.globals.arguments)
        elif instruction.word == "ARG":
            self.arguments += map(Located, instruction.arguments, instruction.places)
            scope.learn(instruction, {})
        else:
            raise _broken(instruction.at, f"has {instruction.word} before the first FROM", "move it below a FROM")

    def _open(self, instruction: Instruction) -> None:
        words = instruction.arguments
        if len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != "AS"):  # noqa: PLR2004 - image AS name
            raise _broken(
                instruction.at, "has a FROM that cannot be read", "write `FROM image` or `FROM image AS name`"
            )
        name = words[2].lower() if len(words) > 1 else str(len(self.stages))
        if len(words) > 1 and not STAGE_NAME.fullmatch(name):
            raise _broken(
                instruction.places[2],
                f"names a stage {words[2]!r}",
                "begin the name with a letter, and use letters, digits, `-`, `_` and `.` only",
            )
        base = Located(self._stage_name(words[0]), instruction.places[0])
        platform = instruction.flag("platform")
        parent = next((stage for stage in reversed(self.stages) if stage.name == base.value), None)
        scope = parent.scope.copy() if parent else _Scope()
        self.stages.append(_Open(name, base, platform, instruction.at, scope))

    def _stage_name(self, text: str) -> str:
        """Return the name of the earlier stage that is meant, whatever its case; an image's name stays as it is."""
        return next((stage.name for stage in self.stages if stage.name == text.lower()), text)

    def _with_stage_names(self, instruction: Instruction) -> Instruction:
        source = instruction.flag("from")
        if source is None:
            return instruction
        by_index = source.isascii() and source.isdigit() and int(source[:6]) < len(self.stages)
        name = self.stages[int(source[:6])].name if by_index else self._stage_name(source)
        if name == source:
            return instruction
        named = tuple((key, name if key == "from" else value) for key, value in instruction.flags)
        return replace(instruction, flags=named)


def _broken(at: At, what: str, remedy: str) -> BrokenFileError:
    return BrokenFileError(f"{at.file} {what}", at=at, remedy=remedy)


def read_instruction(line: LogicalLine, escape: str, variables: Mapping[str, str]) -> Instruction:
    """Return a line's instruction, its variables replaced as far as they are known."""
    first = BLANKS.search(line.text)
    written = first.group() if first else ""
    word, end = written.upper(), first.end() if first else 0
    at = line.at(0, len(line.text))
    if word not in INSTRUCTIONS:
        raise _broken(line.at(0, end), f"has an unknown instruction: {written[:40]}", _nearest(word))
    found, rest = flags(line.text, end)
    arguments, shell = _arguments(word, line, rest, escape)
    if word == "FROM":
        arguments = [_expanded(line, arguments[0], variables, escape), *arguments[1:]]
    elif word in EXPANDED:
        arguments = [_expanded(line, each, variables, escape) for each in arguments]
    return Instruction(
        word,
        at,
        tuple(_with_heredocs(each.text, line) if shell else each.text for each in arguments),
        tuple(_flag(line, each, variables, escape) for each in found),
        shell=shell,
        text=line.text.strip(),
        heredocs=line.heredocs,
        places=tuple(line.at(each.start, each.end) for each in arguments),
        flag_places=tuple(line.at(each.start, each.end) for each in found),
    )


def _nearest(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word[:40], INSTRUCTIONS, 1)
    return f"did you mean {near[0]}?" if near else WHAT_IT_IS


def _flag(line: LogicalLine, word: Word, variables: Mapping[str, str], escape: str) -> tuple[str, str]:
    name, equals, value = word.text.removeprefix("--").partition("=")
    value = value if equals else "true"
    return name.lower(), _expanded(line, replace(word, text=value), variables, escape).text if "$" in value else value


def _expanded(line: LogicalLine, word: Word, variables: Mapping[str, str], escape: str) -> Word:
    if word.text.startswith("<<") and line.heredocs:
        return word
    try:
        text = expand(word.text, variables, escape)
        return word if text == word.text else replace(word, text=text)
    except UnfinishedError as error:
        raise _broken(
            line.at(word.start, word.end), f"never closes {error.args[0]} here", f"add the closing {error.args[0]}"
        ) from error


def _with_heredocs(text: str, line: LogicalLine) -> str:
    """Return what the shell gets: a lone heredoc is the script itself."""
    if len(line.heredocs) == 1 and len(text.split()) == 1:
        return line.heredocs[0].content
    return text + "".join(f"\n{each.content}{each.name}" for each in line.heredocs)


def _arguments(word: str, line: LogicalLine, start: int, escape: str) -> tuple[list[Word], bool]:
    """Return an instruction's arguments as written, and whether they are meant for a shell."""
    shell = False
    if word in ASSIGNMENTS:
        arguments = _pairs(word, line, start, escape)
    elif word == "HEALTHCHECK":
        arguments, shell = _health_check(line, start)
    elif word in ONE_TEXT:
        arguments = _rest(line.text, start)
    elif word in WORDS:
        arguments = blank_words(line.text, start)
    else:
        in_json = json_words(line.text, start)
        shell = in_json is None and word in IN_SHELL_OR_JSON
        plain: Callable[[str, int], list[Word]] = _rest if shell else blank_words
        arguments = plain(line.text, start) if in_json is None else in_json
    _check_count(word, arguments, line, shell=shell)
    return arguments, shell


def _check_count(word: str, arguments: list[Word], line: LogicalLine, *, shell: bool) -> None:
    whole = 0, len(line.text)
    if not arguments and word not in ("CMD", "ENTRYPOINT"):
        raise _broken(line.at(*whole), f"has {word} without arguments", WHAT_IT_IS)
    if word in ("COPY", "ADD") and len(arguments) == 1:
        raise _broken(line.at(*whole), f"has {word} without a target", "name what is copied, then where to")
    if word == "SHELL" and shell:
        raise _broken(line.at(*whole), "has a SHELL that is no JSON list", 'write it as ["/bin/sh", "-c"]')


def _rest(text: str, start: int) -> list[Word]:
    rest = text[start:].strip()
    begin = start + text[start:].find(rest)
    return [Word(rest, begin, begin + len(rest))] if rest else []


def _pairs(word: str, line: LogicalLine, start: int, escape: str) -> list[Word]:
    words = list(quoted_words(line.text, escape, start))
    if word != "ARG" and words and "=" not in words[0].text:
        value = _rest(line.text, words[0].end)
        if not value:
            raise _broken(line.at(0, len(line.text)), f"has {word} without a value", f"write `{word} name=value`")
        return [Word(f"{words[0].text}={value[0].text}", words[0].start, value[0].end)]
    for each in words:
        if ("=" not in each.text and word != "ARG") or each.text.startswith("="):
            raise _broken(
                line.at(each.start, each.end),
                f"has {each.text[:40]!r} in {word}",
                "write it as name=value, in quotes if it has blanks",
            )
    return words


def _health_check(line: LogicalLine, start: int) -> tuple[list[Word], bool]:
    words = blank_words(line.text, start)
    kind = replace(words[0], text=words[0].text.upper()) if words else None
    if kind is None or kind.text not in ("CMD", "NONE") or (kind.text == "NONE") != (len(words) == 1):
        raise _broken(
            line.at(0, len(line.text)),
            "has a HEALTHCHECK that cannot be read",
            "write `HEALTHCHECK CMD ...` or `HEALTHCHECK NONE`",
        )
    if kind.text == "NONE":
        return [kind], False
    in_json = json_words(line.text, kind.end)
    return [kind, *(_rest(line.text, kind.end) if in_json is None else in_json)], in_json is None
