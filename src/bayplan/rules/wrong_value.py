"""A platform's file gives a key a value that the platform does not take there.

What it means: a value is of another type than the platform reads, none of the words it knows, or a key that it needs is
missing.

Why it is bad: the platform refuses the file, at the deployment and not before.

Bad:

```yaml render.yaml
services:
  - type: web
    name: api
    runtime: docker
    numInstances: two
```

Good:

```yaml render.yaml
services:
  - type: web
    name: api
    runtime: docker
    numInstances: 2
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment, Fault
from bayplan.model.finding import Effect, Finding
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.irregular import findings


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    yield from findings(deployment, Fault.WRONG, "wrong-value", Effect.WILL_NOT_BUILD)
