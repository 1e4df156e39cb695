"""Places that ask the same app for its health name different paths.

What it means: the image, compose and the platforms do not agree on one health path, and the code does not show which
of them exist.

Why it is bad: one of them may be left over from before the route moved.

Bad:

```dockerfile apps/mailer/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
HEALTHCHECK CMD ["wget", "-qO-", "http://127.0.0.1:3000/health"]
CMD ["node", "apps/mailer/dist/main.js"]
```

```yaml compose.yaml
services:
  mailer:
    build:
      context: .
      dockerfile: apps/mailer/Dockerfile
    healthcheck:
      test: ["CMD", "wget", "-qO-", "http://127.0.0.1:3000/status"]
```

Good:

```dockerfile apps/mailer/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
HEALTHCHECK CMD ["wget", "-qO-", "http://127.0.0.1:3000/health"]
CMD ["node", "apps/mailer/dist/main.js"]
```

```yaml compose.yaml
services:
  mailer:
    build:
      context: .
      dockerfile: apps/mailer/Dockerfile
    healthcheck:
      test: ["CMD", "wget", "-qO-", "http://127.0.0.1:3000/health"]
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import apps
from bayplan.rules.facts.health_paths import asked, routes


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        places = [] if routes(app.package) else list(asked(deployment, app))
        paths = list(dict.fromkeys(place.path for place in places))
        if len(paths) > 1:
            first, *others = places
            differing = [place for place in others if place.path != first.path]
            yield Finding(
                "differing-health-paths",
                Effect.UNTIDY,
                f"the health of {app.package.name} is asked for at {' and at '.join(paths)}",
                tuple(Place(place.at, f"{place.who} asks for {place.path}") for place in (*differing, first)),
                "if only one of these paths exists, the other checks fail for ever",
                "use one path everywhere",
            )
