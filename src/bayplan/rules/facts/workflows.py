"""The builds of images in workflows."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bayplan.model.deployment import Deployment, ImageFile, Workflow, WorkflowJob, WorkflowStep
from bayplan.source import At, Located

EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
BUILDER = "docker/build-push-action"
EMULATOR = "docker/setup-qemu-action"


def action(step: WorkflowStep) -> str:
    return step.uses.value.partition("@")[0] if step.uses else ""


@dataclass(frozen=True, slots=True)
class ImageBuild:
    """A step that builds images. `platforms` is empty where an expression decides."""

    workflow: Workflow
    job: WorkflowJob
    step: WorkflowStep
    qemu: At | None

    @property
    def inputs_platforms(self) -> Located[str] | None:
        return self.step.inputs.get("platforms")

    @property
    def platforms(self) -> tuple[str, ...]:
        text = self.inputs_platforms
        if text is None or "${{" in text.value:
            return ()
        return tuple(part.strip() for part in text.value.replace("\n", ",").split(",") if part.strip())

    @property
    def names(self) -> frozenset[str]:
        """The names, without tags, under which it pushes, as far as they are constants."""
        text = self.step.inputs.get("tags")
        lines = text.value.replace(",", "\n").splitlines() if text else []
        return frozenset(resolved(line.strip(), self.workflow.env).partition(":")[0] for line in lines)

    def makes(self, image: ImageFile) -> bool:
        """Say whether it builds this Dockerfile; a file named by an expression is any that it can be."""
        named, context = self.step.inputs.get("file"), self.step.inputs.get("context")
        path = named.value if named else posixpath.join(context.value if context else ".", "Dockerfile")
        return fnmatchcase(image.path, posixpath.normpath(EXPRESSION.sub("*", path)))


def image_builds(deployment: Deployment) -> Iterator[ImageBuild]:
    for workflow in deployment.workflows:
        for job in workflow.jobs:
            qemu = next((step.at for step in job.steps if action(step) == EMULATOR), None)
            yield from (ImageBuild(workflow, job, step, qemu) for step in job.steps if action(step) == BUILDER)


def native_platform(job: WorkflowJob) -> str | None:
    """Return the platform of a job's runner; None when its label does not tell."""
    label = job.runs_on.value if job.runs_on else ""
    if "${{" in label or not label.startswith("ubuntu"):
        return None
    return "linux/arm64" if "arm" in label else "linux/amd64"


def resolved(text: str, env: Mapping[str, Located[str]]) -> str:
    """Replace `${{ env.NAME }}` by what the workflow sets."""
    for name, value in env.items():
        for spelling in (f"${{{{ env.{name} }}}}", f"${{{{env.{name}}}}}"):
            text = text.replace(spelling, value.value)
    return text
