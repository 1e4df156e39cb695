"""A port on which the proxy serves a site is not published.

What it means: Caddy listens for a site on a port that its service does not publish, while it publishes another one; or
it publishes a port on which Caddy does not listen; or it gets certificates by itself, and both its ports are bound to
127.0.0.1, where no authority can reach them.

Why it is bad: browsers find nothing there. Caddy sends every request on port 80 to port 443 for a host with automatic
HTTPS, so that 80 alone is not enough.

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
    ports: ["80:80"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - caddy-data:/data
  api:
    image: example.com/shop/api:1
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
  api:
    image: example.com/shop/api:1
volumes:
  caddy-data:
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment, Published
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.proxy import ProxyAddress
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.networks import is_inherited, mode
from bayplan.rules.facts.proxies import HTTPS, Front, automatic, fronts, is_public

LOOPBACK = ("127.", "::1", "localhost")


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        published = [port for each in front.kin for port in each.published if port.protocol == "tcp"]
        addresses = [address for site in front.proxy.sites for address in site.addresses]
        if not published or not addresses or mode(deployment, front.compose, front.service):
            continue
        if any(is_inherited(each) or "ports" in each.settings for each in front.kin):
            continue
        yield from _judged(front, addresses, published)


def _judged(front: Front, addresses: list[ProxyAddress], published: list[Published]) -> Iterator[Finding]:
    ports = {port.container for port in published}
    secured = automatic(front)
    closed = [address for address in addresses if _port(address, secured) not in (None, *ports)]
    named = [address for address in closed if address in secured or is_public(address)]
    if named:
        yield _finding(front, named[0], published[0])
    elif len(closed) == len(addresses):
        yield _finding(front, closed[0], published[0])
    elif secured and all(port.address.startswith(LOOPBACK) for port in published) and not _by_dns(front):
        yield Finding(
            "unpublished-proxy-port",
            Effect.NOT_REACHABLE,
            f"`{front.service.name}` gets a certificate for {secured[0].host}, and is published on 127.0.0.1 only",
            (
                Place(published[0].at, "no authority reaches this address"),
                Place(secured[0].at, "Caddy gets a certificate for this name"),
            ),
            "there is never a certificate, and every HTTPS request fails",
            f"publish 80 and 443 on a public address, or write http://{secured[0].host} where another proxy has TLS",
        )


def _port(address: ProxyAddress, secured: list[ProxyAddress]) -> int | None:
    return HTTPS if address.port is None and address in secured else address.port


def _by_dns(front: Front) -> bool:
    return front.proxy.option("acme_dns") is not None or any(site.tls for site in front.proxy.sites)


def _finding(front: Front, address: ProxyAddress, other: Published) -> Finding:
    port = address.port or HTTPS
    return Finding(
        "unpublished-proxy-port",
        Effect.NOT_REACHABLE,
        f"`{front.service.name}` serves {address.written} on port {port}, which it does not publish",
        (
            Place(other.at, f"publishes port {other.container}"),
            Place(address.at, f"Caddy listens on {port} for this site"),
        ),
        "browsers find nothing there",
        f'add "{port}:{port}" to the ports of `{front.service.name}`',
    )
