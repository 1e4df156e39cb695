"""Nothing brings the certificate that the Caddyfile names.

What it means: a site has `tls` with the files of a certificate and its key, and no mount and no COPY of the image puts
anything there.

Why it is bad: Caddy does not start: "no such file or directory".

Bad:

```caddyfile Caddyfile
shop.example.com {
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
  api:
    image: example.com/shop/api:1
```

Good:

```caddyfile Caddyfile
shop.example.com {
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
from bayplan.rules.facts.proxies import fronts


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        for site in front.proxy.sites:
            words = (site.tls.certificate, site.tls.key) if site.tls else ()
            for file in {each.value: each for each in words if each}.values():
                if file.value.startswith("/") and "{" not in file.value and not front.brings(file.value):
                    yield Finding(
                        "missing-certificate",
                        Effect.WILL_NOT_START,
                        f"nothing puts {file.value} into `{front.service.name}`",
                        (
                            Place(file.at, "no mount and no COPY brings this file"),
                            Place(front.service.at, "reads this Caddyfile"),
                        ),
                        "Caddy does not start: no such file or directory",
                        f"mount the file or its folder into `{front.service.name}`, read-only",
                    )
