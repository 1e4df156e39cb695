"""What holds at an instruction of a Dockerfile: the folder it works in, the variables it sees."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bayplan.catalog.images import KnownImage, known
from bayplan.formats.dockerfile import argument_at
from bayplan.model.deployment import BuildStage, ImageFile, Instruction
from bayplan.rules.facts.once import once
from bayplan.source import At

MANY = 65_536
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")


def expanded(text: str, values: Mapping[str, str]) -> str:
    """Replace the variables that have a value or a default; the others stay as they are."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[3]
        return values.get(name) or (match[2] if match[2] is not None else match[0])

    return VARIABLE.sub(value, text)


def pairs(instruction: Instruction) -> Iterator[tuple[str, str | None]]:
    """Yield the names and values that an ENV or ARG sets."""
    for argument in instruction.arguments:
        name, equals, value = argument.partition("=")
        yield name, value if equals else None


@once
def values(image: ImageFile, stage: BuildStage) -> Mapping[str, str]:
    """Return the variables that a stage is built with, as far as they have a value."""
    return _given(image, image.instructions(stage, "ARG", "ENV"))


@once
def environment_of(image: ImageFile, stage: BuildStage) -> Mapping[str, str]:
    """Return the variables that a stage leaves to what runs in it."""
    return _given(image, image.instructions(stage, "ENV"))


def _given(image: ImageFile, instructions: Iterable[Instruction]) -> Mapping[str, str]:
    outer = dict(each.value.partition("=")[::2] for each in image.arguments)
    found: dict[str, str] = {}
    for instruction in instructions:
        for name, value in pairs(instruction):
            given = outer.get(name) if value is None else value
            if given is not None:
                found[name] = expanded(given, found)
    return found


@dataclass(frozen=True, slots=True)
class Placed:
    """An instruction and the folder it works in."""

    instruction: Instruction
    folder: str
    stage: BuildStage


def placed(image: ImageFile, stage: BuildStage) -> Iterator[Placed]:
    """Yield the instructions in force in a stage, inherited ones first, each with its working folder."""
    folder = "/"
    for one in image.lineage(stage):
        for instruction in one.instructions:
            if instruction.word == "WORKDIR" and instruction.arguments:
                folder = absolute(folder, instruction.arguments[0])
            yield Placed(instruction, folder, one)


@once
def runs_something(image: ImageFile, stage: BuildStage) -> bool:
    """Say whether a RUN takes part in what a stage holds."""
    return bool(image.instructions(stage, "RUN"))


def folder_of(image: ImageFile, stage: BuildStage) -> str:
    """Return the working folder that a stage ends with."""
    return next((each.folder for each in reversed(list(placed(image, stage)))), "/")


@lru_cache(MANY)
def joined(folder: str, path: str) -> str:
    """Return a path below a folder without its `.` and `..`: asked for the same packages in every image."""
    return posixpath.normpath(posixpath.join(folder, path))


def absolute(folder: str, path: str) -> str:
    return joined(folder, path).replace("//", "/")


def base(image: ImageFile, stage: BuildStage) -> KnownImage | None:
    """Return what is known about the public image that a stage is built on."""
    return known(base_name(image, stage))


def base_name(image: ImageFile, stage: BuildStage) -> str:
    return image.lineage(stage)[0].base.value


def last(image: ImageFile, stage: BuildStage, word: str) -> Instruction | None:
    """Return the instruction of a kind that is in force at the end of a stage."""
    return next(reversed(image.instructions(stage, word)), None)


def source_stage(image: ImageFile, stage: BuildStage, instruction: Instruction) -> BuildStage | None:
    """Return the earlier stage that a COPY takes from; None for the context or another image."""
    name = instruction.flag("from")
    if name is None:
        return None
    return next((each for each in image.stages[: image.stages.index(stage)] if each.name == name), None)


@once
def reach(image: ImageFile, stage: BuildStage) -> tuple[BuildStage, ...]:
    """Return every stage that a stage is made from, in the file's order, itself included."""
    wanted = list(image.lineage(stage))
    for one in wanted:
        copies = {each.flag("from"): each for each in one.instructions if each.word == "COPY"}
        sources = [source_stage(image, one, each) for each in copies.values()]
        for each in (each for source in sources if source for each in image.lineage(source)):
            if each not in wanted:
                wanted.append(each)
    return tuple(each for each in image.stages if each in wanted)


def script(instruction: Instruction, seen: Mapping[str, str]) -> str:
    """Return the shell text of a RUN with its variables replaced."""
    return expanded(" ".join(instruction.arguments), seen)


def within(instruction: Instruction, words: str, index: int = 0) -> At:
    """Return the place of some words on an instruction's first line, or else of one of its arguments."""
    start = instruction.text.find(words)
    at = instruction.at
    if start < 0 or start + len(words) > at.length:
        return argument_at(instruction, index)
    return At(at.file, at.line, at.column + start, len(words))
