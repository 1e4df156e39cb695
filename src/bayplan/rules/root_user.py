"""An image runs as root.

What it means: the last stage stands on an image that runs as root, sets no other USER, and the service sets none.

Why it is bad: whoever breaks into the app is root in its container, and one flaw of the kernel away from being root on
the machine.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
USER node
CMD ["node", "apps/api/dist/main.js"]
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import apps
from bayplan.rules.facts.stages import base, last


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        user = last(app.image, app.stage, "USER")
        facts = base(app.image, app.stage)
        name = user.arguments[0].partition(":")[0] if user else facts.user if facts else ""
        if name not in ("root", "0") or (app.services and all(service.user for service in app.services)):
            continue
        first = app.image.lineage(app.stage)[0]
        yield Finding(
            "root-user",
            Effect.UNTIDY,
            f"the image of {app.package.name} runs as root",
            (Place(user.at if user else app.stage.at, "no other USER is set" if user is None else "runs as root"),)
            if user or first is app.stage
            else (Place(app.stage.at, "no USER is set"), Place(first.base.at, "and this image runs as root")),
            "whoever breaks into the app is root in its container",
            f"add {_user(first.base.value)} as the last stage's user",
        )


def _user(image: str) -> str:
    """Return a user that the image has."""
    number = "the number of a user without rights"
    return f"`USER node`, or {number}," if re.search(r"(^|/)node(:|@|$)", image) else number
