"""Fly cannot deploy with the strategy that the file asks for.

What it means: `[deploy] strategy` is `canary` or `bluegreen` and a process group has a volume, or it is `bluegreen` and
a process group that listens has no check.

Why it is bad: both strategies start new machines beside the old ones, and a volume belongs to one machine. `bluegreen`
moves requests when the checks pass, and refuses to work without any. The deployment fails, mostly after the image was
built.

Bad:

```toml fly.toml
app = "shop-api"

[build]
image = "ghcr.io/shop/api:1"

[deploy]
strategy = "bluegreen"

[http_service]
internal_port = 4000
```

Good:

```toml fly.toml
app = "shop-api"

[build]
image = "ghcr.io/shop/api:1"

[deploy]
strategy = "bluegreen"

[http_service]
internal_port = 4000

[[http_service.checks]]
path = "/api/health"
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.fly import CHECKS, LISTENS, MOUNTS, apps_of, group, parts, tables
from bayplan.source import Located

NOT_WITH_VOLUMES = ("canary", "bluegreen")


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for groups in apps_of(deployment):
        strategy = groups[0].settings.get("deploy.strategy")
        if strategy is None or strategy.value not in NOT_WITH_VOLUMES:
            continue
        volumes = tables(groups[0], MOUNTS)
        if volumes:
            yield _with_volume(groups[0], strategy, volumes[0])
        if strategy.value == "bluegreen":
            yield from _without_checks(deployment, groups, strategy)


def _with_volume(service: DeployedService, strategy: Located[str], volume: str) -> Finding:
    at = next(value.at for key, value in service.settings.items() if key.startswith(f"{volume}."))
    return Finding(
        "impossible-strategy",
        Effect.WILL_NOT_START,
        f"the strategy `{strategy.value}` does not work with volumes, and the app has one",
        (Place(strategy.at, "starts new machines beside the old ones"), Place(at, "belongs to one machine")),
        "the deployment is refused",
        'write `strategy = "rolling"`',
    )


def _without_checks(
    deployment: Deployment, groups: tuple[DeployedService, ...], strategy: Located[str]
) -> Iterator[Finding]:
    if tables(groups[0], CHECKS):
        unchecked = [each for each in groups if parts(deployment, each, LISTENS)]
        unchecked = [each for each in unchecked if not parts(deployment, each, CHECKS)]
    else:
        unchecked = list(groups[:1])
    for each in unchecked:
        yield Finding(
            "impossible-strategy",
            Effect.WILL_NOT_START,
            f"the strategy `bluegreen` needs a health check, and the process group `{group(each)}` has none",
            (Place(strategy.at, "waits for health checks"), Place(each.at, "has no check")),
            "the deployment fails after the image was built",
            'add `[[http_service.checks]]`, or write `strategy = "rolling"`',
        )
