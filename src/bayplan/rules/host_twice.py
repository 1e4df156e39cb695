"""Two sites of a Caddyfile have the same address.

What it means: two site blocks of one Caddyfile are for the same host, port and path.

Why it is bad: Caddy refuses to start with "ambiguous site definition". Where the two are spelled differently
(`shop.example.com` and `https://shop.example.com`), it starts, and the second one never answers.

Bad:

```caddyfile Caddyfile
shop.example.com {
        reverse_proxy /api/* api:4000
}

shop.example.com {
        reverse_proxy web:3000
}
```

Good:

```caddyfile Caddyfile
shop.example.com {
        reverse_proxy /api/* api:4000
        reverse_proxy web:3000
}
```
"""

from collections.abc import Iterator
from itertools import combinations

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.proxy import ProxyAddress, ProxySite
from bayplan.model.workspace import Workspace


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for proxy in deployment.proxies:
        sites = [site for site in proxy.sites if not any(each.name == "bind" for each in site.directives)]
        for first, second in combinations(sites, 2):
            yield from _judged(first, second)


def _judged(first: ProxySite, second: ProxySite) -> Iterator[Finding]:
    for one in first.addresses:
        for other in second.addresses:
            if _key(one) == _key(other) and (one.port is not None or one.written == other.written):
                is_refused = one.written == other.written
                yield Finding(
                    "host-twice",
                    Effect.WILL_NOT_START if is_refused else Effect.NOT_REACHABLE,
                    f"two sites are for {one.written}" + ("" if is_refused else f", here written {other.written}"),
                    (Place(other.at, "the same address once more"), Place(one.at, "the first site for it")),
                    'Caddy refuses the file: "ambiguous site definition"'
                    if is_refused
                    else "the first site takes every request, and the second never answers",
                    "put what both do into one site",
                )


def _key(address: ProxyAddress) -> tuple[object, ...]:
    return address.scheme, address.host, address.port, address.path.rstrip("/")
