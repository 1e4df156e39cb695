"""Dockerfiles, both ways."""

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import assert_never

from bayplan.errors import UsageError
from bayplan.formats.dockerfile_lines import DIRECTIVE
from bayplan.formats.dockerfile_parser import parse
from bayplan.formats.rendering import WIDTH, Page, comment_lines
from bayplan.model.deployment import Instruction
from bayplan.model.image import (
    Argument,
    Cache,
    Command,
    Copy,
    Environment,
    Expose,
    Healthcheck,
    Image,
    Run,
    Stage,
    Step,
    User,
    Workdir,
)
from bayplan.model.rendered import Rendered
from bayplan.source import At

__all__ = ["argument_at", "options", "parse", "pattern", "render"]

INDENT = "    "
PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,~\-]+")
PLAIN_COPY = re.compile(r"(?!-|[0-9]*<<)[\w./:@%+=,~*?()-]+")
SHELL_WORD = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""")
UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
USUAL_RETRIES = 3


def argument_at(instruction: Instruction, index: int) -> At:
    """Return the place of an argument, or of the whole instruction when it has fewer."""
    return instruction.places[index] if 0 <= index < len(instruction.places) else instruction.at


def options(value: str) -> dict[str, str]:
    """Return what a flag such as `--mount` lists: `type=cache,target=/x,readonly`; a bare word is `true`."""
    rows = list(csv.reader(io.StringIO(value), strict=False)) if "\0" not in value else []
    pairs = (field.strip().partition("=") for row in rows for field in row)
    return {name.lower(): text if equals else "true" for name, equals, text in pairs if name}


def pattern(path: str) -> str:
    """Return the pattern that COPY takes for a path; `*` and `?` keep their meaning."""
    # BuildKit finds no name with a backslash by that name, and takes what begins with << for a heredoc
    return path.replace("[", "[[]").replace("\\", "?").replace("<<", "?<")


def render(image: Image) -> Rendered:
    """Return the Dockerfile of an image, or raise `UsageError` for a value that a Dockerfile cannot hold."""
    page = Page()
    for stage in image.stages:
        page.blank()
        _write_stage(page, stage)
    return page.rendered()


def _write_stage(page: Page, stage: Stage) -> None:
    first = page.next_line
    because = stage.why.because
    comment = comment_lines(because[:1].upper() + because[1:])
    if first == 1 and comment and DIRECTIVE.fullmatch(comment[0]):
        page.write(["#"])  # otherwise a builder would take the first comment for a directive
    page.write(comment)
    platform = "--platform=$BUILDPLATFORM " if stage.native else ""
    page.write([f"FROM {platform}{_one_line(stage.base)} AS {_one_line(stage.name)}"])
    page.explain(first, stage.why)
    for step in stage.steps:
        page.write(_step_lines(step), step.why)


def _step_lines(step: Step) -> list[str]:
    match step:
        case Copy():
            return _copy(step)
        case Run():
            return _run(step)
        case Argument():
            default = "" if step.default is None else f"={_quoted(step.default)}"
            return [f"ARG {_one_line(step.name)}{default}"]
        case Environment():
            return _folded("ENV", [f"{_one_line(name)}={_quoted(value)}" for name, value in step.values], one_each=True)
        case Workdir():
            return [f"WORKDIR {_quoted(step.path)}"]
        case User():
            return [f"USER {_quoted(step.name)}"]
        case Expose():
            return [f"EXPOSE {step.port}"]
        case Healthcheck():
            return _health_check(step)
        case Command():
            return [f"CMD {_json(step.argv)}"]
    assert_never(step)


def _copy(step: Copy) -> list[str]:
    words = [*map(pattern, step.sources), step.target]
    start = f"COPY --from={_one_line(step.stage)}" if step.stage is not None else "COPY"
    if all(PLAIN_COPY.fullmatch(word) for word in words):
        return _folded(start, words)
    in_json = [_json([_escaped(word)])[1:-1] for word in words]
    in_json[0] = f"[{in_json[0]}"
    return _folded(start, [*(f"{each}," for each in in_json[:-1]), f"{in_json[-1]}]"])


def _folded(start: str, words: Sequence[str], *, one_each: bool = False) -> list[str]:
    """Return one line as long as it is not too wide; else words on as few lines as they need, or one on each."""
    alone = " ".join((start, *words))
    if len(alone) <= WIDTH:
        return [alone]
    lines = [start]
    for word in words:
        begins = one_each and lines != [start]
        if begins or len(f"{lines[-1]} {word} \\") > WIDTH:
            lines.append(INDENT + word)
        else:
            lines[-1] += f" {word}"
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def _run(step: Run) -> list[str]:
    flags = [*map(_cache_mount, step.caches), *map(_secret_mount, step.secrets)]
    if not step.needs_network:
        flags.append("--network=none")
    commands = [f"{each} &&" for each in step.commands[:-1]] + list(step.commands[-1:])
    words = [*flags, *map(_one_line, commands)]
    words[0] = f"RUN {words[0]}"
    lines = [line for word in (words[0], *(INDENT + word for word in words[1:])) for line in _wrapped(word)]
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def _wrapped(line: str) -> list[str]:
    """Break a line of shell text that is too wide between its words, never inside quotes."""
    words = SHELL_WORD.findall(line)
    if len(line) <= WIDTH or " ".join(words) != line.strip():
        return [line]
    lines = [line[: len(line) - len(line.lstrip())] + words[0]]
    for group in _together(words[1:]):
        if len(f"{lines[-1]} {group} \\") > WIDTH:
            lines.append(INDENT * 2 + group)
        else:
            lines[-1] += f" {group}"
    return lines


def _together(words: Sequence[str]) -> list[str]:
    """Join what should not be parted: an option and its value, and `&&` and what it follows."""
    groups: list[str] = []
    open_option = False
    for word in words:
        is_option = word.startswith("-")
        if groups and (word == "&&" or (open_option and (not is_option or groups[-1].endswith("-o")))):
            groups[-1] += f" {word}"
        else:
            groups.append(word)
        open_option = is_option and "=" not in word
    return groups


def _cache_mount(cache: Cache) -> str:
    fields = ["type=cache", f"id={_escaped(cache.id)}", f"target={_escaped(cache.target)}"]
    return _mount([*fields, "sharing=locked"] if cache.exclusive else fields)


def _secret_mount(name: str) -> str:
    return _mount(["type=secret", f"id={_escaped(name)}", "required=true"])


def _mount(fields: Sequence[str]) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(fields)
    return "--mount=" + re.sub(r"([\s\"'\\])", r"\\\1", _one_line(row.getvalue()))


def _health_check(step: Healthcheck) -> list[str]:
    flags = [
        f"--interval={step.interval}s",
        f"--timeout={step.timeout}s",
        f"--start-period={step.start_period}s",
        f"--start-interval={step.start_interval}s",
    ]
    if step.retries != USUAL_RETRIES:
        flags.append(f"--retries={step.retries}")
    start, command = " ".join(("HEALTHCHECK", *flags)), f"CMD {_json(step.argv)}"
    alone = f"{start} {command}"
    return [alone] if len(alone) <= WIDTH else [f"{start} \\", INDENT + command]


def _json(argv: Sequence[str]) -> str:
    text = json.dumps(list(argv), ensure_ascii=False)
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _escaped(text: str) -> str:
    """Return a text that means itself where a builder looks for quotes and variables."""
    return re.sub(r"([\\\"'$])", r"\\\1", text)


def _quoted(text: str) -> str:
    if PLAIN.fullmatch(text):
        return text
    return '"' + re.sub(r"([\\\"$])", r"\\\1", _one_line(text)) + '"'


def _one_line(text: str) -> str:
    if UNSAFE.search(text):
        raise UsageError(
            f"{text[:40]!r} has a line break or another control character, which no Dockerfile can hold",
            remedy="rename what is called so, or give the value when the container starts",
        )
    return text
