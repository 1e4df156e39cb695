"""The build context holds what no build needs.

What it means: a Dockerfile copies a whole folder, and the .dockerignore leaves `node_modules` or `.git` in the context.

Why it is bad: every build sends and copies hundreds of megabytes, and any change in them makes the cache useless. The
`node_modules` of the developer's machine also lie over those that the image installs.

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
**/node_modules
.git
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.contexts import folder_copies, ignore_file, is_ignored
from bayplan.rules.facts.layout import below
from bayplan.source import At


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    reported: set[str] = set()
    for app in apps(workspace, deployment):
        ignore = ignore_file(deployment, app.image.path, app.layout.context)
        where = ignore.path if ignore else app.layout.context
        for folder, name in _unneeded(app):
            path = name if folder == "." else f"{folder}/{name}"
            inner = below(path, app.layout.context)
            copies = list(folder_copies(app.layout, app.stage, folder))
            if inner is None or not copies or is_ignored(ignore, inner) or where in reported:
                continue
            reported.add(where)
            places = [Place(copies[0].at, f"copies {path}, too")]
            if ignore is not None:
                places.append(
                    Place(ignore.patterns[-1].at if ignore.patterns else At(ignore.path), "does not leave it out")
                )
            yield Finding(
                "oversized-context",
                Effect.GROWS,
                f"the build context of {app.package.name} holds {path}",
                tuple(places),
                "every build sends and copies it, and a change in it makes the cache useless",
                f"add `{name if name == '.git' else f'**/{name}'}` to {ignore.path if ignore else '.dockerignore'}",
            )
            break


def _unneeded(app: App) -> list[tuple[str, str]]:
    return [(".", ".git"), (".", "node_modules"), (app.package.folder, "node_modules")]
