"""GitHub workflows, as far as they build, push and deploy."""

from collections.abc import Iterator

from bayplan.catalog import load
from bayplan.errors import BrokenFileError
from bayplan.formats import yaml_nodes
from bayplan.formats.document import Document, Key
from bayplan.formats.scalars import named_values, scalar, scalars
from bayplan.formats.shapes import first, irregularities
from bayplan.formats.workflow_matrix import matrix
from bayplan.formats.workflow_meaning import mistakes
from bayplan.model.deployment import Trigger, Workflow, WorkflowJob, WorkflowStep
from bayplan.source import At, Located


def parse(text: str, path: str) -> Workflow:
    """Return the jobs of a workflow; a job that calls another workflow is a job of one step."""
    document = yaml_nodes.load(text, path)
    if not isinstance(document.data, dict):
        raise BrokenFileError(
            f"{path} is not a workflow: it holds no keys", at=At(path, 1, 1), remedy="write `on` and `jobs` in it"
        )
    jobs = tuple(
        WorkflowJob(
            name,
            _runs_on(document, name),
            tuple(_steps(document, name)),
            document.key_at("jobs", name),
            scalar(document, "jobs", name, "if"),
            matrix(document, "jobs", name, "strategy", "matrix"),
        )
        for name in document.mapping("jobs")
    )
    irregular = (*irregularities(document, load("platforms/github")), *first(mistakes(document)))
    return Workflow(path, jobs, named_values(document, "env"), tuple(_triggers(document)), irregular)


def _triggers(document: Document) -> Iterator[Trigger]:
    for event in scalars(document, "on"):
        yield Trigger(event.value, event.at)
    for name in document.mapping("on"):
        route = ("on", name)
        filters = tuple(document.mapping(*route))
        paths, ignored = (scalars(document, *route, key) for key in ("paths", "paths-ignore"))
        yield Trigger(name, document.key_at(*route), paths, ignored, filters)


def _runs_on(document: Document, job: str) -> Located[str] | None:
    """Return the runner: a label, several joined by commas, or the labels of a group."""
    route: tuple[Key, ...] = ("jobs", job, "runs-on")
    labels = scalars(document, *route) or scalars(document, *route, "labels") or scalars(document, *route, "group")
    return Located(", ".join(label.value for label in labels), document.at(*route)) if labels else None


def _steps(document: Document, job: str) -> Iterator[WorkflowStep]:
    routes: list[tuple[Key, ...]] = [("jobs", job)] if document.text("jobs", job, "uses") else []
    routes += [("jobs", job, "steps", index) for index in range(len(document.items("jobs", job, "steps")))]
    for route in routes:
        if isinstance(document.get(*route), dict):
            yield WorkflowStep(
                scalar(document, *route, "uses"),
                named_values(document, *route, "with"),
                scalar(document, *route, "run"),
                document.at(*route),
                scalar(document, *route, "if"),
                scalar(document, *route, "working-directory") or _usual_folder(document, job),
            )


def _usual_folder(document: Document, job: str) -> Located[str] | None:
    key = ("defaults", "run", "working-directory")
    return scalar(document, "jobs", job, *key) or scalar(document, *key)
