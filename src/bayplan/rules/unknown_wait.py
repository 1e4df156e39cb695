"""A service waits for one that does not exist.

What it means: `depends_on` names a service that the compose file does not have.

Why it is bad: compose refuses the whole file.

Bad:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    depends_on: [postgress]
  postgres:
    image: postgres:17-alpine
```

Good:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    depends_on: [postgres]
  postgres:
    image: postgres:17-alpine
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    from difflib import get_close_matches

    for compose in deployment.composes:
        beside = [
            other for other in deployment.composes if posixpath.dirname(other.path) == posixpath.dirname(compose.path)
        ]
        names = {service.name for other in beside for service in other.services}
        for service in compose.services:
            for wait in service.waits:
                if wait.service in names or f"depends_on.{wait.service}.required" in service.settings:
                    continue
                near = get_close_matches(wait.service, [each.name for each in compose.services], 1)
                places = [Place(wait.at, "no such service")]
                places += [Place(each.at, "did you mean this one?") for each in compose.services if [each.name] == near]
                yield Finding(
                    "unknown-wait",
                    Effect.WILL_NOT_START,
                    f"`{service.name}` waits for `{wait.service}`, which does not exist",
                    tuple(places),
                    "compose refuses the file",
                    f"did you mean `{near[0]}`?" if near else "name a service of this file, or take the wait out",
                )
