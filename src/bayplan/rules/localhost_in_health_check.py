"""A BusyBox health check asks `localhost`, and the app listens on IPv4 only.

What it means: the check is `wget` of an Alpine image, it asks `localhost`, and the app binds to `0.0.0.0`.

Why it is bad: BusyBox resolves `localhost` to `::1` first and tries nothing else. The app does not listen there, so
the check fails for ever, though everything works from outside.

Bad:

```dockerfile apps/web/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
ENV HOSTNAME=0.0.0.0
HEALTHCHECK CMD ["wget", "-qO-", "http://localhost:3000/api/health"]
CMD ["node", "apps/web/server.js"]
```

Good:

```dockerfile apps/web/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
ENV HOSTNAME=0.0.0.0
HEALTHCHECK CMD ["wget", "-qO-", "http://127.0.0.1:3000/api/health"]
CMD ["node", "apps/web/server.js"]
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.hosts import bound
from bayplan.rules.facts.probes import probe_of
from bayplan.rules.facts.stages import base


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        services: list[DeployedService | None] = [*app.services]
        for service in services or [None]:
            yield from _judged(app, service)


def _judged(app: App, service: DeployedService | None) -> Iterator[Finding]:
    probe = probe_of(service, app.image, app.stage)
    facts = base(app.image, app.stage)
    address = bound(app, service)
    if probe is None or facts is None or address is None or probe.host != "localhost":
        return
    by_wget = "wget" in [posixpath.basename(each) for each in probe.programs]
    has_own = any("wget" in " ".join(each.arguments) for each in app.image.instructions(app.stage, "RUN"))
    if by_wget and not has_own and {"wget", "nc"} <= set(facts.has) and address.value == "0.0.0.0":  # noqa: S104
        yield Finding(
            "localhost-in-health-check",
            Effect.NOT_REACHABLE,
            f"the health check of {app.package.name} asks ::1, and the app listens on IPv4 only",
            (Place(probe.at, "asks ::1 only"), Place(address.at, "listens on IPv4 only")),
            "the check fails for ever, though everything works from outside",
            "ask 127.0.0.1",
        )
