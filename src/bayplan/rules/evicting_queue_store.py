"""The store of a queue throws jobs away when its memory is full.

What it means: a queue such as BullMQ keeps its jobs in Redis, and the Redis or Valkey of the same file evicts keys:
`--maxmemory-policy allkeys-lru`, or a Key Value instance on Render without `maxmemoryPolicy: noeviction`.

Why it is bad: when the memory is full, jobs, locks and repeated jobs disappear one by one, and nothing fails. With
`noeviction` adding a job fails, and somebody notices.

Bad:

```dockerfile apps/worker/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/worker/dist/main.js"]
```

```yaml compose.yaml
services:
  worker:
    build:
      context: .
      dockerfile: apps/worker/Dockerfile
    environment:
      REDIS_URL: redis://redis:6379
      DATABASE_URL: ${DATABASE_URL}
  redis:
    image: redis:7-alpine
    command: redis-server --maxmemory 256mb --maxmemory-policy allkeys-lru
```

Good:

```dockerfile apps/worker/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/worker/dist/main.js"]
```

```yaml compose.yaml
services:
  worker:
    build:
      context: .
      dockerfile: apps/worker/Dockerfile
    environment:
      REDIS_URL: redis://redis:6379
      DATABASE_URL: ${DATABASE_URL}
  redis:
    image: redis:7-alpine
    command: redis-server --maxmemory 256mb --maxmemory-policy noeviction
```
"""

import posixpath
import re
from collections.abc import Iterator

from bayplan.catalog.images import named
from bayplan.model.code import QueueUse
from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import app_of, apps
from bayplan.source import Located

ON_REDIS = re.compile(r"^(@taskforcesh/bullmq-pro|@nestjs/bull(mq)?|bull(mq)?|bee-queue)$")
STORES = re.compile(r"^(redis|valkey|redis-stack-server)$")
LIMITED = re.compile(r"--maxmemory[ =](?!0\b)")
POLICY = re.compile(r"--maxmemory-policy[ =](?P<policy>[\w-]+)")
KEEPS = "noeviction"
USUAL_ON_RENDER = "allkeys-lru"


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    every = apps(workspace, deployment)
    files = [each.services for each in deployment.composes] + [each.services for each in deployment.platforms]
    for services in files:
        stores = [each for each in services if _is_store(each)]
        evicting = _evicts(stores[0]) if len(stores) == 1 else None
        running = [app for each in services if evicting and (app := app_of(every, each))]
        queues = [use for app in running for use in app.package.code.queues if ON_REDIS.match(use.library)]
        if queues and evicting is not None:
            yield _finding(stores[0], evicting, queues[0])


def _is_store(service: DeployedService) -> bool:
    if service.platform == "render":
        kind = service.settings.get("type")
        return kind is not None and kind.value in ("keyvalue", "redis")
    return service.image is not None and bool(STORES.match(posixpath.basename(named(service.image.value)[0])))


def _evicts(store: DeployedService) -> Located[str] | None:
    """Return the policy by which a store evicts keys, with its place; None when it keeps them all."""
    if store.platform == "render":
        said = store.settings.get("maxmemoryPolicy") or Located(USUAL_ON_RENDER, store.at)
        return None if said.value.replace("_", "-") == KEEPS else said
    text = " ".join(store.command.value) if store.command else ""
    match = POLICY.search(text)
    if store.command is None or match is None or match["policy"] == KEEPS or not LIMITED.search(text):
        return None
    return Located(match["policy"], store.command.at)


def _finding(store: DeployedService, policy: Located[str], queue: QueueUse) -> Finding:
    is_unsaid = policy.at == store.at
    return Finding(
        "evicting-queue-store",
        Effect.LOSES_DATA,
        f"`{store.name}` evicts keys ({policy.value}), and {queue.library} keeps its jobs there",
        (
            Place(
                policy.at,
                f"{policy.value} where nothing is said" if is_unsaid else "throws keys away when memory is full",
            ),
            Place(queue.at, "jobs are kept there"),
        ),
        "jobs disappear when the memory is full, and nothing fails",
        "write `maxmemoryPolicy: noeviction`"
        if store.platform == "render"
        else "write `--maxmemory-policy noeviction`",
    )
