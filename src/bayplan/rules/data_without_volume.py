"""A store's data does not stand on a volume.

What it means: a database runs without a volume at the folder where its version keeps its data. PostgreSQL moved that
folder: up to 17 it is `/var/lib/postgresql/data`, from 18 on `/var/lib/postgresql`.

Why it is bad: the data stands in the container, or in a volume without a name, and is gone when the container is made
anew.

Bad:

```yaml compose.yaml
services:
  api:
    build: .
  postgres:
    image: postgres:18-alpine
    volumes:
      - postgres-data:/var/lib/postgresql/data
volumes:
  postgres-data:
```

Good:

```yaml compose.yaml
services:
  api:
    build: .
  postgres:
    image: postgres:18-alpine
    volumes:
      - postgres-data:/var/lib/postgresql
volumes:
  postgres-data:
```
"""

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from bayplan.catalog.images import known, named
from bayplan.model.deployment import DeployedService, Deployment, Mount
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.fly import MOUNTS, parts
from bayplan.rules.facts.layout import below
from bayplan.source import At

MAY_FORGET = ("redis", "valkey")


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    queue = next((queue.at for package in workspace.packages for queue in package.code.queues), None)
    for compose in deployment.composes:
        if not any(service.dockerfile for service in compose.services):
            continue
        for service in compose.services:
            facts = known(service.image.value) if service.image else None
            if service.image is None or facts is None or facts.data is None or facts.serves or service.dockerfile:
                continue
            reason, folder = _reason(service, queue), _folder(service, facts.data)
            if reason is not None and not _is_kept(service, folder):
                yield _finding(service, folder, service.image.at, reason)
    for service in deployment.platform_services:
        facts = known(service.image.value) if service.image else None
        if service.image is None or facts is None or facts.data is None or facts.serves:
            continue
        reason, folder = _reason(service, queue), _folder(service, facts.data)
        on_platform = replace(service, mounts=_mounts(deployment, service))
        if reason is not None and not _is_kept(on_platform, folder):
            yield _finding(on_platform, folder, service.image.at, reason)


def _mounts(deployment: Deployment, service: DeployedService) -> tuple[Mount, ...]:
    """Return the volumes of a service on a platform; Fly's are for process groups."""
    if service.platform != "fly" or service.mounts:
        return service.mounts
    found = []
    for part in parts(deployment, service, MOUNTS):
        source, target = (service.settings.get(f"{part}.{key}") for key in ("source", "destination"))
        if target is not None:
            found.append(Mount("volume", source.value if source else "", target.value, read_only=False, at=target.at))
    return tuple(found)


def _reason(service: DeployedService, queue: At | None) -> At | None:
    """Return what shows that a store's data matters: a cache may forget."""
    if service.image is None:
        return None
    if posixpath.basename(named(service.image.value)[0]) not in MAY_FORGET:
        return service.image.at
    if service.command is not None and "appendonly yes" in " ".join(service.command.value).replace("=", " "):
        return service.command.at
    return queue


def _folder(service: DeployedService, usual: str) -> str:
    """Return the folder that holds the data: PostgreSQL is told of another one by PGDATA."""
    moved = service.environment.get("PGDATA")
    return moved.value if moved is not None else usual


def _is_kept(service: DeployedService, data: str) -> bool:
    if not data.startswith("/") or "$" in data:
        return bool(service.mounts)
    return any(
        mount.kind in ("volume", "bind") and mount.source and below(data, posixpath.normpath(mount.target)) is not None
        for mount in service.mounts
    ) or any(mount.kind == "tmpfs" and mount.target == data for mount in service.mounts)


def _finding(service: DeployedService, data: str, image: At, reason: At) -> Finding:
    near: list[Mount] = [mount for mount in service.mounts if below(mount.target, data) is not None]
    places = [
        Place(near[0].at, f"not the folder that holds the data: {data}")
        if near
        else Place(service.at, f"no volume at {data}"),
        Place(image, f"this version keeps its data in {data}"),
    ]
    if reason not in (image, service.at):
        places.append(Place(reason, "what it holds matters"))
    return Finding(
        "data-without-volume",
        Effect.LOSES_DATA,
        f"the data of `{service.name}` stands on no volume",
        tuple(places),
        "it is gone when the container is made anew, as every update of the image does",
        f"mount a named volume: `{near[0].source if near and near[0].source else f'{service.name}-data'}:{data}`",
    )
