"""Which commands of an image's stages install and build, and what has been copied when they run."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import takewhile

from bayplan.formats import shell_words
from bayplan.model.deployment import BuildStage, ImageFile, Instruction
from bayplan.rules.facts.layout import GLOB, Layout, ancestors
from bayplan.rules.facts.once import once
from bayplan.rules.facts.stages import reach, script, source_stage, values

MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun", "npx", "pnpx", "bunx", "turbo", "nx", "corepack"})
INSTALLERS = frozenset({"npm", "pnpm", "yarn", "bun"})
COMPILERS = frozenset({"tsc", "tsup", "tsdown", "esbuild", "rollup", "vite", "nest", "next", "webpack", "swc", "ncc"})
INSTALLS = frozenset({"install", "i", "ci"})


@dataclass(frozen=True, slots=True)
class Sources:
    """What of the repository COPYs bring along: files, folders and patterns."""

    paths: frozenset[str]
    patterns: tuple[str, ...]

    def bring(self, path: str) -> bool:
        """Say whether a file or folder of the repository comes along."""
        return not self.paths.isdisjoint(ancestors(path)) or any(fnmatchcase(path, each) for each in self.patterns)


@dataclass(frozen=True, slots=True)
class Command:
    """A RUN, the stage it stands in, and its shell text."""

    layout: Layout
    stage: BuildStage
    instruction: Instruction
    text: str

    @property
    def copies(self) -> tuple[Instruction, ...]:
        """The COPYs from the context that come before it."""
        return _copied(self.layout.image, self.stage, self.instruction)

    @property
    def installs(self) -> bool:
        """Whether it installs the dependencies of the repository."""
        return any(
            words[0] in INSTALLERS and INSTALLS & set(words) and not {"-g", "--global"} & set(words)
            for words in self._commands
        )

    @property
    def builds(self) -> bool:
        """Whether it builds something of the repository."""
        return any(
            words[0] in COMPILERS or (words[0] in MANAGERS and any(_names_build(word) for word in words[1:]))
            for words in self._commands
        )

    @property
    def _commands(self) -> list[tuple[str, ...]]:
        return [each.words for each in shell_words.commands(self.text) if each.words]

    def sources(self) -> Sources:
        """Return what of the repository is there when it runs."""
        paths = [self.layout.in_repository(source) for copy in self.copies for source in copy.arguments[:-1]]
        return Sources(frozenset(paths), tuple(path for path in dict.fromkeys(paths) if GLOB & set(path)))


def _names_build(word: str) -> bool:
    return word in COMPILERS or (not word.startswith("-") and "build" in re.split(r"[:_-]", word))


@once
def commands(layout: Layout, stage: BuildStage) -> tuple[Command, ...]:
    """Return every RUN that takes part in a stage."""
    return tuple(
        Command(layout, one, instruction, script(instruction, values(layout.image, one)))
        for one in reach(layout.image, stage)
        for instruction in one.instructions
        if instruction.word == "RUN"
    )


@once
def _copied(image: ImageFile, stage: BuildStage, end: Instruction | None) -> tuple[Instruction, ...]:
    """Return the COPYs from the context that come before an instruction, or before the end of a stage, each once."""
    found: dict[int, Instruction] = {}
    for parent in image.lineage(stage)[-2:-1]:
        found |= {id(each): each for each in _copied(image, parent, None)}
    for each in takewhile(lambda one: one is not end, stage.instructions):
        source = source_stage(image, stage, each) if each.word in ("COPY", "ADD") else None
        if source is not None:
            found |= {id(one): one for one in _copied(image, source, None)}
        elif each.word in ("COPY", "ADD") and each.flag("from") is None:
            found[id(each)] = each
    return tuple(found.values())
