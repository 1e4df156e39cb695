"""A web server is given a build's output folder by a bind mount.

What it means: a web server or proxy mounts a folder of the repository that a build replaces.

Why it is bad: a bind mount holds on to the folder's inode. When a build removes the folder and makes it anew, the
server keeps the old, empty one, and answers 404 until it is restarted.

Bad:

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    volumes:
      - ./apps/web/dist:/srv:ro
```

Good:

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    volumes:
      - ./apps/web:/site:ro
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.catalog.images import known
from bayplan.model.deployment import Deployment, Mount
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Package, Workspace
from bayplan.rules.facts.apps import image_file, stage_of
from bayplan.rules.facts.layout import below
from bayplan.rules.facts.proxies import fronts
from bayplan.rules.facts.stages import base
from bayplan.source import At

OUTPUTS = frozenset({"dist", "build", "out", "_site", ".output", ".next", ".svelte-kit"})


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    servers = [front.service for front in fronts(workspace, deployment)]
    for compose in deployment.composes:
        for service in compose.services:
            file = image_file(deployment, service)
            stage = stage_of(file, service) if file else None
            image = base(file, stage) if file and stage else known(service.image.value) if service.image else None
            if (image is None or image.serves != "files") and service not in servers:
                continue
            for mount in service.mounts:
                made = _made_by(workspace, posixpath.dirname(compose.path), mount)
                if made is None:
                    continue
                folder, by = made
                yield Finding(
                    "mounted-build-output",
                    Effect.NOT_REACHABLE,
                    f"`{service.name}` mounts {folder}, which every build replaces",
                    (
                        Place(mount.at, "holds on to the folder that is there now"),
                        Place(by, "its build makes the folder anew"),
                    ),
                    f"after the next build `{service.name}` serves an empty folder, until it is restarted",
                    f"mount {posixpath.dirname(folder) or '.'} instead, or copy the output into an image",
                )


def _made_by(workspace: Workspace, folder: str, mount: Mount) -> tuple[str, At] | None:
    """Return the folder that a mount takes when a build makes it, and the place that shows which build."""
    if mount.kind != "bind" or not mount.source.startswith((".", "/")) or "$" in mount.source:
        return None
    source = posixpath.normpath(posixpath.join(folder, mount.source))
    for package in workspace.packages:
        for output in package.outputs:
            if below(source, package.path(posixpath.normpath(output.value))) is not None:
                return source, _script(package)
    name = posixpath.basename(source)
    ignored = any(name == pattern.strip("/").rpartition("/")[2] for pattern in workspace.ignored)
    owner = next((each for each in workspace.packages if below(source, each.folder) and each.folder != "."), None)
    if owner is not None and name in OUTPUTS and (ignored or "build" in owner.scripts):
        return source, _script(owner)
    return None


def _script(package: Package) -> At:
    return package.scripts["build"].at if "build" in package.scripts else package.at
