"""What comes into an image's build context, and what its .dockerignore leaves out."""

import posixpath
from collections.abc import Iterator

from bayplan.formats.dockerignore import matches
from bayplan.model.deployment import BuildStage, Deployment, IgnoreFile, Instruction
from bayplan.rules.facts.layout import Layout, ancestors
from bayplan.rules.facts.once import once
from bayplan.rules.facts.stages import reach


def ignore_file(deployment: Deployment, dockerfile: str, context: str) -> IgnoreFile | None:
    """Return the file in force: the Dockerfile's own, or the context's."""
    by_path = {file.path: file for file in deployment.ignores}
    return by_path.get(f"{dockerfile}.dockerignore") or by_path.get(posixpath.normpath(f"{context}/.dockerignore"))


def is_ignored(file: IgnoreFile | None, path: str) -> bool:
    """Say whether a path, relative to the context, is left out."""
    return file is not None and matches([each.value for each in file.patterns], path)


def folder_copies(layout: Layout, stage: BuildStage, folder: str) -> Iterator[Instruction]:
    """Yield the COPYs from the context, in every stage that takes part, that bring a whole folder along."""
    around = ancestors(folder)
    for copy, sources in _context_copies(layout, stage):
        if not around.isdisjoint(sources):
            yield copy


@once
def _context_copies(layout: Layout, stage: BuildStage) -> list[tuple[Instruction, list[str]]]:
    """Return the COPYs from the context with what they name of the repository."""
    return [
        (each, [layout.in_repository(source) for source in each.arguments[:-1]])
        for one in reach(layout.image, stage)
        for each in one.instructions
        if each.word in ("COPY", "ADD") and each.flag("from") is None
    ]
