"""The private key of a site's certificate stands in the repository.

What it means: a Caddyfile names a key that is mounted from a file of the repository, and .gitignore does not keep that
file out of git.

Why it is bad: who reads the repository, now or later, can pretend to be the site. A key that was ever pushed has to be
replaced; deleting the file does not take it out of git's history.

Bad:

```caddyfile Caddyfile
shop.example.org {
        tls /etc/caddy/certs/origin.pem /etc/caddy/certs/origin.key
        reverse_proxy api:4000
}
```

```text certs/origin.key
(the key)
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["443:443"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - ./certs:/etc/caddy/certs:ro
  api:
    image: example.com/shop/api:1
```

Good:

```caddyfile Caddyfile
shop.example.org {
        tls /etc/caddy/certs/origin.pem /etc/caddy/certs/origin.key
        reverse_proxy api:4000
}
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["443:443"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - /etc/ssl/origin:/etc/caddy/certs:ro
  api:
    image: example.com/shop/api:1
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.presence import is_ignored
from bayplan.rules.facts.proxies import fronts, is_public, mounted


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        for site in front.proxy.sites:
            key = site.tls.key if site.tls else None
            if key is None or not any(map(is_public, site.addresses)):
                continue
            for mount in front.mounts:
                path = mounted(deployment, front.compose, front.service, mount, key.value)
                if path in deployment.paths and path and not is_ignored(workspace, deployment, path):
                    yield Finding(
                        "private-key-in-repository",
                        Effect.EXPOSES_DATA,
                        f"the private key {path} is in the repository",
                        (Place(mount.at, "mounts it"), Place(key.at, f"the key of {site.addresses[0].written}")),
                        "who reads the repository can pretend to be the site",
                        "replace the key, keep it outside the repository, and add its folder to .gitignore",
                    )
