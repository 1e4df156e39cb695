"""A service that works on its own is put to sleep while no request comes.

What it means: the code takes jobs from a queue, and the platform stops the service when nobody sends it requests: Fly's
`auto_stop_machines` with `min_machines_running = 0`, Railway's `sleepApplication`, Render's free plan.

Why it is bad: jobs wake nothing up. They wait until somebody happens to call the service, and repeated jobs do not run.

Bad:

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

[http_service]
internal_port = 8080
auto_stop_machines = "stop"
min_machines_running = 0
```

Good:

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

[processes]
worker = "node apps/worker/dist/main.js"
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import apps
from bayplan.rules.facts.fly import LISTENS, parts
from bayplan.source import Located

STOPS = ("true", "stop", "suspend")


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        for service in app.services:
            package, sleeps = app.runs(service), _sleeps(deployment, service)
            works = next((use.at for use in package.code.queues if use.consumes), None) if package else None
            if package is None or sleeps is None or works is None:
                continue
            yield Finding(
                "sleeping-worker",
                Effect.NOT_REACHABLE if package.code.port is None else Effect.UNTIDY,
                f"{package.name} takes jobs from a queue, and {service.platform} stops it while no request comes",
                (Place(sleeps.at, "no job wakes it up"), Place(works, "takes jobs from a queue")),
                "jobs wait until somebody happens to send it a request",
                _advice(service),
            )


def _sleeps(deployment: Deployment, service: DeployedService) -> Located[str] | None:
    """Return what puts a service to sleep."""
    if service.platform == "fly":
        for part in parts(deployment, service, LISTENS):
            stops = service.settings.get(f"{part}.auto_stop_machines")
            least = service.settings.get(f"{part}.min_machines_running")
            if stops is not None and stops.value.lower() in STOPS and (least is None or least.value == "0"):
                return least or stops
    if service.platform == "railway":
        asleep = service.settings.get("deploy.sleepApplication")
        return asleep if asleep is not None and asleep.value == "true" else None
    plan = service.settings.get("plan") if service.platform == "render" and service.kind == "web" else None
    return plan if plan is not None and plan.value == "free" else None


def _advice(service: DeployedService) -> str:
    return {
        "fly": 'write `auto_stop_machines = "off"`, or give the worker a process group without a service',
        "railway": "take `sleepApplication` out",
    }.get(service.platform, "run it as a `worker`, or on a paid plan")
