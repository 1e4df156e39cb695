"""A pull request replaces the image that is deployed.

What it means: a workflow runs for pull requests, too, and pushes an image under a tag that is always the same.

Why it is bad: code that nobody has read yet is what the next deployment pulls. From a fork the push fails instead, and
every such pull request is red.

Bad:

```yaml .github/workflows/images.yml
on: [push, pull_request]
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: ghcr.io/shop/api:latest
```

Good:

```yaml .github/workflows/images.yml
on: [push, pull_request]
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/build-push-action@v6
        with:
          push: ${{ github.event_name != 'pull_request' }}
          tags: ghcr.io/shop/api:latest
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.workflows import EXPRESSION, image_builds

EVENTS = ("pull_request", "pull_request_target")


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for build in image_builds(deployment):
        event = next((each for each in build.workflow.triggers if each.event in EVENTS), None)
        push, tags = build.step.inputs.get("push"), build.input("tags")
        fixed = [each for each in build.references if not EXPRESSION.search(each.rpartition(":")[2])]
        if event is None or push is None or push.value != "true" or tags is None or not fixed:
            continue
        if build.step.condition is not None or build.job.condition is not None:
            continue
        yield Finding(
            "pull-request-image",
            Effect.EXPOSES_DATA,
            f"every pull request pushes {fixed[0]}",
            (
                Place(push.at, "pushes whatever started the workflow"),
                Place(event.at, "pull requests start it"),
                Place(tags.at, "the same tag each time"),
            ),
            "code that nobody has read yet is what the next deployment pulls",
            "write `push: ${{ github.event_name != 'pull_request' }}`",
        )
