"""Two services publish the same port of the host.

What it means: two services of a compose file, which can run at the same time, publish the same port on the same
address.

Why it is bad: the second one does not start: "port is already allocated".

Bad:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    ports: ["8080:4000"]
  web:
    image: example.com/shop/web:1
    ports: ["8080:3000"]
```

Good:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    ports: ["8081:4000"]
  web:
    image: example.com/shop/web:1
    ports: ["8080:3000"]
```
"""

from collections.abc import Iterator
from itertools import combinations

from bayplan.model.deployment import DeployedService, Deployment, Published
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.values import Values

EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        for one, other in combinations(compose.services, 2):
            if one.profiles and other.profiles and not set(one.profiles) & set(other.profiles):
                continue
            for first in one.published:
                for second in other.published:
                    port = _host(deployment, one, first)
                    if port and port == _host(deployment, other, second) and _overlap(first, second):
                        yield Finding(
                            "host-port-twice",
                            Effect.WILL_NOT_START,
                            f"`{one.name}` and `{other.name}` both publish port {port}",
                            (
                                Place(second.at, f"`{other.name}` takes it, too"),
                                Place(first.at, f"`{one.name}` takes port {port}"),
                            ),
                            'the second one does not start: "port is already allocated"',
                            "publish one of them on another port",
                        )


def _host(deployment: Deployment, service: DeployedService, port: Published) -> str | None:
    return Values(deployment, service).text(port.host) if port.host else None


def _overlap(first: Published, second: Published) -> bool:
    same = first.address == second.address or first.address in EVERYWHERE or second.address in EVERYWHERE
    return same and first.protocol == second.protocol
