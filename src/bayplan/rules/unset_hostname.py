"""Next.js listens on its container's address only, and the health check asks another.

What it means: Next.js's standalone server listens on the address that HOSTNAME names. Docker sets HOSTNAME to the
container's id, and nothing sets it to `0.0.0.0`; the health check asks `127.0.0.1` or `localhost`.

Why it is bad: nothing listens there. The check fails for ever, though the app works from outside.

Bad:

```dockerfile apps/web/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
HEALTHCHECK CMD ["wget", "-qO-", "http://127.0.0.1:3000/api/health"]
CMD ["node", "apps/web/.next/standalone/apps/web/server.js"]
```

Good:

```dockerfile apps/web/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
ENV HOSTNAME=0.0.0.0
HEALTHCHECK CMD ["wget", "-qO-", "http://127.0.0.1:3000/api/health"]
CMD ["node", "apps/web/.next/standalone/apps/web/server.js"]
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import apps
from bayplan.rules.facts.commands import script_path
from bayplan.rules.facts.hosts import bound
from bayplan.rules.facts.probes import probe_of

LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        if app.package.code.next is None:
            continue
        services: list[DeployedService | None] = [*app.services]
        for service in services or [None]:
            command, probe = app.start(service), probe_of(service, app.image, app.stage)
            path = script_path(command) if command else None
            if command is None or probe is None or path is None or posixpath.basename(path) != "server.js":
                continue
            if probe.host not in LOCAL or bound(app, service) is not None or (service and service.env_files):
                continue
            yield Finding(
                "unset-hostname",
                Effect.NOT_REACHABLE,
                f"the health check of {app.package.name} asks {probe.host}, where Next.js does not listen",
                (
                    Place(probe.at, f"asks {probe.host}"),
                    Place(command.at, "listens on HOSTNAME, which Docker sets to the container's id"),
                ),
                "the check fails for ever, though the app works from outside",
                "add `ENV HOSTNAME=0.0.0.0` to the last stage",
            )
