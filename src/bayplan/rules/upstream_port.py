"""The proxy sends requests to a port that the service does not listen on.

What it means: a Caddyfile names another port than the one that the service's code, its variables or its image say.
Often it is the port that the service publishes on the host, or none at all, which for Caddy means 80.

Why it is bad: between containers the published port does not exist. Nothing answers on the other port, and every such
request is answered with 502.

Bad:

```caddyfile Caddyfile
shop.example.com {
        reverse_proxy api:8080
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
    ports: ["127.0.0.1:8080:4000"]
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
    ports: ["127.0.0.1:8080:4000"]
volumes:
  caddy-data:
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import app_of, apps, image_file
from bayplan.rules.facts.networks import answering, is_inherited, kin, mode
from bayplan.rules.facts.ports import Named, listens
from bayplan.rules.facts.proxies import Front, Sent, fronts, sent
from bayplan.rules.facts.proxy_ports import said
from bayplan.rules.facts.values import Values, stand_in, texts

HTTP = frozenset({"http", "https", "h2c"})


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        for each in sent(front):
            host, port = each.upstream.host, each.upstream.port
            targets = answering(deployment, front.compose, host)
            if port is None or each.upstream.scheme not in HTTP or len(targets) != 1:
                continue
            if mode(deployment, front.compose, targets[0]) or is_inherited(targets[0]):
                continue
            right = _right(workspace, front, targets[0], port)
            if right is not None:
                yield _finding(front, each, targets[0], right)


def _right(workspace: Workspace, front: Front, target: DeployedService, port: int) -> Named | None:
    """Return a port that the service listens on, when it does not listen on the one that is asked for."""
    others = said(front, target)
    app = app_of(apps(workspace, front.deployment), target)
    own = listens(front.deployment, app, target) if app and app.runs(target) is app.package else None
    if own is not None:
        several = {own.port, port} <= {each.port for each in others}
        return own if own.port != port and not several else None
    if any(each.port == port for each in others) or not others:
        return None
    if _is_host_port(front, target, port):
        return others[0]
    is_ours = any(one.dockerfile for one in kin(front.deployment, front.compose, target))
    return others[0] if is_ours and not _mentions(front, target, port) else None


def _is_host_port(front: Front, target: DeployedService, port: int) -> bool:
    return any(
        published.host and Values(front.deployment, one).text(published.host) == str(port)
        for one in kin(front.deployment, front.compose, target)
        for published in one.published
    )


def _mentions(front: Front, target: DeployedService, port: int) -> bool:
    """Say whether anything of a service or its image names a port at all: then it may well listen there."""
    number = re.compile(rf"(?<!\d){port}(?!\d)")
    for one in kin(front.deployment, front.compose, target):
        image = image_file(front.deployment, one)
        written = [each.value for each in texts(one)]
        written += [each.text for stage in image.stages for each in stage.instructions] if image else []
        files = [stand_in(front.deployment, file.value) for file in one.env_files]
        written += [line.value for file in files if file for line in file.lines]
        if any(number.search(text) for text in written) or None in files:
            return True
    return False


def _finding(front: Front, each: Sent, target: DeployedService, right: Named) -> Finding:
    port = each.upstream.port
    omitted = port is not None and str(port) not in each.upstream.written
    label = f"no port means {port}" if omitted else f"nothing answers on {port}"
    if _is_host_port(front, target, port or 0):
        label = f"{port} is the port on the host"
    return Finding(
        "upstream-port",
        Effect.NOT_REACHABLE,
        f"`{front.service.name}` sends requests to port {port} of `{target.name}`, which listens on {right.port}",
        (Place(each.upstream.at, label), Place(right.at, f"{right.what} {right.port}")),
        "every request that goes there is answered with 502",
        f"send them to {each.upstream.host}:{right.port}",
    )
