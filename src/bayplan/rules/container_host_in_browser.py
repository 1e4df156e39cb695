"""A variable that browsers use names a host that only containers can resolve.

What it means: a `NEXT_PUBLIC_*` or `VITE_*` variable holds a URL whose host is a service of the same file, or a name in
a platform's private network, such as `api.railway.internal`.

Why it is bad: the code that reads it runs in browsers, outside of that network. Every request fails.

Bad:

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
  api:
    image: example.com/shop/api:1
  web:
    build:
      context: .
      dockerfile: apps/web/Dockerfile
      args:
        NEXT_PUBLIC_API_URL: http://api:4000
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
  api:
    image: example.com/shop/api:1
  web:
    build:
      context: .
      dockerfile: apps/web/Dockerfile
      args:
        NEXT_PUBLIC_API_URL: https://api.example.com
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.stages import pairs, reach
from bayplan.rules.facts.values import REFERENCE, Values
from bayplan.rules.facts.variables import PUBLIC, read_at_build_time
from bayplan.source import At

CONFIG = re.compile(r"(^|/)next\.config\.\w+$")
"""What it alone reads are the addresses that the server forwards requests to."""
PRIVATE = (".internal", ".flycast", ".RAILWAY_PRIVATE_DOMAIN}}")
HOST = re.compile(r"^(?:https?|wss?)://([^/:\s]+)")


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    every = apps(workspace, deployment)
    files = [each.services for each in deployment.composes] + [each.services for each in deployment.platforms]
    for services in files:
        hosts = {service.name: service.at for service in services}
        for app in every:
            for service in app.services:
                if service in services:
                    yield from _judged(deployment, app, service, hosts)


def _judged(deployment: Deployment, app: App, service: DeployedService, hosts: dict[str, At]) -> Iterator[Finding]:
    uses = tuple(read_at_build_time(app))
    reads = {use.name: use.at for use in uses}
    forwards = {use.name for use in uses if CONFIG.search(use.at.file)} - {
        use.name for use in uses if not CONFIG.search(use.at.file)
    }
    for name, text, at in _values(deployment, app, service):
        match = HOST.match(text)
        if match and (match[1] in hosts or match[1].endswith(PRIVATE)) and name not in forwards:
            places = [Place(at, f"only containers can resolve `{match[1]}`")]
            if match[1] in hosts:
                places.append(Place(hosts[match[1]], "a service of this file"))
            if name in reads:
                places.append(Place(reads[name], "browsers use it here"))
            yield Finding(
                "container-host-in-browser",
                Effect.NOT_REACHABLE,
                f"{name} sends browsers to {match[0]}, which only containers can resolve",
                tuple(places),
                "every request that a browser makes with it fails",
                "use an address that browsers can reach, such as the published port or the public domain",
            )


def _values(deployment: Deployment, app: App, service: DeployedService) -> Iterator[tuple[str, str, At]]:
    values = Values(deployment, service)
    given = {**service.environment, **service.build_arguments}
    for name, value in given.items():
        if PUBLIC.match(name):
            referred = REFERENCE.search(value.value)
            text = values.text(value.value) or (referred["rest"] if referred and referred["rest"] else "")
            yield name, value.value if service.platform == "railway" else text, value.at
    for stage in reach(app.image, app.stage):
        for each in stage.instructions:
            for name, default in pairs(each) if each.word in ("ARG", "ENV") else ():
                if PUBLIC.match(name) and default and name not in given:
                    yield name, default, each.at
