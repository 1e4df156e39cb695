"""Caddy's certificates stand on no volume.

What it means: Caddy gets certificates for a public host name by itself, and no volume holds `/data`, where it keeps
them.

Why it is bad: certificates, keys and the account are gone when the container is made anew. Caddy asks for new ones each
time, and the authority refuses after five for the same names in a week: the site is then unreachable for days.

Bad:

```caddyfile Caddyfile
shop.example.org {
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
  api:
    image: example.com/shop/api:1
```

Good:

```caddyfile Caddyfile
shop.example.org {
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

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.layout import below
from bayplan.rules.facts.networks import is_inherited
from bayplan.rules.facts.proxies import Front, automatic, fronts

KEPT_IN = "/data"
ELSEWHERE = "XDG_DATA_HOME"


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        hosts = automatic(front)
        if hosts and front.is_official and not _is_kept(front):
            yield Finding(
                "lost-certificates",
                Effect.LOSES_DATA,
                f"the certificates of `{front.service.name}` stand on no volume",
                (
                    Place(front.service.at, f"no volume at {KEPT_IN}"),
                    Place(hosts[0].at, "Caddy gets a certificate for this name"),
                ),
                "each new container asks for new ones, until the authority refuses for a week",
                f"mount a named volume: `caddy-data:{KEPT_IN}`",
            )


def _is_kept(front: Front) -> bool:
    if front.proxy.option("storage") or any(is_inherited(each) or ELSEWHERE in each.environment for each in front.kin):
        return True
    return any(
        mount.source
        and mount.kind != "tmpfs"
        and (below(KEPT_IN, mount.target) is not None or below(mount.target, KEPT_IN) is not None)
        for mount in front.mounts
    )
