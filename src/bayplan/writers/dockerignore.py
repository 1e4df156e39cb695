"""The .dockerignore of the repository: the context holds what a build needs, and never a secret or an old output."""

import posixpath
from collections import Counter
from collections.abc import Sequence

from bayplan.formats import dockerignore
from bayplan.formats.dockerignore import Group
from bayplan.model.image import Copy
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Why

PATH = ".dockerignore"
BUILT = (".next", ".turbo", "dist")
REPORTS = ("coverage", "*/*/coverage")
"""Those of the packages: below a package's sources, a folder of that name may be a part of them."""
BESIDE = (".git", ".github", ".bayplan", "bayplan.yaml", "**/Dockerfile*", "**/docker-compose*", "**/README.md")


def write(stack: Stack) -> dict[str, Rendered]:
    built = (*(f"**/{name}" for name in BUILT), *_unusual_outputs(stack))
    left = _leftovers([each.value for each in stack.leftovers])
    groups = (
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
        Group("No build reads these.", BESIDE, Why("dockerignore", "a change here needs no new build")),
    )
    return {PATH: dockerignore.render(groups)}


def _leftovers(paths: Sequence[str]) -> list[str]:
    """Return one pattern for files of one name, and the path itself of every other."""
    named = Counter(posixpath.basename(path) for path in paths)
    patterns = (path if named[posixpath.basename(path)] == 1 else posixpath.basename(path) for path in paths)
    return list(dict.fromkeys(("" if "/" in each else "**/") + dockerignore.literal(each) for each in patterns))


def _unusual_outputs(stack: Stack) -> list[str]:
    """Return the folders that builds make where no general pattern covers them; a source may be called like them."""
    copies = [
        step
        for service in stack.services
        for stage in service.image.stages
        for step in stage.steps
        if isinstance(step, Copy)
    ]
    made = {copy.target.rstrip("/") for copy in copies if copy.stage == "build" and copy.why.by == "build"}
    return [dockerignore.literal(path) for path in sorted(made - {""}) if posixpath.basename(path) not in BUILT]
