r"""A password stands in a service's command.

What it means: the command of a store is given its password as an argument, as in `--requirepass ${REDIS_PASSWORD}`.

Why it is bad: arguments are in the list of processes. Every user of the host reads them with `ps`, and so does whatever
collects them for monitoring.

Bad:

```yaml compose.yaml
services:
  redis:
    image: redis:7-alpine
    command: ["redis-server", "--requirepass", "${REDIS_PASSWORD:?}"]
```

Good:

```yaml compose.yaml
services:
  redis:
    image: redis:7-alpine
    command: ["sh", "-c", "echo \"requirepass $$REDIS_PASSWORD\" | exec redis-server -"]
    environment:
      REDIS_PASSWORD: ${REDIS_PASSWORD:?}
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace

FLAG = re.compile(
    r"(?:^|\s)(--requirepass|--masterauth|--password|--pass|--auth|--master-key|--secret-key)"
    r"[ =]+['\"]?(?:\$|[^\s'\"-])"
)


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        for service in compose.services:
            text = " ".join(service.command.value) if service.command else ""
            match = FLAG.search(text)
            if service.command is None or match is None or "<<" in text:
                continue
            yield Finding(
                "password-in-command",
                Effect.UNTIDY,
                f"the command of `{service.name}` holds its password",
                (Place(service.command.at, f"{match[1]} is seen in the list of processes"),),
                "every user of the host can read it with `ps`",
                "give it in a variable or a file that the service reads, or on the standard input",
            )
