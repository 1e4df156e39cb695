"""An image is named without a version.

What it means: a FROM or a compose service names an image without a tag, or with `latest`.

Why it is bad: the same commit runs on another version tomorrow. A new major of a database does not even read the data
of the old one.

Bad:

```yaml compose.yaml
services:
  postgres:
    image: postgres
```

Good:

```yaml compose.yaml
services:
  postgres:
    image: postgres:17-alpine
```
"""

from collections.abc import Iterator

from bayplan.catalog.images import named
from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import image_file
from bayplan.source import Located

FLOATING = frozenset({"", "latest"})


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for image in _images(deployment):
        name, tag = named(image.value)
        if tag in FLOATING and "@" not in image.value and "$" not in image.value and name != "scratch":
            yield Finding(
                "floating-base-image",
                Effect.GROWS,
                f"{image.value} is another image tomorrow",
                (Place(image.at, "no version"),),
                "the same commit builds or runs something else some day",
                f"add a version: `{name}:<version>`",
            )


def _images(deployment: Deployment) -> Iterator[Located[str]]:
    for file in deployment.images:
        for stage in file.stages:
            if file.stage(stage.base.value) is None:
                yield stage.base
    for service in deployment.services:
        is_built = service.dockerfile is not None or image_file(deployment, service) is not None
        if service.image is not None and not is_built and service.platform == "compose":
            yield service.image
