"""A `.env` file can come into an image.

What it means: the last stage holds a folder that was copied as a whole, and no .dockerignore leaves `.env` out of it.

Why it is bad: a `.env` file that lies there when the image is built becomes a layer of it. Everybody who can pull the
image can read it, also when a later instruction deletes it.

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
CMD ["node", "apps/api/dist/main.js"]
```

```text .dockerignore
**/.env
**/.env.*
**/node_modules
.git
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import apps
from bayplan.rules.facts.contexts import folder_copies, ignore_file, is_ignored
from bayplan.rules.facts.layout import below
from bayplan.source import At


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        ignore = ignore_file(deployment, app.image.path, app.layout.context)
        for folder in (".", app.package.folder):
            path = ".env" if folder == "." else f"{folder}/.env"
            inner = below(path, app.layout.context)
            copies = list(folder_copies(app.layout, app.stage, folder))
            is_held = bool(app.layout.places(app.stage, path)) and _is_used(workspace, deployment, folder)
            if inner is None or not copies or is_ignored(ignore, inner) or not is_held:
                continue
            places = [Place(copies[0].at, f"copies {path}, too, where there is one")]
            if ignore is not None:
                last = ignore.patterns[-1].at if ignore.patterns else At(ignore.path)
                places.append(Place(last, f"no pattern leaves {inner} out"))
            yield Finding(
                "env-file-in-image",
                Effect.EXPOSES_DATA,
                f"the image of {app.package.name} holds {path} when there is one",
                tuple(places),
                "everybody who can pull the image can read the secrets in it",
                f"add `**/.env` and `**/.env.*` to {ignore.path if ignore else '.dockerignore'}",
            )
            break


def _is_used(workspace: Workspace, deployment: Deployment, folder: str) -> bool:
    """Say whether there is a sign that people keep a `.env` in a folder."""
    path = posixpath.normpath(f"{folder}/.env")
    if folder == "." and any(pattern.lstrip("/*").startswith(".env") for pattern in workspace.ignored):
        return True
    if any(posixpath.dirname(file.path) == posixpath.dirname(path) for file in deployment.env_files):
        return True
    return any(file.value == path for service in deployment.services for file in service.env_files)
