"""Which commands of an image's stages install and build, and what has been copied when they run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.model.deployment import BuildStage, Instruction
from bayplan.rules.facts.layout import Layout
from bayplan.rules.facts.stages import reach, script, source_stage, values

INSTALL = re.compile(r"\b(?:pnpm|npm|yarn|bun)\b(?:\s+--?\S+)*\s+(?:install|i|ci)\b(?!\s+(?:-g|--global))")
BUILD = re.compile(r"\b(?:turbo|nx)\s+(?:run\s+)?\S|\b(?:tsc|tsup|esbuild|nest build|next build|vite build)\b|\bbuild\b")
GLOBAL = re.compile(r"\s(?:-g|--global)\b")


@dataclass(frozen=True, slots=True)
class Command:
    """A RUN, the stage it stands in, its shell text, and the COPYs from the context that come before it."""

    instruction: Instruction
    stage: BuildStage
    text: str
    copies: tuple[Instruction, ...]

    @property
    def installs(self) -> bool:
        return bool(INSTALL.search(self.text)) and not GLOBAL.search(self.text)

    @property
    def builds(self) -> bool:
        return bool(BUILD.search(self.text)) and "pnpm fetch" not in self.text

    def sources(self, layout: Layout) -> tuple[str, ...]:
        """Return what of the repository is there when it runs."""
        return tuple(layout.in_repository(source) for copy in self.copies for source in copy.arguments[:-1])


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
