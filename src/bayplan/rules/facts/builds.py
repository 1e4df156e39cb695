"""Which commands of an image's stages install and build, and what has been copied when they run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.formats import shell_words
from bayplan.model.deployment import BuildStage, Instruction
from bayplan.rules.facts.layout import Layout
from bayplan.rules.facts.stages import reach, script, source_stage, values

MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun", "npx", "pnpx", "bunx", "turbo", "nx", "corepack"})
INSTALLERS = frozenset({"npm", "pnpm", "yarn", "bun"})
COMPILERS = frozenset({"tsc", "tsup", "tsdown", "esbuild", "rollup", "vite", "nest", "next", "webpack", "swc", "ncc"})
INSTALLS = frozenset({"install", "i", "ci"})


@dataclass(frozen=True, slots=True)
class Command:
    """A RUN, the stage it stands in, its shell text, and the COPYs from the context that come before it."""

    instruction: Instruction
    stage: BuildStage
    text: str
    copies: tuple[Instruction, ...]

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

    def sources(self, layout: Layout) -> tuple[str, ...]:
        """Return what of the repository is there when it runs."""
        return tuple(layout.in_repository(source) for copy in self.copies for source in copy.arguments[:-1])


def _names_build(word: str) -> bool:
    return word in COMPILERS or (not word.startswith("-") and "build" in re.split(r"[:_-]", word))


def commands(layout: Layout, stage: BuildStage) -> Iterator[Command]:
    """Yield every RUN that takes part in a stage."""
    for one in reach(layout.image, stage):
        seen = values(layout.image, one)
        for instruction in one.instructions:
            if instruction.word == "RUN":
                copies = tuple(_before(layout, one, instruction))
                yield Command(instruction, one, script(instruction, seen), copies)


def _before(layout: Layout, stage: BuildStage, end: Instruction | None) -> Iterator[Instruction]:
    *parents, own = layout.image.lineage(stage)
    for one in parents:
        yield from _before(layout, one, None)
    for each in own.instructions:
        if each is end:
            return
        if each.word not in ("COPY", "ADD"):
            continue
        source = source_stage(layout.image, own, each)
        if source is not None:
            yield from _before(layout, source, None)
        elif each.flag("from") is None:
            yield each
