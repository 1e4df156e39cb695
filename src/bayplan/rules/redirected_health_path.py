"""A health check asks for a path that the app answers with a redirect.

What it means: Fly or Railway asks for a path, and the code sends every request for it elsewhere: the page at `/` only
redirects, or Next.js adds or takes off the slash at the end.

Why it is bad: these checks want a 200 and follow no redirect. The app works in every browser, and its check fails until
the deployment is given up.

Bad:

```ts apps/api/src/main.ts
import express from "express";
const app = express();
app.get("/", (_request, response) => response.redirect("/docs"));
app.listen(Number(process.env.PORT ?? 4000));
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```toml apps/api/fly.toml
app = "shop-api"

[http_service]
internal_port = 4000

[[http_service.checks]]
path = "/"
```

Good:

```ts apps/api/src/main.ts
import express from "express";
const app = express();
app.get("/", (_request, response) => response.redirect("/docs"));
app.get("/api/health", (_request, response) => response.json({ status: "ok" }));
app.listen(Number(process.env.PORT ?? 4000));
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```toml apps/api/fly.toml
app = "shop-api"

[http_service]
internal_port = 4000

[[http_service.checks]]
path = "/api/health"
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Package, Workspace
from bayplan.rules.facts.apps import apps
from bayplan.rules.facts.health_paths import Asked, asked, routes, stated
from bayplan.source import At

WANTS_SUCCESS = ("fly ", "railway ")


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        for place in asked(deployment, app):
            sent = _sent_elsewhere(app.package, place) if place.who.startswith(WANTS_SUCCESS) else None
            if sent is not None:
                at, why, advice = sent
                yield Finding(
                    "redirected-health-path",
                    Effect.NOT_REACHABLE,
                    f"{place.who} asks {app.package.name} for {place.path}, which is answered with a redirect",
                    (Place(place.at, "wants a 200, and follows no redirect"), Place(at, why)),
                    "the check fails until the deployment is given up",
                    advice,
                )


def _sent_elsewhere(package: Package, place: Asked) -> tuple[At, str, str] | None:
    """Return what sends requests for a path elsewhere, why, and what to ask for instead."""
    path = place.path.partition("?")[0]
    config = package.code.next
    found = stated(routes(package), path)
    if found and all(route.redirects for route in found):
        return found[0].at, "only redirects", "ask for a path that answers with 200"
    if config is None or not config.editable or path == "/" or "." in posixpath.basename(path):
        return None
    slash = config.trailing_slash
    if slash is not None and slash.value == "true" and not path.endswith("/"):
        return slash.at, "redirects to the path with a slash", f"ask for {path}/"
    if (slash is None or slash.value == "false") and path.endswith("/"):
        return config.at, "Next.js redirects to the path without the slash", f"ask for {path.rstrip('/')}"
    return None
