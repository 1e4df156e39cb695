"""The .dockerignore of each build context: it holds what the builds need, and never a secret or an old output."""

import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence

from bayplan.formats import dockerignore
from bayplan.formats.dockerignore import Group
from bayplan.model.image import Copy, Image
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Fact, Why

NAME = ".dockerignore"
BUILT = (".next", ".turbo", "dist")
REPORTS = ("coverage", "*/*/coverage")
"""Those of the packages: below a package's sources, a folder of that name may be a part of them."""
AT_THE_ROOT = (".git", ".github", ".bayplan", "bayplan.yaml")
EVERYWHERE = ("**/Dockerfile*", "**/docker-compose*")


def write(stack: Stack) -> dict[str, Rendered]:
    contexts = dict.fromkeys(image.image.context for image in stack.built)
    return {_within(context, NAME): _of_context(stack, context, list(contexts)) for context in contexts}


def _of_context(stack: Stack, context: str, contexts: Sequence[str]) -> Rendered:
    images = [each.image for each in stack.built if each.image.context == context]
    left = _leftovers([each.value for each in _below(stack.leftovers, context, contexts)])
    built = (*(f"**/{name}" for name in BUILT), *_unusual_outputs(images))
    unneeded = list(_below(stack.unneeded, context, contexts))
    general = (*AT_THE_ROOT, *EVERYWHERE) if context == "." else EVERYWHERE
    groups = [
        Group(
            "Secrets of this machine: never in an image.",
            ("**/.env*",),
            Why("dockerignore", "an image is no place for a secret"),
        ),
        Group(
            "Installed again inside, for the image's own platform.",
            ("**/node_modules", "**/.pnpm-store"),
            Why("dockerignore", "this machine's binaries do not run there"),
        ),
        Group(
            "Built again inside; with an old .tsbuildinfo, tsc would emit nothing.",
            (*built, "**/*.tsbuildinfo", *left, *REPORTS, "**/*.log"),
            Why("dockerignore", "an old output hides what the build does"),
        ),
        Group(
            "No build reads these.",
            (*general, *(each.value for each in unneeded if each.value not in general)),
            Why("dockerignore", "a change here needs no new build"),
        ),
    ]
    return dockerignore.render(groups)


def _within(context: str, path: str) -> str:
    return path if context == "." else f"{context}/{path}"


def _below(facts: Sequence[Fact[str]], context: str, contexts: Sequence[str]) -> Iterator[Fact[str]]:
    """Yield the patterns that belong to a context and to no deeper one, relative to it."""
    for fact in facts:
        sign = "!" if fact.value.startswith("!") else ""
        path = fact.value.removeprefix("!")
        owners = [each for each in contexts if each == "." or path.startswith(f"{each}/")]
        if max(owners, key=len, default=None) == context:
            yield Fact(sign + (path if context == "." else path.removeprefix(f"{context}/")), fact.why)


def _leftovers(paths: Sequence[str]) -> list[str]:
    """Return one pattern for files of one name, and the path itself of every other."""
    named = Counter(posixpath.basename(path) for path in paths)
    patterns = (path if named[posixpath.basename(path)] == 1 else posixpath.basename(path) for path in paths)
    return list(dict.fromkeys(("" if "/" in each else "**/") + dockerignore.literal(each) for each in patterns))


def _unusual_outputs(images: Sequence[Image]) -> list[str]:
    """Return the folders that builds make where no general pattern covers them; a source may be called like them."""
    steps = [step for image in images for stage in image.stages for step in stage.steps]
    copies = [step for step in steps if isinstance(step, Copy)]
    made = {copy.target.rstrip("/") for copy in copies if copy.stage == "build" and copy.why.by == "build"}
    return [dockerignore.literal(path) for path in sorted(made - {""}) if posixpath.basename(path) not in BUILT]
