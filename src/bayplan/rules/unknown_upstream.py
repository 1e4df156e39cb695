"""The proxy sends requests to a host that is no service.

What it means: a Caddyfile sends requests to a name that no service has, or to `localhost`, while Caddy runs in a
container of its own. On the host's network it is the other way round: names of services do not resolve there.

Why it is bad: the name does not resolve, and in a container `localhost` is the container itself. Every such request is
answered with 502.

Bad:

```caddyfile Caddyfile
shop.example.com {
        reverse_proxy localhost:4000
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

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.networks import answering, beside, has_strangers, is_inherited, linked, mode
from bayplan.rules.facts.proxies import Front, Sent, fronts, sent
from bayplan.rules.facts.proxy_ports import said

LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - compared, not bound
ADMIN = 2019


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        network_mode = mode(deployment, front.compose, front.service)
        for each in sent(front):
            if network_mode == "host":
                yield from _on_the_host(front, each)
            elif network_mode in ("", "bridge") and not is_inherited(front.service):
                yield from _in_a_container(front, each)


def _on_the_host(front: Front, each: Sent) -> Iterator[Finding]:
    target = front.compose.service(each.upstream.host)
    if target is not None and not linked(front.service, each.upstream.host):
        yield Finding(
            "unknown-upstream",
            Effect.NOT_REACHABLE,
            f"`{front.service.name}` is on the host's network, where `{each.upstream.host}` is no name",
            (
                Place(each.upstream.at, "does not resolve on the host"),
                Place(front.service.settings["network_mode"].at, "the host's network")
                if "network_mode" in front.service.settings
                else Place(front.service.at, "on the host's network"),
                Place(target.at, "the service that is meant"),
            ),
            "every request that goes there is answered with 502",
            f"publish a port of `{target.name}` on 127.0.0.1 and send requests there, or leave out network_mode",
        )


def _in_a_container(front: Front, each: Sent) -> Iterator[Finding]:
    host = each.upstream.host.lower()
    if host in LOCAL:
        if not _answers_itself(front, each):
            yield _finding(front, each, "in the container, that is the container itself", _meant(front, each))
        return
    if "." in host or ":" in host or host in ("", "host") or linked(front.service, host):
        return
    if answering(front.deployment, front.compose, host) or has_strangers(
        front.deployment, front.compose, front.service
    ):
        return
    meant = _meant(front, each)  # without one, the name may be of another project that joins this network
    if meant is not None and not any(host == other.name.lower() for other in front.deployment.services):
        yield _finding(front, each, "no service has this name", meant)


def _answers_itself(front: Front, each: Sent) -> bool:
    """Say whether something listens in Caddy's own container: a site of it, its interface, a second process."""
    ports = {address.port for site in front.proxy.sites for address in site.addresses}
    if each.upstream.port in (*ports, ADMIN) or not front.is_official:
        return True
    joined = f"service:{front.service.name}"
    files = beside(front.deployment, front.compose)
    if any(mode(front.deployment, file, other) == joined for file in files for other in file.services):
        return True
    if front.image is None or front.stage is None:
        return "entrypoint" in front.service.settings
    return bool(front.image.instructions(front.stage, "CMD", "ENTRYPOINT"))


def _meant(front: Front, each: Sent) -> DeployedService | None:
    """Return the service that is meant: the one with nearly that name, or else the only one with that port."""
    from difflib import get_close_matches

    files = reversed(beside(front.deployment, front.compose))
    others = {one.name: one for file in files for one in file.services if one.name != front.service.name}
    close = get_close_matches(each.upstream.host, others, 1)
    if close:
        return others[close[0]]
    listening = [
        one
        for one in others.values()
        if any(port.port == each.upstream.port for port in said(front, one))
        or any(port.host == str(each.upstream.port) for port in one.published)
    ]
    return listening[0] if len(listening) == 1 else None


def _finding(front: Front, each: Sent, label: str, meant: DeployedService | None) -> Finding:
    places = [Place(each.upstream.at, label), Place(front.service.at, f"`{front.service.name}` reads this Caddyfile")]
    if meant is not None:
        places.append(Place(meant.at, "a service of this file"))
    return Finding(
        "unknown-upstream",
        Effect.NOT_REACHABLE,
        f"`{front.service.name}` sends requests to `{each.upstream.host}`, which is no service",
        tuple(places),
        "every request that goes there is answered with 502",
        f"did you mean `{meant.name}`?" if meant else "name a service on a network of the proxy",
    )
