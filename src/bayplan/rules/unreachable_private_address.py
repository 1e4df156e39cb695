"""A service is called at a private address where nothing answers.

What it means: a variable sends requests to another service of the repository through the platform's private network,
to `<app>.internal` on Fly or `<service>.railway.internal` on Railway. That service listens on another port, or its name
is misspelt, or it listens on IPv4 alone, which Fly's private network does not have, or Fly stops it while it is idle:
such an address starts no machine.

Why it is bad: both services are healthy, and requests from one to the other fail.

Bad:

```ts apps/api/src/main.ts
import express from "express";
const app = express();
app.listen(Number(process.env.PORT ?? 4000), "0.0.0.0");
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```toml apps/api/fly.toml
app = "shop-api"
```

```toml apps/mailer/fly.toml
app = "shop-mailer"

[build]
image = "ghcr.io/shop/mailer:1"

[env]
API_URL = "http://shop-api.internal:4000"
```

Good:

```ts apps/api/src/main.ts
import express from "express";
const app = express();
app.listen(Number(process.env.PORT ?? 4000), "::");
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```toml apps/api/fly.toml
app = "shop-api"
```

```toml apps/mailer/fly.toml
app = "shop-mailer"

[build]
image = "ghcr.io/shop/mailer:1"

[env]
API_URL = "http://shop-api.internal:4000"
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import App, app_of, apps
from bayplan.rules.facts.fly import apps_of, asleep
from bayplan.rules.facts.hosts import bound
from bayplan.rules.facts.ports import listens
from bayplan.source import At, Located

PRIVATE = {
    "fly": re.compile(r"(?:^|[/@])(?P<name>[\w-]+)\.internal(?::(?P<port>\d{1,5}))?(?=[/?\s]|$)"),
    "railway": re.compile(
        r"(?:^|[/@])(?:\$\{\{\s*)?(?P<name>[\w-]+)\.(?P<by>railway\.internal|RAILWAY_PRIVATE_DOMAIN\s*\}\})"
        r"(?::(?P<port>\d{1,5}))?(?=[/?\s]|$)"
    ),
}
REFERRED = "RAILWAY_PRIVATE_DOMAIN"
"""What a reference to a service ends with; one that leads nowhere is found where the file is read."""
PLAIN = re.compile(r"[a-z0-9-]+")
IPV4 = ("0.0.0.0", "127.0.0.1")  # noqa: S104 - compared, not bound
NEAR = 0.85


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    every = apps(workspace, deployment)
    for platform, pattern in PRIVATE.items():
        services = [each for each in deployment.platform_services if each.platform == platform]
        named = {_host(each): each for each in reversed(services)}
        for service in services:
            for variable, value in service.environment.items():
                match = pattern.search(value.value)
                if match is not None:
                    target = named.get(match["name"].lower())
                    if REFERRED in match[0]:
                        target = next((each for each in services if each.name == match["name"]), None)
                        if target is None:
                            continue
                    caller = f"{variable} of {platform} service `{service.name}`"
                    yield from _judged(deployment, every, caller, value, match, target, named)


def _host(service: DeployedService) -> str:
    """Return the first part of a service's private host name."""
    own = service.settings.get("networking.privateNetworkEndpoint")
    return own.value if own is not None and service.platform == "railway" else service.name.lower()


def _judged(
    deployment: Deployment,
    every: tuple[App, ...],
    caller: str,
    value: Located[str],
    match: re.Match[str],
    target: DeployedService | None,
    named: dict[str, DeployedService],
) -> Iterator[Finding]:
    from difflib import get_close_matches

    if target is None:
        plain = [each for each in named if PLAIN.fullmatch(each)]  # Railway makes a name of its own of any other
        for near in get_close_matches(match["name"].lower(), plain if len(plain) == len(named) else (), 1, NEAR):
            place = Place(named[near].at, "this one is meant")
            yield _finding(f"{caller} calls `{match['name']}`, which is not there", value.at, place, f"write `{near}`")
        return
    if any(target in groups and len(groups) > 1 for groups in apps_of(deployment)):
        return  # the name of an app leads to all of its process groups
    sleeps = asleep(deployment, target) if target.platform == "fly" else None
    if sleeps is not None:
        message = f"{caller} calls `{target.name}`, which Fly stops while its proxy has no requests for it"
        place = Place(sleeps.at, "no machine need be running")
        advice = f"call `{match['name']}.flycast`, which starts one, or write `min_machines_running = 1`"
        yield _finding(message, value.at, place, advice)
    app = app_of(every, target)
    if app is None or app.runs(target) is not app.package:
        return
    address, port = bound(app, target), listens(deployment, app, target)
    if port is not None and match["port"] and int(match["port"]) != port.port:
        message = f"{caller} calls `{target.name}` on {match['port']}, and it listens on {port.port}"
        yield _finding(message, value.at, Place(port.at, f"{port.what} {port.port}"), f"write {port.port}")
    if target.platform == "fly" and address is not None and address.value in IPV4:
        message = f"{caller} calls `{target.name}` over IPv6, and it listens on {address.value}"
        yield _finding(message, value.at, Place(address.at, "IPv4 alone"), "listen on `::`, or name no address")


def _finding(message: str, at: At, other: Place, advice: str) -> Finding:
    return Finding(
        "unreachable-private-address",
        Effect.NOT_REACHABLE,
        message,
        (Place(at, "requests go here"), other),
        "requests from one service to the other fail, and both are healthy",
        advice,
    )
