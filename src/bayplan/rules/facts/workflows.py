"""The builds of images in workflows."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from bayplan.catalog.images import named
from bayplan.model.deployment import Deployment, ImageFile, Workflow, WorkflowJob, WorkflowStep
from bayplan.rules.facts.once import once
from bayplan.source import At, Located

EXPRESSION = re.compile(r"\$\{\{(?:(?!\$\{\{).)*?\}\}")
NAMED = re.compile(r"\$\{\{\s*((?:env|matrix)\.[\w.-]+)\s*\}\}")
MATRIX = re.compile(r"\bmatrix\.([\w.-]+)")
BUILDER = "docker/build-push-action"
EMULATOR = "docker/setup-qemu-action"


def action(step: WorkflowStep) -> str:
    return step.uses.value.partition("@")[0] if step.uses else ""


@dataclass(frozen=True, slots=True)
class ImageBuild:
    """A step that builds an image, once for each combination of its job's matrix.

    `platforms` is empty where an expression decides.
    """

    workflow: Workflow
    job: WorkflowJob
    step: WorkflowStep
    qemu: At | None
    combination: Mapping[str, Located[str]] = field(default_factory=dict)

    def input(self, name: str) -> Located[str] | None:
        """Return what an input is, the matrix's values filled in."""
        text = self.step.inputs.get(name)
        return Located(self._filled(text.value), text.at) if text else None

    def _filled(self, text: str) -> str:
        return resolved(text, {**_named("env", self.workflow.env), **_named("matrix", self.combination)})

    def chosen(self, name: str) -> tuple[At, ...]:
        """Return the places of the matrix's values that an input takes part of."""
        text = self.step.inputs.get(name)
        used = {match[1] for match in MATRIX.finditer(text.value)} if text else set()
        return tuple(value.at for key, value in self.combination.items() if key in used)

    @property
    def inputs_platforms(self) -> Located[str] | None:
        return self.input("platforms")

    @property
    def platforms(self) -> tuple[str, ...]:
        text = self.inputs_platforms
        if text is None or "${{" in text.value:
            return ()
        return tuple(part.strip() for part in text.value.replace("\n", ",").split(",") if part.strip())

    @property
    def references(self) -> tuple[str, ...]:
        """What it pushes, as far as its own inputs say; expressions stay."""
        text = self.input("tags")
        return (
            tuple(line.strip() for line in text.value.replace(",", "\n").splitlines() if line.strip()) if text else ()
        )

    @property
    def names(self) -> frozenset[str]:
        """The names, without tags, under which it pushes, as far as they are constants."""
        return frozenset(named(each)[0] for each in self.references if not EXPRESSION.search(named(each)[0]))

    @property
    def dockerfile(self) -> str:
        """The path of the Dockerfile it builds, with a `*` for what only GitHub knows."""
        file, context = self.input("file"), self.input("context")
        path = file.value if file else posixpath.join(context.value if context else ".", "Dockerfile")
        return posixpath.normpath(EXPRESSION.sub("*", path))

    def makes(self, image: ImageFile) -> bool:
        """Say whether it builds this Dockerfile; a file named by an expression is any that it can be."""
        return fnmatchcase(image.path, self.dockerfile)


@once
def image_builds(deployment: Deployment) -> tuple[ImageBuild, ...]:
    """Return every build of an image in a workflow."""
    return tuple(
        ImageBuild(workflow, job, step, qemu, combination)
        for workflow in deployment.workflows
        for job in workflow.jobs
        if any(action(step) == BUILDER for step in job.steps)
        for qemu in [next((step.at for step in job.steps if action(step) == EMULATOR), None)]
        for combination in job.matrix or ({},)
        for step in job.steps
        if action(step) == BUILDER
    )


def _named(kind: str, values: Mapping[str, Located[str]]) -> dict[str, Located[str]]:
    return {f"{kind}.{name}": value for name, value in values.items()}


def native_platform(job: WorkflowJob) -> str | None:
    """Return the platform of a job's runner; None when its label does not tell."""
    label = job.runs_on.value if job.runs_on else ""
    if "${{" in label or not label.startswith("ubuntu"):
        return None
    return "linux/arm64" if "arm" in label else "linux/amd64"


def resolved(text: str, values: Mapping[str, Located[str]]) -> str:
    """Replace `${{ env.NAME }}` and `${{ matrix.name }}` by their values, where those are known."""

    def value(match: re.Match[str]) -> str:
        known = values.get(match[1])
        return known.value if known else match[0]

    return NAMED.sub(value, text) if "${{" in text else text


def with_environment(text: str, workflow: Workflow) -> str:
    """Replace `${{ env.NAME }}` by what the workflow sets."""
    return resolved(text, _named("env", workflow.env))


def at_words(script: Located[str], words: str) -> At:
    """Return the line of a script, which is mostly a block of lines below its key, that some words stand on."""
    before = script.value.partition(words)[0]
    at = script.at
    return At(at.file, at.line + 1 + before.count("\n"), key=at.key) if "\n" in script.value else at
