"""A service pulls an image that no workflow pushes.

What it means: a compose file or a platform runs an image under a name that differs in a slip from the one that a
workflow of the repository pushes and nobody pulls, or under a tag that the workflow never pushes.

Why it is bad: the registry has no such image, or an old one that somebody pushed by hand. Every check of the workflow
is green, and what is deployed never changes.

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
          tags: ghcr.io/shop/shop-api:stable
```

```yaml compose.prod.yaml
services:
  api:
    image: ghcr.io/shop/shop-apis:stable
```

Good:

```yaml .github/workflows/images.yml
on: push
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: ghcr.io/shop/shop-api:stable
```

```yaml compose.prod.yaml
services:
  api:
    image: ghcr.io/shop/shop-api:stable
```
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.catalog.images import known, named
from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.paths import fits
from bayplan.rules.facts.values import Values
from bayplan.rules.facts.workflows import EXPRESSION, ImageBuild, action, image_builds
from bayplan.source import At, Located

PUSHES = re.compile(r"\b(?:push|imagetools|bake|skopeo|crane|oras|buildah)\b")
WORDS = re.compile(r"[/._-]")
ALIKE = 0.7


@dataclass(frozen=True, slots=True)
class Pushed:
    """A name under which a workflow pushes, and its tags; None where more can come."""

    name: str
    tags: frozenset[str] | None
    at: At


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    if _pushes_otherwise(deployment):
        return
    pushed = list(_pushed(image_builds(deployment)))
    pulled = [(service, image) for service in deployment.services if (image := _pulled(deployment, service))]
    names = {named(image.value)[0] for _, image in pulled}
    for service, image in pulled:
        name, tag = named(image.value)
        same = [each for each in pushed if fits(each.name, name)]
        if same:
            yield from _tag(service, image, tag or "latest", same)
            continue
        near = [
            each for each in pushed if _is_slip(each.name, name) and not any(fits(each.name, other) for other in names)
        ]
        if near:
            yield _finding(
                service,
                Place(image.at, f"no workflow pushes {name}"),
                Place(near[0].at, f"this is pushed: {near[0].name}"),
                f"write {near[0].name}" if "*" not in near[0].name else "write the same name in both places",
            )


def _pushes_otherwise(deployment: Deployment) -> bool:
    """Say whether a workflow pushes by commands or by other actions, which are not followed here."""
    steps = [step for workflow in deployment.workflows for job in workflow.jobs for step in job.steps]
    lines = [line for step in steps if step.script for line in step.script.value.splitlines()]
    return any(PUSHES.search(line) and "git push" not in line for line in lines) or any(
        "bake" in action(step) or action(step).endswith((".yml", ".yaml")) for step in steps
    )


def _pushed(builds: tuple[ImageBuild, ...]) -> Iterator[Pushed]:
    for build in builds:
        push, tags = build.input("push"), build.input("tags")
        if tags is None or push is None or push.value == "false":
            continue
        found: dict[str, set[str] | None] = {}
        for reference in build.references:
            name, tag = named(EXPRESSION.sub("*", reference))
            if name.rpartition("/")[2].strip("*-_."):
                tags_known = found.setdefault(name, set())
                found[name] = None if tags_known is None or "*" in tag else tags_known | {tag or "latest"}
        for name, tags_known in found.items():
            yield Pushed(name, None if tags_known is None else frozenset(tags_known), tags.at)


def _pulled(deployment: Deployment, service: DeployedService) -> Located[str] | None:
    """Return the image that a service pulls, with what its variables are known to be; None when it builds its own."""
    if service.image is None or service.dockerfile is not None or service.context is not None:
        return None
    text = Values(deployment, service).text(service.image.value) if service.platform == "compose" else None
    text = text or service.image.value
    is_own = "$" not in text and "@" not in text and known(text) is None
    return Located(text, service.image.at) if is_own else None


def _tag(service: DeployedService, image: Located[str], tag: str, same: list[Pushed]) -> Iterator[Finding]:
    if any(each.tags is None or tag in each.tags for each in same):
        return
    tags = sorted({one for each in same for one in each.tags or ()})
    yield _finding(
        service,
        Place(image.at, f"no workflow pushes the tag `{tag}`"),
        Place(same[0].at, f"pushed with {', '.join(f'`{each}`' for each in tags)}"),
        f"pull `{tags[0]}`, or push `{tag}`, too",
    )


def _is_slip(pushed: str, name: str) -> bool:
    """Say whether two names are the same but for one word, which is nearly the same."""
    from difflib import SequenceMatcher

    one, other = WORDS.split(pushed), WORDS.split(name)
    if len(one) != len(other):
        return False
    differing = [(mine, its) for mine, its in zip(one, other, strict=True) if mine not in (its, "*")]
    return len(differing) == 1 and all(SequenceMatcher(None, *pair).ratio() >= ALIKE for pair in differing)


def _finding(service: DeployedService, pulled: Place, pushed: Place, advice: str) -> Finding:
    return Finding(
        "unpushed-image",
        Effect.WILL_NOT_START,
        f"{service.platform} service `{service.name}` pulls an image that no workflow pushes",
        (pulled, pushed),
        "the registry has no such image, or an old one that never changes",
        advice,
    )
