"""A container's first process is a package manager.

What it means: the command is `npm start`, `pnpm start` or the like.

Why it is bad: the signal that stops a container goes to the first process. Package managers do not pass it on reliably:
the app does not get to finish its work, and is killed ten seconds later. They also take memory as long as it runs.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["pnpm", "--filter", "@shop/api", "start"]
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import App, apps

MANAGERS = frozenset({"npm", "pnpm", "yarn", "npx", "pnpx", "corepack", "bunx", "turbo"})


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        for service in _who_decides(app):
            command = app.start(service)
            first = posixpath.basename(command.argv[0]) if command else ""
            if command is None or first not in MANAGERS:
                continue
            places = [Place(command.at, f"{first} is the first process")]
            if app.package.start is not None and app.package.start.why.at is not None:
                places.append(Place(app.package.start.why.at, "what it runs in the end"))
            yield Finding(
                "package-manager-as-init",
                Effect.UNTIDY,
                f"{app.package.name} is started by {first}",
                tuple(places),
                "the signal to stop does not reach the app reliably: it is killed while it works",
                "start the program itself, with `node`",
            )


def _who_decides(app: App) -> list[DeployedService | None]:
    own: list[DeployedService | None] = [service for service in app.services if service.command is not None]
    return own if own and len(own) == len(app.services) else [None, *own]
