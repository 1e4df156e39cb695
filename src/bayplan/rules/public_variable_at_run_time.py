"""A variable that is fixed when the app is built is not given to the build.

What it means: the build writes `NEXT_PUBLIC_*` or `VITE_*` into the code that browsers load, and the deployment sets
it only where the app runs, or passes it to a build that declares no ARG for it.

Why it is bad: the value is ignored. Browsers get the default, or `undefined`.

Bad:

```dockerfile apps/web/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
RUN pnpm --filter @shop/web... build
CMD ["node", "apps/web/server.js"]
```

```yaml compose.yaml
services:
  web:
    build:
      context: .
      dockerfile: apps/web/Dockerfile
    environment:
      NEXT_PUBLIC_API_URL: https://api.example.com
```

Good:

```dockerfile apps/web/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
ARG NEXT_PUBLIC_API_URL
RUN pnpm --filter @shop/web... build
CMD ["node", "apps/web/server.js"]
```

```yaml compose.yaml
services:
  web:
    build:
      context: .
      dockerfile: apps/web/Dockerfile
      args:
        NEXT_PUBLIC_API_URL: https://api.example.com
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.code import EnvUse
from bayplan.model.deployment import BuildStage, DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.builds import commands
from bayplan.rules.facts.stages import pairs
from bayplan.rules.facts.variables import read_at_build_time
from bayplan.source import At


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        builds = [step for step in commands(app.layout, app.stage) if step.builds]
        if not builds or _has_env_file(deployment, app):
            continue
        stage = builds[-1].stage
        uses = {use.name: use for use in reversed(list(read_at_build_time(app)))}
        declared = _declared(app, stage)
        for service in app.services:
            for name in sorted(uses):
                at = _lost(service, name, declared)
                if at is not None:
                    yield _finding(app, service, uses[name], at, stage)


def _has_env_file(deployment: Deployment, app: App) -> bool:
    """Say whether the package brings values for its build along in a file."""
    names = (".env", ".env.production", ".env.production.local", ".env.local")
    return any(
        posixpath.dirname(file.path) == app.package.folder and posixpath.basename(file.path) in names
        for file in deployment.env_files
    )


def _declared(app: App, stage: BuildStage) -> dict[str, At]:
    return {name: each.at for each in app.image.instructions(stage, "ARG", "ENV") for name, _ in pairs(each)}


def _lost(service: DeployedService, name: str, declared: dict[str, At]) -> At | None:
    """Return the place of a value that does not get to the build."""
    if name in service.build_arguments:
        return None if name in declared else service.build_arguments[name].at
    return service.environment[name].at if name in service.environment else None


def _finding(app: App, service: DeployedService, use: EnvUse, at: At, stage: BuildStage) -> Finding:
    passed = use.name in service.build_arguments
    how = "is passed to a build that does not declare it" if passed else "is set where the app runs only"
    return Finding(
        "public-variable-at-run-time",
        Effect.NOT_REACHABLE,
        f"{use.name} is fixed when {app.package.name} is built, and {how}",
        (
            Place(at, "this value is ignored"),
            Place(use.at, "the build writes the value into what browsers load"),
            Place(stage.at, f"the build runs in this stage, which has no ARG {use.name}"),
        ),
        f"browsers get the default of {use.name}, or `undefined`",
        f"declare `ARG {use.name}` in the stage that builds, and pass the value under `build.args`",
    )
