"""A health check asks for a path that no route of the code answers.

What it means: a HEALTHCHECK, a compose file or a platform asks for an HTTP path, and the code has routes, but none for
that path.

Why it is bad: the check gets 404 for ever. Docker never calls the service healthy, what waits for it never starts, and
platforms roll the deployment back. A global prefix or a version added to the routes is the usual cause: some of the
places that name the path did not follow.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
HEALTHCHECK CMD ["wget", "-qO-", "http://127.0.0.1:4000/healthz"]
CMD ["node", "apps/api/dist/main.js"]
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
HEALTHCHECK CMD ["wget", "-qO-", "http://127.0.0.1:4000/api/health"]
CMD ["node", "apps/api/dist/main.js"]
```
"""

from collections.abc import Iterator

from bayplan.model.code import Route
from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import apps
from bayplan.rules.facts.health_paths import answers, asked, routes


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        known = routes(app.package)
        if not known:
            continue
        places = list(asked(deployment, app))
        good = [place for place in places if answers(known, place.path)]
        for place in places:
            if place in good:
                continue
            near = _nearest(known, place.path)
            yield Finding(
                "unanswered-health-path",
                Effect.NOT_REACHABLE,
                f"{place.who} asks {app.package.name} for {place.path}, which no route answers",
                (
                    Place(place.at, f"asks for {place.path}"),
                    Place(near.at, f"the nearest route answers {near.path}"),
                    *(Place(other.at, f"{other.who} asks for {other.path}") for other in good),
                ),
                "the check gets 404 for ever: the service never becomes healthy, and what waits for it never starts",
                f"ask for {good[0].path if good else near.path}, or add a route for {place.path}",
            )


def _nearest(known: tuple[Route, ...], path: str) -> Route:
    from difflib import SequenceMatcher

    return max(known, key=lambda route: SequenceMatcher(None, route.path, path).ratio())
