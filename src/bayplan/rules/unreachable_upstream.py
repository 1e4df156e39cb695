"""The proxy and a service behind it share no network.

What it means: a Caddyfile sends requests to a service that is on none of the proxy's networks, or on no network at all.

Why it is bad: the service's name does not resolve for the proxy. Every such request is answered with 502, while both
are healthy.

Bad:

```caddyfile Caddyfile
shop.example.com {
        reverse_proxy api:4000
}
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["80:80", "443:443"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - caddy-data:/data
    networks: [outside]
  api:
    image: example.com/shop/api:1
    networks: [inside]
networks:
  outside:
  inside:
volumes:
  caddy-data:
```

Good:

```caddyfile Caddyfile
shop.example.com {
        reverse_proxy api:4000
}
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["80:80", "443:443"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - caddy-data:/data
    networks: [outside, inside]
  api:
    image: example.com/shop/api:1
    networks: [inside]
networks:
  outside:
  inside:
volumes:
  caddy-data:
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.networks import answering, is_inherited, linked, mode, networks
from bayplan.rules.facts.proxies import Front, Sent, fronts, sent


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        if mode(deployment, front.compose, front.service) or is_inherited(front.service):
            continue
        for each in sent(front):
            if linked(front.service, each.upstream.host):
                continue
            targets = answering(deployment, front.compose, each.upstream.host)
            if targets and not any(_reaches(front, target) for target in targets):
                yield _finding(front, each, targets[0])


def _reaches(front: Front, target: DeployedService) -> bool:
    how = mode(front.deployment, front.compose, target)
    if how == "none":
        return False
    if how or is_inherited(target) or target.name == front.service.name:
        return True
    mine = networks(front.deployment, front.compose, front.service)
    return bool(mine & networks(front.deployment, front.compose, target))


def _finding(front: Front, each: Sent, target: DeployedService) -> Finding:
    mine = [network for one in front.kin for network in one.networks]
    return Finding(
        "unreachable-upstream",
        Effect.NOT_REACHABLE,
        f"`{front.service.name}` sends requests to `{target.name}`, and they share no network",
        (
            Place(front.service.at, f"on {_named([network.value for network in mine])}"),
            Place(target.at, f"on {_named([network.value for network in target.networks])}")
            if "network_mode" not in target.settings
            else Place(target.settings["network_mode"].at, "on no network at all"),
            Place(each.upstream.at, f"goes to `{target.name}`"),
        ),
        "every request that goes there is answered with 502",
        f"put `{front.service.name}` and `{target.name}` on one network",
    )


def _named(names: list[str]) -> str:
    return f"the networks {', '.join(names)}" if names else "the default network"
