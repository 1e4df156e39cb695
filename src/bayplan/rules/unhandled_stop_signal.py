"""A service is stopped by another signal than the one its code handles.

What it means: the code ends in order when it gets SIGTERM, and the platform sends SIGINT, or the other way round. Fly
sends SIGINT unless `kill_signal` says otherwise; compose, Railway and Render send SIGTERM.

Why it is bad: Node.js ends at once at a signal that nobody listens for. Every new version cuts off the requests and
the jobs that are running, and the code that was written for just this moment never runs.

Bad:

```ts apps/worker/src/main.ts
import { Worker } from "bullmq";

const worker = new Worker("orders", async () => {}, { connection: { url: process.env.REDIS_URL } });
process.on("SIGTERM", () => worker.close());
```

```dockerfile apps/worker/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/worker/dist/main.js"]
```

```toml apps/worker/fly.toml
app = "shop-worker"

[build]
dockerfile = "Dockerfile"
```

Good:

```ts apps/worker/src/main.ts
import { Worker } from "bullmq";

const worker = new Worker("orders", async () => {}, { connection: { url: process.env.REDIS_URL } });
process.on("SIGTERM", () => worker.close());
```

```dockerfile apps/worker/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/worker/dist/main.js"]
```

```toml apps/worker/fly.toml
app = "shop-worker"
kill_signal = "SIGTERM"

[build]
dockerfile = "Dockerfile"
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.stages import last
from bayplan.source import At, Located

KEYS = {"fly": "kill_signal", "compose": "stop_signal"}


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        for service in app.services:
            package, sent = app.runs(service), _sent(app, service)
            if package is None or service.kind in ("job", "cron"):
                continue
            handled = {"SIGTERM": package.code.handles_sigterm, "SIGINT": package.code.handles_sigint}
            other, at = next(((name, at) for name, at in handled.items() if at is not None), ("", None))
            if at is not None and sent.value in handled and handled[sent.value] is None:
                yield _finding(service, package.name, sent, other, at)


def _sent(app: App, service: DeployedService) -> Located[str]:
    """Return the signal that stops a service."""
    said = service.settings.get(KEYS.get(service.platform, ""))
    if said is not None:
        return Located(said.value.upper(), said.at)
    if service.platform == "fly":
        return Located("SIGINT", service.at)
    image = last(app.image, app.stage, "STOPSIGNAL") if service.platform == "compose" else None
    return (
        Located(image.arguments[0].upper(), image.at) if image and image.arguments else Located("SIGTERM", service.at)
    )


def _finding(service: DeployedService, name: str, sent: Located[str], handled: str, at: At) -> Finding:
    key = KEYS.get(service.platform)
    return Finding(
        "unhandled-stop-signal",
        Effect.LOSES_DATA,
        f"{service.platform} service `{service.name}` is stopped by {sent.value}, and {name} handles {handled} only",
        (Place(sent.at, f"gets {sent.value}"), Place(at, f"handles {handled}")),
        "every new version cuts off the requests and jobs that are running",
        f'write `{key} = "{handled}"`' if key == "kill_signal" else f"handle {sent.value} in the code as well",
    )
