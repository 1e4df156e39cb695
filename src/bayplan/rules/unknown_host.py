"""A connection URL names a host that is no service.

What it means: a URL of a database or queue in a service's environment names a host without a dot that is no service of
the compose file, or `localhost`.

Why it is bad: the name does not resolve. In a container `localhost` is the container itself, where no database runs.

Bad:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    environment:
      REDIS_URL: redis://localhost:6379
  redis:
    image: redis:7-alpine
```

Good:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    environment:
      REDIS_URL: redis://redis:6379
  redis:
    image: redis:7-alpine
```
"""

import posixpath
import re
from collections.abc import Iterator

from bayplan.catalog.images import known
from bayplan.model.deployment import ComposeFile, DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.values import Values

URL = re.compile(
    r"^(?P<kind>postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|nats)(?:\+\w+)?://(?:[^@/\s]*@)?+(?P<host>[\w-]+)(?:[:/?]|$)"
)
PORTS = {
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "mongodb": 27017,
    "redis": 6379,
    "amqp": 5672,
}
LOCAL = "localhost"
ITSELF = "in a container, localhost is the container itself"


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        names = _names(deployment, compose)
        for service in compose.services:
            if "network_mode" in service.settings or any("external" in each.value for each in service.networks):
                continue
            extra = " ".join(each.value for key, each in service.settings.items() if key.startswith("extra_hosts"))
            for name, value in service.environment.items():
                text = Values(deployment, service).text(value.value)
                match = URL.match(text) if text else None
                host = match["host"] if match else None
                if (
                    match is None
                    or host is None
                    or host in names
                    or host in extra
                    or (host == LOCAL and not _has_store(compose))
                ):
                    continue
                near = _nearest(match, compose, service)
                yield Finding(
                    "unknown-host",
                    Effect.NOT_REACHABLE,
                    f"{name} of `{service.name}` names the host `{host}`, which is no service",
                    (
                        Place(value.at, ITSELF if host == LOCAL else "does not lead to any service"),
                        *(Place(each.at, "a service of this file") for each in near),
                    ),
                    f"`{service.name}` cannot connect",
                    f"did you mean `{near[0].name}`?" if near else "name a service of the compose file",
                )


def _names(deployment: Deployment, compose: ComposeFile) -> set[str]:
    """Return every name that resolves: services of this file and those beside it, their aliases and containers."""
    folder = posixpath.dirname(compose.path)
    names = {"host"}
    for other in deployment.composes:
        for service in other.services if posixpath.dirname(other.path) == folder else ():
            names.add(service.name)
            keys = ("container_name", "hostname", "networks.", "links", "external_links")
            names |= {each.value for key, each in service.settings.items() if key.startswith(keys)}
    return names


def _has_store(compose: ComposeFile) -> bool:
    return any(service.image is not None for service in compose.services)


def _nearest(url: re.Match[str], compose: ComposeFile, own: DeployedService) -> list[DeployedService]:
    """Return the service that is meant: the one with nearly that name, or the only one of that kind."""
    from difflib import get_close_matches

    others = {service.name: service for service in compose.services if service is not own}
    close = [others[name] for name in get_close_matches(url["host"], others, 1)]
    images = [(service, known(service.image.value)) for service in others.values() if service.image]
    alike = [service for service, image in images if image and image.port == PORTS.get(url["kind"])]
    return close or alike[:1]
