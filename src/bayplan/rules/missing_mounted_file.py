"""A file that is mounted does not exist.

What it means: a bind mount names a file that is not in the repository and that .gitignore does not leave out of it.

Why it is bad: Docker makes an empty folder with the file's name, on the host as well. What expects a file there does
not start: "is a directory", or "not a directory".

Bad:

```yaml deploy/compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["80:80"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
```

Good:

```caddyfile Caddyfile
:80 {
        respond "hello"
}
```

```yaml deploy/compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["80:80"]
    volumes:
      - ../Caddyfile:/etc/caddy/Caddyfile:ro
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import Deployment, Mount
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.layout import is_file
from bayplan.rules.facts.presence import is_absent


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        for service in compose.services:
            for mount in service.mounts:
                path = _file(compose.path, mount)
                if path is not None and is_absent(workspace, deployment, path):
                    yield Finding(
                        "missing-mounted-file",
                        Effect.WILL_NOT_START,
                        f"`{service.name}` mounts {path}, which is not there",
                        (Place(mount.at, "no such file, and git does not ignore it"),),
                        "Docker makes an empty folder of this name, and what expects a file fails",
                        "correct the path, which is relative to the compose file; if only the machine that runs it has"
                        " the file, add it to .gitignore",
                    )


def _file(compose: str, mount: Mount) -> str | None:
    """Return the file of the repository that is mounted; None when it is a folder, or lies elsewhere."""
    if mount.kind != "bind" or not mount.source.startswith(("./", "../")):
        return None
    if "$" in mount.source or not is_file(mount.source) or not is_file(mount.target):
        return None
    if posixpath.basename(mount.source).startswith(".") or mount.source.endswith((".sock", ".db", ".sqlite")):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(compose), mount.source))
