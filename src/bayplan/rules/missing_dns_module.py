"""Caddy has no module for the DNS provider that its Caddyfile names.

What it means: the Caddyfile asks for certificates by the DNS challenge of a provider, and the image is Caddy's own, or
one that is built without the module of that provider.

Why it is bad: Caddy's own image has no DNS module at all. It refuses the file: "module not registered".

Bad:

```caddyfile Caddyfile
*.shop.example.com {
        tls {
                dns cloudflare {env.CLOUDFLARE_API_TOKEN}
        }
        reverse_proxy api:4000
}
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["443:443"]
    environment: [CLOUDFLARE_API_TOKEN]
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
*.shop.example.com {
        tls {
                dns cloudflare {env.CLOUDFLARE_API_TOKEN}
        }
        reverse_proxy api:4000
}
```

```dockerfile docker/caddy.Dockerfile
FROM caddy:2.10-builder-alpine AS build
RUN xcaddy build --with github.com/caddy-dns/cloudflare@v0.2.1

FROM caddy:2.10-alpine
COPY --from=build /usr/bin/caddy /usr/bin/caddy
```

```yaml compose.yaml
services:
  caddy:
    build:
      context: .
      dockerfile: docker/caddy.Dockerfile
    ports: ["443:443"]
    environment: [CLOUDFLARE_API_TOKEN]
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
from bayplan.model.proxy import ProxyFile
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.proxies import Front, fronts
from bayplan.source import Located


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        image = front.image_name
        if image is None or not front.is_official:
            continue
        for provider in {each.value: each for each in _providers(front.proxy)}.values():
            if "{" not in provider.value and not _may_have(front, provider.value):
                yield Finding(
                    "missing-dns-module",
                    Effect.WILL_NOT_START,
                    f"the image of `{front.service.name}` has no module for the DNS of {provider.value}",
                    (
                        Place(provider.at, f"needs the module dns.providers.{provider.value}"),
                        Place(image.at, "comes without it"),
                    ),
                    f'Caddy refuses the file: "module not registered: dns.providers.{provider.value}"',
                    f"build an image of its own: xcaddy build --with github.com/caddy-dns/{provider.value}",
                )


def _providers(proxy: ProxyFile) -> Iterator[Located[str]]:
    for name in ("acme_dns", "dns"):
        option = proxy.option(name)
        if option is not None and option.arguments:
            yield option.arguments[0]
    for site in proxy.sites:
        if site.tls is not None and site.tls.dns is not None:
            yield site.tls.dns


def _may_have(front: Front, provider: str) -> bool:
    if front.layout is None:
        return any(each.context is not None or each.command is not None for each in front.kin)
    written = " ".join(each.text for stage in front.layout.image.stages for each in stage.instructions)
    return provider in written or any(word in written for word in ("--with $", '--with "$', "--with ${"))
