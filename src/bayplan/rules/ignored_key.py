"""A platform's file has a key that the platform does not act on there.

What it means: the key is known, but not for a service of this type, or not beside another key.

Why it is bad: readers believe that it holds. A worker on Render is never asked for its health, whatever its path.

Bad:

```yaml render.yaml
services:
  - type: worker
    name: mailer
    runtime: docker
    healthCheckPath: /health
```

Good:

```yaml render.yaml
services:
  - type: worker
    name: mailer
    runtime: docker
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment, Fault
from bayplan.model.finding import Effect, Finding
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.irregular import findings


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    yield from findings(deployment, Fault.IGNORED, "ignored-key", Effect.UNTIDY)
