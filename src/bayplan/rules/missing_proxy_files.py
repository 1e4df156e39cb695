"""Nothing brings the files that the proxy is to serve.

What it means: a site of a Caddyfile serves files from a folder, and no mount and no COPY of the image puts anything
there.

Why it is bad: the folder is empty or not there. Every request is answered with 404.

Bad:

```caddyfile Caddyfile
shop.example.com {
        root * /srv/site
        file_server
}
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["80:80", "443:443"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - ./site:/usr/share/caddy:ro
      - caddy-data:/data
volumes:
  caddy-data:
```

Good:

```caddyfile Caddyfile
shop.example.com {
        root * /srv/site
        file_server
}
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["80:80", "443:443"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - ./site:/srv/site:ro
      - caddy-data:/data
volumes:
  caddy-data:
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.proxies import fronts
from bayplan.source import Located

OF_THE_IMAGE = "/usr/share/caddy"


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        roots: dict[str, Located[str]] = {}
        for site in front.proxy.sites:
            for route in site.routes:
                if route.kind == "files" and route.root is not None and route.directive.child("fs") is None:
                    roots.setdefault(_constant(route.root.value), route.root)
        for folder, root in roots.items():
            if folder.startswith("/") and folder not in ("/", OF_THE_IMAGE) and not front.brings(folder):
                yield Finding(
                    "missing-proxy-files",
                    Effect.NOT_REACHABLE,
                    f"nothing puts files into {folder} of `{front.service.name}`",
                    (
                        Place(root.at, "no mount and no COPY brings this folder"),
                        Place(front.service.at, "reads this Caddyfile"),
                    ),
                    "every request for a file is answered with 404",
                    f"mount the files at {folder}, or copy them into an image of its own",
                )


def _constant(folder: str) -> str:
    """Return the part of a path that does not depend on the request."""
    start, brace, _ = folder.partition("{")
    return posixpath.normpath(start if not brace else posixpath.dirname(start) or "/") if start else ""
