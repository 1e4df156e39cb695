"""The package manager's version is not pinned.

What it means: a Dockerfile or workflow installs `pnpm@latest`, or pnpm without a version, or enables corepack in a
repository whose manifest has no `packageManager`.

Why it is bad: the same commit builds today and not tomorrow, when a new major needs a newer Node.js or another
lockfile.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
RUN npm install -g pnpm@latest
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile
CMD ["node", "apps/api/dist/main.js"]
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
RUN npm install -g pnpm@10.20.0
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile
CMD ["node", "apps/api/dist/main.js"]
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.managers import installed, is_exact, pin


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for each in installed(deployment):
        owner = workspace.holding(each.at.file)
        pinned = pin(owner)
        follows_pin = pinned is not None and each.version is None and each.by_corepack
        if follows_pin or (each.version is not None and is_exact(each.version)):
            continue
        manager = owner.manager
        wants = f"{each.name}@{manager.version.value}" if manager.name == each.name else f"an exact {each.name}"
        yield Finding(
            "floating-package-manager",
            Effect.GROWS if each.version and each.version[0].isdigit() else Effect.WILL_NOT_BUILD,
            f"{each.name} is installed {f'as {each.version}' if each.version else 'without a version'}",
            (
                Place(each.at, "whatever is new on the day of the build"),
                *((Place(pinned, "the repository asks for this version"),) if pinned else ()),
            ),
            f"the same commit stops building when a new {each.name} needs a newer Node.js or another lockfile",
            f"install {wants}",
        )
