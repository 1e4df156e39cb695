"""A platform's file has a key that the platform does not know.

What it means: a key of fly.toml, render.yaml, a Railway file or a workflow is none of those its platform reads there.

Why it is bad: most platforms pass over a key that they do not know. What it should say is not said: a health check
that is never made, a limit that does not hold.

Bad:

```toml fly.toml
app = "shop-api"

[build]
dockerfile = "Dockerfile"

[http_service]
internal_prt = 3000
```

Good:

```toml fly.toml
app = "shop-api"

[build]
dockerfile = "Dockerfile"

[http_service]
internal_port = 3000
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment, Fault
from bayplan.model.finding import Effect, Finding
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.irregular import findings


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    yield from findings(deployment, Fault.UNKNOWN, "unknown-key", Effect.NOT_REACHABLE)
