"""Railway asks an app on a port that it does not listen on, for nobody tells Railway which one it is.

What it means: `.railway/railway.ts` gives a service a health check and all of its variables, but no PORT; and the code
listens on a port of its own, without asking for PORT.

Why it is bad: Railway makes up a PORT and sends the health check and all requests there. The app starts, nothing
answers, and the deployment is given up.

Bad:

```ts apps/api/src/main.ts
import express from "express";
const app = express();
app.get("/api/health", (_request, response) => response.json({ status: "ok" }));
app.listen(4000);
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```ts .railway/railway.ts
import { defineRailway, preserve, project, service } from "railway/iac";

export default defineRailway(() => {
  const api = service("api", {
    build: { builder: "DOCKERFILE", dockerfilePath: "apps/api/Dockerfile" },
    healthcheck: "/api/health",
    env: { DATABASE_URL: preserve() },
  });
  return project("shop", { resources: [api] });
});
```

Good:

```ts apps/api/src/main.ts
import express from "express";
const app = express();
app.get("/api/health", (_request, response) => response.json({ status: "ok" }));
app.listen(4000);
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```ts .railway/railway.ts
import { defineRailway, preserve, project, service } from "railway/iac";

export default defineRailway(() => {
  const api = service("api", {
    build: { builder: "DOCKERFILE", dockerfilePath: "apps/api/Dockerfile" },
    healthcheck: "/api/health",
    env: { DATABASE_URL: preserve(), PORT: "4000" },
  });
  return project("shop", { resources: [api] });
});
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import apps
from bayplan.rules.facts.ports import listens

VARIABLE = "PORT"


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        for service in app.services:
            path = service.health_path
            if (
                service.platform != "railway"
                or path is None
                or not service.shows_all
                or VARIABLE in service.environment
            ):
                continue
            port = listens(deployment, app, service)
            if port is None or app.runs(service) is not app.package:
                continue
            yield Finding(
                "unset-port",
                Effect.NOT_REACHABLE,
                f"{service.platform} service `{service.name}` listens on {port.port}, and Railway asks another port",
                (Place(path.at, "asked on the PORT that Railway makes up"), Place(port.at, f"{port.what} {port.port}")),
                "nothing answers there, and the deployment is given up",
                f'add `PORT: "{port.port}"` to its variables',
            )
