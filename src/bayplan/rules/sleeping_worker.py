"""A service that works on its own is put to sleep while no request comes.

What it means: the code takes jobs from a queue, or the service is a store, and the platform stops it when nobody sends
it requests: Fly with `auto_stop_machines` and `min_machines_running = 0`, Railway with `sleepApplication`, Render with
its free plan.

Why it is bad: jobs wake nothing up. They wait until somebody happens to call the service, and repeated jobs do not run.
Connections by Fly's private names wake up no store either.

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

from bayplan.catalog.images import known
from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import apps
from bayplan.rules.facts.fly import asleep
from bayplan.source import Located


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    yield from _of_stores(deployment)
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


def _of_stores(deployment: Deployment) -> Iterator[Finding]:
    """Yield stores on Fly that stop: whoever calls them by `.internal` starts none."""
    for service in deployment.platform_services:
        image = known(service.image.value) if service.image else None
        sleeps = asleep(deployment, service) if service.platform == "fly" and image and image.data else None
        if sleeps is None or service.image is None or image is None or image.serves:
            continue
        yield Finding(
            "sleeping-worker",
            Effect.NOT_REACHABLE,
            f"`{service.name}` is a store, and Fly stops it while no request comes through its proxy",
            (Place(sleeps.at, "no connection by `.internal` wakes it up"), Place(service.image.at, "a store")),
            "whoever needs it finds nothing there",
            'write `auto_stop_machines = "off"`',
        )


def _sleeps(deployment: Deployment, service: DeployedService) -> Located[str] | None:
    """Return what puts a service to sleep."""
    if service.platform == "fly":
        return asleep(deployment, service)
    if service.platform == "railway":
        sleeps = service.settings.get("deploy.sleepApplication")
        return sleeps if sleeps is not None and sleeps.value == "true" else None
    plan = service.settings.get("plan") if service.platform == "render" and service.kind == "web" else None
    return plan if plan is not None and plan.value == "free" else None


def _advice(service: DeployedService) -> str:
    return {
        "fly": 'write `auto_stop_machines = "off"`, or give the worker a process group without a service',
        "railway": "take `sleepApplication` out",
    }.get(service.platform, "run it as a `worker`, or on a paid plan")
