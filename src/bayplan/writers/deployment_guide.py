"""docs/deployment.md: each place that a stack can run in, from nothing to running to rolled back."""

from collections.abc import Callable, Iterator, Sequence

from bayplan.formats.rendering import Page
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Why
from bayplan.writers import (
    deployment_docker,
    deployment_fly,
    deployment_github,
    deployment_railway,
    deployment_render,
    deployment_table,
)

PATH = "docs/deployment.md"
HERE = Why("deployment_guide", "whoever deploys it follows the same steps")
ASKED = Why("bayplan.yaml", "it is one of the targets of bayplan.yaml")
SECTIONS: dict[str, Callable[[Stack], list[str]]] = {
    "fly": deployment_fly.section,
    "railway": deployment_railway.section,
    "render": deployment_render.section,
    "github": deployment_github.section,
}
BACK = """\
A rollback brings the code back, and never the data: what a migration has changed stays changed. So let each migration
leave the version before it working: add first, remove one release later."""


def write_all(stacks: Sequence[Stack]) -> dict[str, Rendered]:
    """Return the guide for all environments, where any of them has a target."""
    if not any(stack.targets.chosen for stack in stacks):
        return {}
    page = Page()
    for lines, why in _parts(stacks):
        if lines:
            page.blank()
            page.write(_trimmed(lines), why)
    return {PATH: page.rendered()}


def _parts(stacks: Sequence[Stack]) -> Iterator[tuple[list[str], Why]]:
    yield [f"# Deployment of {stacks[0].name}", "", *BACK.splitlines()], HERE
    for stack in stacks:
        yield _compared(stack), ASKED
    for stack in stacks:
        yield deployment_docker.section(stack), HERE
    yield deployment_github.images(stacks), ASKED
    for target, section in SECTIONS.items():
        for stack in stacks:
            if target in stack.targets.chosen:
                yield section(stack), ASKED


def _compared(stack: Stack) -> list[str]:
    rows = deployment_table.table(stack, stack.targets.chosen)
    environment = "" if stack.is_production else f" ({stack.environment})"
    return [f"## The places compared{environment}", "", *rows] if rows else []


def _trimmed(lines: list[str]) -> list[str]:
    return lines[: len(lines) - next((n for n, line in enumerate(reversed(lines)) if line), len(lines))]
