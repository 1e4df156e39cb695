"""A platform's file says something in a form that the platform has replaced.

What it means: the key, or its value, is of an earlier version of the format.

Why it is bad: it works until the platform stops reading it, and what is documented today does not fit it.

Bad:

```yaml render.yaml
services:
  - type: web
    name: api
    env: docker
```

Good:

```yaml render.yaml
services:
  - type: web
    name: api
    runtime: docker
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment, Fault
from bayplan.model.finding import Effect, Finding
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.irregular import findings


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    yield from findings(deployment, Fault.OLD, "old-form", Effect.UNTIDY)
