"""An image's name can contain upper-case letters.

What it means: compose or a workflow names an image with upper-case letters, or with `github.repository` or
`github.repository_owner` as it is, which keeps the case of the account. Where git's `origin` says which account it is,
only one with upper-case letters counts.

Why it is bad: registries refuse such names. Everything builds, and the push or the pull fails with "repository name
must be lowercase".

Bad:

```yaml .github/workflows/images.yml
on: push
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: ghcr.io/${{ github.repository_owner }}/api:1
```

Good:

```yaml .github/workflows/images.yml
on: push
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "OWNER=${GITHUB_REPOSITORY_OWNER,,}" >> "$GITHUB_ENV"
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: ghcr.io/${{ env.OWNER }}/api:1
```
"""

import re
from collections.abc import Iterator

from bayplan.catalog.images import named
from bayplan.model.deployment import Deployment, Workflow, WorkflowStep
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.workflows import BUILDER, EXPRESSION, action, with_environment
from bayplan.source import At, Located

KEEPS_CASE = re.compile(r"\$\{\{\s*github\.(repository|repository_owner|actor)\s*\}\}")
KEPT = "keeps the account's own spelling, which may have upper-case letters"
IMAGE_INPUTS = ("tags", "cache-from", "cache-to", "outputs")
REFERENCE = re.compile(r"(?:ref=|name=|^|\s|\")([a-z0-9.-]+\.[a-z]{2,}(?::\d+)?/\S+)", re.MULTILINE)
PUSH = re.compile(r"docker\s+(?:image\s+)?(?:push|tag|pull|buildx\s+imagetools\s+create)\b[^\n]*|-t\s+\S*ghcr\.io\S*")


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for service in deployment.services:
        if service.image is not None and (wrong := _upper(service.image.value)):
            yield _finding(wrong, service.image.at, (), f"service `{service.name}` cannot be started")
    for workflow in deployment.workflows:
        for job in workflow.jobs:
            for step in job.steps:
                for text in _texts(step):
                    yield from _judged(deployment, workflow, text)


def _texts(step: WorkflowStep) -> Iterator[Located[str]]:
    if action(step) == BUILDER:
        yield from (step.inputs[name] for name in IMAGE_INPUTS if name in step.inputs)
    elif step.script is not None:
        matches = [match[0] for match in PUSH.finditer(step.script.value)]
        if matches:
            yield Located("\n".join(matches), step.script.at)


def _judged(deployment: Deployment, workflow: Workflow, text: Located[str]) -> Iterator[Finding]:
    used = [value.at for name, value in workflow.env.items() if re.search(rf"env\.{re.escape(name)}\b", text.value)]
    spelled = KEEPS_CASE.sub(
        lambda match: _spelled(deployment.repository, match[1]), with_environment(text.value, workflow)
    )
    for match in REFERENCE.finditer(spelled):
        reference = match[1].partition(",")[0].strip("\"'")
        name = named(reference)[0]
        wrong = KEPT if "$CASE$" in name else _upper(EXPRESSION.sub("x", reference))
        if wrong:
            pulled = [each.image.at for each in deployment.services if each.image and _is_same(each.image, reference)]
            yield _finding(wrong, text.at, (*used, *pulled), "the push fails after everything was built")
            return


def _spelled(repository: str, name: str) -> str:
    """Return what stands for a name, where git says which repository this is."""
    known = {"repository": repository, "repository_owner": repository.partition("/")[0]}
    return known.get(name) or "$CASE$"


def _is_same(image: Located[str], reference: str) -> bool:
    return named(image.value)[0].endswith("/" + named(reference)[0].rpartition("/")[2])


def _upper(reference: str) -> str:
    """Return the upper-case part of an image's name; a registry's host and the tag may have any case."""
    if "$" in reference:
        reference = re.sub(r"\$\{?\w+(:?-)?", "", reference).replace("}", "")
    name = named(reference)[0]
    first, slash, rest = name.partition("/")
    path = rest if slash and ("." in first or ":" in first or first == "localhost") else name
    return path if path != path.lower() else ""


def _finding(wrong: str, at: At, others: tuple[At, ...], consequence: str) -> Finding:
    return Finding(
        "upper-case-image-name",
        Effect.WILL_NOT_BUILD if others or "push" in consequence else Effect.WILL_NOT_START,
        f"an image's name {f'has upper-case letters: {wrong}' if wrong != KEPT else KEPT}",
        (
            Place(at, "registries take lower-case names only"),
            *(Place(other, "the name comes from here or goes here") for other in others),
        ),
        f'{consequence}: "repository name must be lowercase"',
        "write the name in lower case; in a workflow, let docker/metadata-action make it or lower it in a step",
    )
