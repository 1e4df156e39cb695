"""A service behind the proxy can be reached without it.

What it means: Caddy serves public host names and sends their requests to a service. The compose file also publishes
that service's port on every address of the host.

Why it is bad: whoever asks the host for that port gets past the proxy: without TLS, and without the paths that the
proxy refuses, the headers that it adds or the passwords that it asks for. Docker opens the port before the host's
firewall is asked.

Bad:

```caddyfile Caddyfile
shop.example.com {
        respond /metrics 403
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
    ports: ["4000:4000"]
volumes:
  caddy-data:
```

Good:

```caddyfile Caddyfile
shop.example.com {
        respond /metrics 403
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

import re
from collections.abc import Iterator

from bayplan.catalog.images import known, repository
from bayplan.model.deployment import DeployedService, Deployment, Published
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.exposure import is_for_development, is_open
from bayplan.rules.facts.networks import answering, beside, mode
from bayplan.rules.facts.proxies import Front, Sent, automatic, fronts, sent

TUNNEL = re.compile(r"(?:^|[/_-])(?:cloudflared|tailscale|ngrok|zrok|frpc?|newt)(?:$|[/_-])")
"""Behind one, hosts often have no public address at all."""


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        if is_for_development(front.compose) or _has_tunnel(front) or not _is_entrance(front):
            continue
        public = automatic(front)
        for each in sent(front):
            if each.upstream.scheme != "https" and any(address in public for address in each.site.addresses):
                yield from _opened(front, each)


def _is_entrance(front: Front) -> bool:
    """Say whether requests come to it from everywhere, and not from another proxy on the host."""
    if mode(front.deployment, front.compose, front.service) not in ("", "bridge"):
        return False
    return any(is_open(front.deployment, front.compose, each, port) for each in front.kin for port in each.published)


def _has_tunnel(front: Front) -> bool:
    services = (one for file in beside(front.deployment, front.compose) for one in file.services)
    return any(one.image is not None and TUNNEL.search(repository(one.image.value)) for one in services)


def _opened(front: Front, each: Sent) -> Iterator[Finding]:
    for target in answering(front.deployment, front.compose, each.upstream.host):
        if target not in front.compose.services or target.profiles or _is_store(target):
            continue
        for port in target.published:
            same = port.container == each.upstream.port and port.protocol == "tcp"
            if same and is_open(front.deployment, front.compose, target, port):
                yield _finding(front, each, target, port)
                break


def _is_store(target: DeployedService) -> bool:
    """Say whether it is a database, of which another rule speaks, or an object store, to which browsers are sent."""
    image = known(target.image.value) if target.image and not target.dockerfile else None
    return image is not None and image.data is not None and not image.serves


def _finding(front: Front, each: Sent, target: DeployedService, port: Published) -> Finding:
    return Finding(
        "bypassed-proxy",
        Effect.EXPOSES_DATA,
        f"`{target.name}` is published on every address of the host, past `{front.service.name}`",
        (
            Place(port.at, "open to everybody who reaches the host"),
            Place(each.upstream.at, "requests to a public host name are sent to it"),
        ),
        "it is reached without TLS, and without what the proxy refuses or asks for",
        "leave out the port: the proxy reaches the service without; or bind it to 127.0.0.1",
    )
