"""What a workflow says that GitHub refuses, though each of its keys is right."""

from collections.abc import Iterator

from bayplan.formats.document import Document
from bayplan.formats.scalars import scalars
from bayplan.model.deployment import Fault, Irregular


def mistakes(document: Document) -> Iterator[Irregular]:
    """Yield the jobs that a job waits for and that the workflow does not have."""
    jobs = list(document.mapping("jobs"))
    known = {each.lower() for each in jobs}
    for job in jobs:
        for needed in scalars(document, "jobs", job, "needs"):
            if needed.value.lower() not in known:
                near = _near(needed.value, jobs)
                yield Irregular(
                    Fault.WRONG,
                    f"job `{job}` needs a job `{needed.value}`, which the workflow does not have"
                    + (f"; did you mean `{near}`?" if near else ""),
                    needed.at,
                    "GitHub refuses the whole workflow, and none of its jobs runs",
                    f"write `{near}`" if near else "name one of its jobs, or remove it",
                )


def _near(name: str, jobs: list[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, jobs, 1)), "")
