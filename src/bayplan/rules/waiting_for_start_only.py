"""A service waits for another to be started, not to be healthy.

What it means: `depends_on` waits for a service that has a health check, and only until its container exists.

Why it is bad: a started container does not answer yet. The waiting service fails its first requests, or ends; whether
it does depends on how fast the machine is.

Bad:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    depends_on: [postgres]
  postgres:
    image: postgres:17-alpine
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U postgres -d postgres"]
```

Good:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    depends_on:
      postgres:
        condition: service_healthy
  postgres:
    image: postgres:17-alpine
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U postgres -d postgres"]
```
"""

from collections.abc import Iterator

from bayplan.catalog.images import known
from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import image_file
from bayplan.rules.facts.cascade import health_check


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        for service in compose.services:
            for wait in service.waits:
                target = compose.service(wait.service)
                test = health_check(deployment, target) if target else None
                if test is None or wait.condition != "service_started":
                    continue
                yield Finding(
                    "waiting-for-start-only",
                    Effect.UNTIDY if _is_proxy(deployment, service) else Effect.NOT_REACHABLE,
                    f"`{service.name}` does not wait until `{wait.service}` is healthy",
                    (
                        Place(wait.at, "waits until its container is started"),
                        Place(test, f"`{wait.service}` has a health check to wait for"),
                    ),
                    f"`{service.name}` starts before `{wait.service}` answers, and fails until it does",
                    f"write `{wait.service}: {{condition: service_healthy}}`",
                )


def _is_proxy(deployment: Deployment, service: DeployedService) -> bool:
    """Say whether it stands by itself, and answers with an error until what is behind it is there."""
    own = image_file(deployment, service)
    reference = own.final.base.value if own is not None else service.image.value if service.image else ""
    about = known(reference)
    return about is not None and bool(about.serves)
