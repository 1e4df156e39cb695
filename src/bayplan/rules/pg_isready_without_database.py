"""`pg_isready` asks with a user whose name is no database.

What it means: a health check calls `pg_isready -U <user>` without `-d`, and the database has another name than the
user.

Why it is bad: PostgreSQL takes the user's name for the database's. The check succeeds, and each time the server logs
`FATAL: database "<user>" does not exist`: the log grows, and real errors drown in it.

Bad:

```yaml compose.yaml
services:
  postgres:
    image: postgres:17-alpine
    environment:
      POSTGRES_USER: shopkeeper
      POSTGRES_DB: shop
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U shopkeeper"]
```

Good:

```yaml compose.yaml
services:
  postgres:
    image: postgres:17-alpine
    environment:
      POSTGRES_USER: shopkeeper
      POSTGRES_DB: shop
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U shopkeeper -d shop"]
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.values import Values

USER = re.compile(r"(?:-U\s*|--username[= ])['\"]?([^\s'\"]+)")
DATABASE = re.compile(r"\s(?:-d|--dbname)\b")
DEFAULT = "postgres"


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for service in deployment.services:
        text = " ".join(service.health.argv) if service.health else ""
        user = USER.search(text)
        if service.health is None or "pg_isready" not in text or DATABASE.search(text) or user is None:
            continue
        values = Values(deployment, service)
        asked = values.text(user[1].replace("$$", "$"))
        database_at = service.environment.get("POSTGRES_DB")
        owner = service.environment.get("POSTGRES_USER")
        created = database_at or owner
        database = values.text(created.value) if created else DEFAULT
        if asked is None or database is None or asked == database:
            continue
        named_at = database_at.at if database_at else service.at
        yield Finding(
            "pg-isready-without-database",
            Effect.GROWS,
            f"the health check of `{service.name}` asks for a database `{asked}`, and there is only `{database}`",
            (
                Place(service.health.at, "no -d: the user's name is taken for the database's"),
                Place(named_at, f"the database is {database}"),
            ),
            f'with every check the server logs FATAL: database "{asked}" does not exist',
            f"add `-d {database_at.value if database_at else database}`".replace("${", "$${"),
        )
