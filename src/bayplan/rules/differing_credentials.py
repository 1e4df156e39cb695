"""A connection URL and the database it names do not agree.

What it means: a URL in a service's environment names a database service of the compose file, and its user, password or
database is not what that service creates.

Why it is bad: the connection is refused. The service that uses it does not start.

Bad:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    environment:
      DATABASE_URL: postgres://shop:sesame@postgres:5432/shop
  postgres:
    image: postgres:17-alpine
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: open-sesame
      POSTGRES_DB: shop
```

Good:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    environment:
      DATABASE_URL: postgres://shop:${POSTGRES_PASSWORD}@postgres:5432/shop
  postgres:
    image: postgres:17-alpine
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}
      POSTGRES_DB: shop
```
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.values import Values
from bayplan.source import Located

URL = re.compile(
    r"^(?P<kind>postgres(?:ql)?|mysql|mariadb)(?:\+\w+)?://(?P<user>[^:@/]*)(?::(?P<password>[^@/]*))?@"
    r"(?P<host>[\w.-]+)(?::\d+)?/(?P<database>[^?\s]*)"
)
KEYS = {
    "postgres": {"user": "POSTGRES_USER", "password": "POSTGRES_PASSWORD", "database": "POSTGRES_DB"},
    "mysql": {"user": "MYSQL_USER", "password": "MYSQL_PASSWORD", "database": "MYSQL_DATABASE"},
    "mariadb": {"user": "MARIADB_USER", "password": "MARIADB_PASSWORD", "database": "MARIADB_DATABASE"},
}


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        for service in compose.services:
            for name, value in service.environment.items():
                text = Values(deployment, service).text(value.value)
                match = URL.match(text) if text else None
                target = compose.service(match["host"]) if match else None
                if match and target is not None:
                    yield from _judged(deployment, (service, name, value), match, target)


def _judged(
    deployment: Deployment,
    given: tuple[DeployedService, str, Located[str]],
    match: re.Match[str],
    target: DeployedService,
) -> Iterator[Finding]:
    service, name, value = given
    kind = match["kind"].removesuffix("ql") if match["kind"] == "postgresql" else match["kind"]
    for part, key in KEYS[kind].items():
        own = target.environment.get(key)
        wanted = Values(deployment, target).of(key) if own else None
        said = unquote(match[part] or "")
        if own is None or wanted is None or not said or said == wanted or match["user"] == "root":
            continue
        yield Finding(
            "differing-credentials",
            Effect.WILL_NOT_START,
            f"{name} of `{service.name}` has another {part} than `{target.name}`",
            (Place(value.at, f"another {part}"), Place(own.at, f"`{target.name}` creates this {part}")),
            f"`{target.name}` refuses the connection",
            f"use the value of {key} in both places",
        )
