"""A service cannot run as often as it is asked to.

What it means: a service has more than one replica, and a fixed port on the host or a `container_name`.

Why it is bad: two containers cannot take one port or one name. Only the first one starts: "port is already allocated";
compose refuses the name at once.

Bad:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    ports: ["4000:4000"]
    deploy:
      replicas: 2
```

Good:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    expose: ["4000"]
    deploy:
      replicas: 2
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.source import At, Located

SEVERAL = re.compile(r"[2-9]|[1-9][0-9]+")
OF_SWARM = ("deploy.placement", "deploy.update_config", "deploy.rollback_config", "deploy.endpoint_mode", "deploy.mode")


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        if any(key.startswith(OF_SWARM) for service in compose.services for key in service.settings):
            continue
        for service in compose.services:
            count = _replicas(service)
            what = _single(service)
            if count is None or what is None:
                continue
            at, name = what
            yield Finding(
                "colliding-replicas",
                Effect.WILL_NOT_START,
                f"`{service.name}` is to run {count.value} times with one {name}",
                (Place(at, "only one container can have it"), Place(count.at, f"{count.value} containers")),
                "only the first one starts",
                f"leave out the {name}, and let a proxy send requests to `{service.name}`",
            )


def _replicas(service: DeployedService) -> Located[str] | None:
    for key in ("deploy.replicas", "scale"):
        said = service.settings.get(key)
        if said is not None and SEVERAL.fullmatch(said.value):
            return said
    return None


def _single(service: DeployedService) -> tuple[At, str] | None:
    name = service.settings.get("container_name")
    if name is not None:
        return name.at, "container name"
    fixed = (port for port in service.published if port.host and "-" not in port.host.partition("}")[2])
    port = next((each for each in fixed if each.host and (each.host.isdecimal() or each.host.startswith("$"))), None)
    return (port.at, "port of the host") if port else None
