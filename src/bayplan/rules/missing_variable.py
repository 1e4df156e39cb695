"""A service is not given a variable that its code cannot do without.

What it means: the code of the service, or of a workspace package that it uses, requires an environment variable, and
neither the service nor its env files nor its image gives it one. Fly's secrets and what is set on Railway or Render by
hand are in no file: there, only a name that is misspelt is found, and one that a complete list leaves out.

Why it is bad: the service ends at its start, or fails at the first request that needs the value.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```yaml compose.yaml
services:
  api:
    build:
      context: .
      dockerfile: apps/api/Dockerfile
    environment:
      DATABASE_URL: ${DATABASE_URL}
      JWT_SECRE: ${JWT_SECRET}
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```yaml compose.yaml
services:
  api:
    build:
      context: .
      dockerfile: apps/api/Dockerfile
    environment:
      DATABASE_URL: ${DATABASE_URL}
      JWT_SECRET: ${JWT_SECRET}
```
"""

from collections.abc import Iterator

from bayplan.model.code import EnvUse
from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import apps
from bayplan.rules.facts.variables import Supply, given_by_platform, read_at_run_time, supply

MISSPELT = 0.9


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        for service in app.services:
            package = app.runs(service)
            given = supply(deployment, service, app)
            if package is None:
                continue
            uses = list(read_at_run_time(app, package))
            read = {use.name for use in uses}
            required = {use.name: use for use in reversed(uses) if use.required}
            for name in sorted(required.keys() - given.names.keys()):
                is_missing = given.complete or _is_misspelt(service, name, read)
                if is_missing and not given_by_platform(service, name):
                    yield _finding(deployment, service, required[name], given, read)


def _is_misspelt(service: DeployedService, name: str, read: set[str]) -> bool:
    """Say whether a platform whose secrets stand elsewhere is given a variable that can only mean this one."""
    from difflib import SequenceMatcher

    others = (given for given in service.environment if given not in read)
    return any(SequenceMatcher(None, given, name).ratio() >= MISSPELT for given in others)


def _finding(deployment: Deployment, service: DeployedService, use: EnvUse, given: Supply, read: set[str]) -> Finding:
    from difflib import get_close_matches

    unread = [name for name in given.names if name not in read]
    near = next(iter(get_close_matches(use.name, unread, 1, 0.75)), None)
    documented = [
        line.at
        for file in deployment.env_files
        for line in file.lines
        if line.name == use.name and "example" in file.path
    ]
    places = [
        Place(given.names[near] if near else service.at, f"`{service.name}` is not given {use.name}"),
        Place(use.at, "the code requires it"),
        *(Place(at, "documented here, and not passed on") for at in documented[:1]),
    ]
    return Finding(
        "missing-variable",
        Effect.WILL_NOT_START,
        f"{service.platform} service `{service.name}` is not given {use.name}, which its code requires",
        tuple(places),
        f"`{service.name}` ends at its start, or fails where it needs {use.name}",
        f"did you mean {use.name} where it says {near}?" if near else f"give `{service.name}` a value for {use.name}",
    )
