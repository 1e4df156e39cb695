"""A port is published by a service that has only internal networks.

What it means: a service publishes a port, and every network that it is on is `internal: true`.

Why it is bad: Docker publishes nothing from an internal network and says nothing about it. The port is closed, on the
host itself, too.

Bad:

```yaml compose.yaml
services:
  proxy:
    image: example.com/shop/proxy:1
    ports: ["80:80"]
    networks: [backend]
networks:
  backend:
    internal: true
```

Good:

```yaml compose.yaml
services:
  proxy:
    image: example.com/shop/proxy:1
    ports: ["80:80"]
    networks: [backend, edge]
networks:
  backend:
    internal: true
  edge:
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.networks import beside, is_inherited, mode, networks


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        declared = [network for file in beside(deployment, compose) for network in file.networks]
        internal = {network.name: network for network in declared if network.internal}
        routed = {network.name for network in declared if not network.internal}
        for service in compose.services if internal else ():
            names = networks(deployment, compose, service)
            if not service.published or not names <= internal.keys() - routed:
                continue
            if mode(deployment, compose, service) or is_inherited(service):
                continue
            yield Finding(
                "published-on-internal-network",
                Effect.NOT_REACHABLE,
                f"`{service.name}` publishes a port, and all its networks are internal",
                (
                    Place(service.published[0].at, "is never opened"),
                    *(Place(internal[name].at, "internal: nothing on it can be published") for name in sorted(names)),
                ),
                "the port is closed, also on the host itself",
                f"give `{service.name}` one more network that is not internal, or leave out the port",
            )
