"""A port of the deployment is not the one the code listens on.

What it means: the code listens on one port, by its default or by the PORT it is given, and a health check, a published
port, a platform or an EXPOSE names another.

Why it is bad: what is sent to the other port is refused. The health check fails for ever, or the platform finds
nothing to talk to.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
EXPOSE 4000
CMD ["node", "apps/api/dist/main.js"]
```

```yaml compose.yaml
services:
  api:
    build:
      context: .
      dockerfile: apps/api/Dockerfile
    ports:
      - "8080:3000"
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
EXPOSE 4000
CMD ["node", "apps/api/dist/main.js"]
```

```yaml compose.yaml
services:
  api:
    build:
      context: .
      dockerfile: apps/api/Dockerfile
    ports:
      - "8080:4000"
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.ports import Named, listens, named


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        services: list[DeployedService | None] = [*app.services]
        for service in services or [None]:
            port = listens(deployment, app, service)
            if port is None or app.runs(service) is not app.package:
                continue
            others = list(named(deployment, app, service))
            right = {other.what for other in others if other.port == port.port}
            for other in others:
                if other.port != port.port and other.what not in right:
                    yield _finding(app, service, port, other)


def _finding(app: App, service: DeployedService | None, port: Named, other: Named) -> Finding:
    what = f"{service.platform} service `{service.name}`" if service else app.package.name
    return Finding(
        "port-mismatch",
        Effect.UNTIDY if other.harmless else Effect.NOT_REACHABLE,
        f"{what} listens on {port.port}, and {other.what} says {other.port}",
        (Place(other.at, f"{other.what} says {other.port}"), Place(port.at, f"{port.what} {port.port}")),
        f"nothing answers on {other.port}" if not other.harmless else "readers and tools are told the wrong port",
        f"use {port.port} in both places",
    )
