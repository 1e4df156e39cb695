"""A service waits for the health of another that has no health check.

What it means: `depends_on` asks for `service_healthy`, and neither the compose file nor the image of the other service
has a health check.

Why it is bad: compose stops with "has no healthcheck configured", or waits for ever.

Bad:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    depends_on:
      redis:
        condition: service_healthy
  redis:
    image: redis:7-alpine
```

Good:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    depends_on:
      redis:
        condition: service_healthy
  redis:
    image: redis:7-alpine
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.cascade import can_lack_health_check


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        for service in compose.services:
            for wait in service.waits:
                target = compose.service(wait.service)
                if target is None or wait.condition != "service_healthy":
                    continue
                if can_lack_health_check(deployment, target):
                    yield Finding(
                        "waiting-for-unchecked-health",
                        Effect.WILL_NOT_START,
                        f"`{service.name}` waits until `{target.name}` is healthy, which has no health check",
                        (
                            Place(wait.at, "waits for its health"),
                            Place(target.at, "neither it nor its image has a health check"),
                        ),
                        f"compose refuses to start `{service.name}`, or waits for ever",
                        f"give `{target.name}` a health check",
                    )
