"""A service with a read-only root file system has nowhere to write.

What it means: the service is `read_only`, its image writes to folders while it runs, and no volume or tmpfs is mounted
there.

Why it is bad: the program fails with "Read-only file system", at its start or later, when it writes for the first time.

Bad:

```yaml compose.yaml
services:
  nginx:
    image: nginx:1.29-alpine
    read_only: true
```

Good:

```yaml compose.yaml
services:
  nginx:
    image: nginx:1.29-alpine
    read_only: true
    tmpfs:
      - /var/cache/nginx
      - /var/run
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.catalog.images import known
from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.layout import below


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for service in deployment.services:
        facts = known(service.image.value) if service.image and not service.dockerfile else None
        if facts is None or service.image is None or not service.read_only:
            continue
        missing = [folder for folder in facts.writes if folder != "/tmp" and not _is_writable(service, folder)]  # noqa: S108
        if missing:
            yield Finding(
                "read-only-without-tmpfs",
                Effect.WILL_NOT_START,
                f"`{service.name}` is read-only, and its image writes to {' and '.join(missing)}",
                (
                    Place(service.at, f"nothing writable is mounted at {missing[0]}"),
                    Place(service.image.at, f"writes to {missing[0]}"),
                ),
                'it fails with "Read-only file system"',
                f"add {', '.join(missing)} under `tmpfs`",
            )


def _is_writable(service: DeployedService, folder: str) -> bool:
    wanted = _real(folder)
    return any(below(wanted, _real(posixpath.normpath(mount.target))) is not None for mount in service.mounts)


def _real(folder: str) -> str:
    return folder.replace("/var/run", "/run", 1) if folder.startswith("/var/run") else folder
