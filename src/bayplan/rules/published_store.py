"""A database can be reached from everywhere.

What it means: a compose file for production publishes the port of a database, cache or queue on every address of the
host. It is for production when its name says so, or when it runs a Caddy that gets certificates for public names.

Why it is bad: Docker opens the port before the host's firewall is asked: ufw and firewalld do not close it. Open
databases are found within hours, and their passwords tried.

Bad:

```yaml docker-compose.prod.yml
services:
  api:
    image: example.com/shop/api:1
  postgres:
    image: postgres:17-alpine
    ports: ["5432:5432"]
    volumes:
      - postgres-data:/var/lib/postgresql/data
volumes:
  postgres-data:
```

Good:

```yaml docker-compose.prod.yml
services:
  api:
    image: example.com/shop/api:1
  postgres:
    image: postgres:17-alpine
    ports: ["127.0.0.1:5432:5432"]
    volumes:
      - postgres-data:/var/lib/postgresql/data
volumes:
  postgres-data:
```
"""

from collections.abc import Iterator

from bayplan.catalog.images import known
from bayplan.model.deployment import DeployedService, Deployment, Published
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.exposure import for_production, is_open

OF_OBJECTS = 9000
"""An object store's port: browsers are often sent there."""


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in for_production(workspace, deployment):
        for service in compose.services:
            image = known(service.image.value) if service.image and not service.dockerfile else None
            if image is None or image.data is None or image.serves or service.profiles:
                continue
            for port in service.published:
                asked = port.container == image.port and port.container != OF_OBJECTS
                if asked and is_open(deployment, compose, service, port):
                    yield _finding(service, port)
                    break


def _finding(service: DeployedService, port: Published) -> Finding:
    return Finding(
        "published-store",
        Effect.EXPOSES_DATA,
        f"`{service.name}` is published on every address of the host",
        (
            Place(port.at, "open to everybody who reaches the host"),
            *((Place(service.image.at, "a store"),) if service.image else ()),
        ),
        "Docker opens the port before the host's firewall is asked: anybody can try passwords",
        "leave out the port: other services reach it without; or bind it to 127.0.0.1",
    )
