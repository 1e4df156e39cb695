"""A platform's file has a key that the platform refuses beside another.

What it means: each of the two is right by itself, and the platform does not take them together.

Why it is bad: the deployment is refused, or stops half-way.

Bad:

```yaml render.yaml
services:
  - type: web
    name: api
    runtime: docker
    plan: free
    preDeployCommand: node dist/migrate.js
```

Good:

```yaml render.yaml
services:
  - type: web
    name: api
    runtime: docker
    plan: starter
    preDeployCommand: node dist/migrate.js
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment, Fault
from bayplan.model.finding import Effect, Finding
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.irregular import findings


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    yield from findings(deployment, Fault.REFUSED, "refused-key", Effect.WILL_NOT_BUILD)
