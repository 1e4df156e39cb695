"""The .dockerignore of the repository: the context holds what a build needs, and never a secret or an old output."""

from bayplan.formats import dockerignore
from bayplan.formats.dockerignore import Group
from bayplan.model.image import Copy
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Why

PATH = ".dockerignore"
BUILT = (".next", ".turbo", "coverage", "dist")
BESIDE = (".git", ".github", ".bayplan", "bayplan.yaml", "**/Dockerfile*", "**/docker-compose*", "**/README.md")


def write(stack: Stack) -> dict[str, Rendered]:
    built = sorted({*BUILT, *_outputs(stack)})
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
            (*(f"**/{name}" for name in built), "**/*.tsbuildinfo", "**/*.log"),
            Why("dockerignore", "an old output hides what the build does"),
        ),
        Group("No build reads these.", BESIDE, Why("dockerignore", "a change here needs no new build")),
    )
    return {PATH: dockerignore.render(groups)}


def _outputs(stack: Stack) -> set[str]:
    """Return the names of the folders that builds make, as the images copy them; folders of the repository stay."""
    copies = [
        step
        for service in stack.services
        for stage in service.image.stages
        for step in stage.steps
        if isinstance(step, Copy)
    ]
    made = {copy.target.rstrip("/") for copy in copies if copy.stage == "build" and copy.why.by == "build"}
    return {path.rsplit("/", 1)[-1] for path in made} - {""}
