"""Which package managers Dockerfiles and workflows install, and which one the repository pins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.model.deployment import Deployment, WorkflowJob
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.stages import script, values, within
from bayplan.rules.facts.workflows import action
from bayplan.source import At

BY_NPM = re.compile(
    r"\bnpm\s+(?:--?\S+\s+)*(?:install|i|add)\b(?=[^&;|\n]*\s(?:-g|--global)\b)[^&;|\n]*?\s"
    r"(?P<spec>(?P<name>pnpm|yarn|bun)(?:@(?P<version>[^\s'\"&;|]+))?)(?=\s|$|['\"&;|])"
)
BY_COREPACK = re.compile(
    r"\bcorepack\s+(?:prepare|use|install)\b[^&;|\n]*?\s(?P<spec>(?P<name>pnpm|yarn)@(?P<version>[^\s&;|]+))"
)
ENABLES = re.compile(r"\b(?P<spec>corepack\s+enable)\b(?:\s+(?P<name>pnpm|yarn))?")
BUILD_COMMANDS = ("buildCommand", "build.buildCommand")
"""What Render and Railway build with where there is no Dockerfile."""
EXACT = re.compile(r"^v?\d+\.\d+\.\d+([-+].*)?$")


@dataclass(frozen=True, slots=True)
class Installed:
    name: str
    version: str | None
    by_corepack: bool
    at: At


def is_exact(version: str) -> bool:
    """Say whether this is one version; a variable that nobody gave a value may be one."""
    return bool(EXACT.match(version)) or "$" in version


def pin(workspace: Workspace) -> At | None:
    """Return the place in a manifest that pins the package manager."""
    at = workspace.manager.version.why.at
    return at if at is not None and at.file.endswith("package.json") else None


def installed(deployment: Deployment) -> Iterator[Installed]:
    for image in deployment.images:
        for stage in image.stages:
            seen = values(image, stage)
            runs = [(each, script(each, seen)) for each in stage.instructions if each.word == "RUN"]
            prepared = any(BY_COREPACK.search(text) for _, text in runs)
            for each, text in runs:
                for match in _installs(text, prepared=prepared):
                    yield _installed(match, within(each, match["spec"]))
    for workflow in deployment.workflows:
        for job in workflow.jobs:
            yield from _in_job(job)
    yield from _by_platforms(deployment)


def _by_platforms(deployment: Deployment) -> Iterator[Installed]:
    for service in deployment.platform_services:
        for command in (service.settings[key] for key in BUILD_COMMANDS if key in service.settings):
            for match in _installs(command.value, prepared=False):
                yield _installed(match, command.at)


def _in_job(job: WorkflowJob) -> Iterator[Installed]:
    for step in job.steps:
        version = step.inputs.get("version")
        if action(step) == "pnpm/action-setup" and version is not None and not re.match(r"\d|\$", version.value):
            yield Installed("pnpm", version.value, by_corepack=False, at=version.at)
        if step.script is not None:
            for match in _installs(step.script.value, prepared=False):
                yield _installed(match, step.script.at)


def _installs(text: str, *, prepared: bool) -> Iterator[re.Match[str]]:
    yield from BY_NPM.finditer(text)
    yield from BY_COREPACK.finditer(text)
    if not prepared and not BY_COREPACK.search(text):
        yield from ENABLES.finditer(text)


def _installed(match: re.Match[str], at: At) -> Installed:
    if match.re is ENABLES:
        return Installed(match["name"] or "pnpm", None, by_corepack=True, at=at)
    version = match["version"].partition("+")[0] if match["version"] else None
    return Installed(match["name"], version, match.re is BY_COREPACK, at)
