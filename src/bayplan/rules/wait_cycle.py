"""Services wait for each other in a circle.

What it means: following `depends_on` from a service leads back to it.

Why it is bad: compose refuses the whole file with "dependency cycle detected".

Bad:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    depends_on: [web]
  web:
    image: example.com/shop/web:1
    depends_on: [api]
```

Good:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
  web:
    image: example.com/shop/web:1
    depends_on: [api]
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.cascade import cycle


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        reported: set[frozenset[str]] = set()
        for service in compose.services:
            names = cycle(compose, service)
            if names and frozenset(names) not in reported:
                reported.add(frozenset(names))
                circle = set(names)
                waits = [
                    wait
                    for each in compose.services
                    if each.name in circle
                    for wait in each.waits
                    if wait.service in circle
                ]
                yield Finding(
                    "wait-cycle",
                    Effect.WILL_NOT_START,
                    f"services wait for each other: {' → '.join(names)}",
                    tuple(Place(wait.at, f"waits for `{wait.service}`") for wait in waits),
                    'compose refuses the file: "dependency cycle detected"',
                    "take out one of these waits",
                )
