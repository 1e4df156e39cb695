"""An app listens on 127.0.0.1 inside its container.

What it means: the code binds to `127.0.0.1` or `localhost`, and the deployment publishes its port or sends requests to
it.

Why it is bad: inside a container that address belongs to the container alone. Its own health check is green, and
nobody else can reach it.

Bad:

```ts apps/api/src/main.ts
import express from "express";
const app = express();
app.get("/api/health", (_request, response) => response.json({ status: "ok" }));
app.listen(Number(process.env.PORT ?? 4000), "127.0.0.1");
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
EXPOSE 4000
CMD ["node", "apps/api/dist/main.js"]
```

Good:

```ts apps/api/src/main.ts
import express from "express";
const app = express();
app.get("/api/health", (_request, response) => response.json({ status: "ok" }));
app.listen(Number(process.env.PORT ?? 4000), "0.0.0.0");
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
EXPOSE 4000
CMD ["node", "apps/api/dist/main.js"]
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.hosts import bound
from bayplan.rules.facts.stages import last
from bayplan.source import At

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        services: list[DeployedService | None] = [*app.services]
        for service in services or [None]:
            address, wanted = bound(app, service), _wanted(app, service)
            if address is None or wanted is None or address.value not in LOOPBACK or _shares_network(service):
                continue
            yield Finding(
                "bound-to-loopback",
                Effect.NOT_REACHABLE,
                f"{app.package.name} listens on {address.value}, which only its own container can reach",
                (Place(address.at, "listens here"), Place(wanted, "others are meant to reach it")),
                "its own health check is green, and every request from outside is refused",
                "listen on 0.0.0.0",
            )


def _wanted(app: App, service: DeployedService | None) -> At | None:
    if service is not None and service.platform in ("render", "railway"):
        return service.at if service.kind in ("web", "private") or service.health_path else None
    if service is not None and (service.published or service.port):
        return service.published[0].at if service.published else service.port.at if service.port else None
    exposed = last(app.image, app.stage, "EXPOSE")
    return exposed.at if exposed else None


def _shares_network(service: DeployedService | None) -> bool:
    return service is not None and "network_mode" in service.settings
