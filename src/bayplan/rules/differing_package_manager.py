"""An image is built with another version of the package manager than the repository asks for.

What it means: a Dockerfile or workflow installs a version, and `packageManager` in the root's manifest names another.

Why it is bad: another major reads the lockfile and the settings differently, and installs something else than
developers have, or nothing.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
RUN npm install -g pnpm@8.15.0
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
        pinned, wanted = pin(owner), owner.manager.version.value
        if pinned is None or each.version is None or not is_exact(each.version) or each.name != owner.manager.name:
            continue
        if each.version != wanted:
            same_major = each.version.partition(".")[0] == wanted.partition(".")[0]
            yield Finding(
                "differing-package-manager",
                Effect.UNTIDY if same_major else Effect.WILL_NOT_BUILD,
                f"{each.name} {each.version} is installed, and the repository asks for {wanted}",
                (Place(each.at, f"installs {each.version}"), Place(pinned, f"asks for {wanted}")),
                "what is installed can differ from what developers have, or the lockfile is refused",
                f"install {each.name}@{wanted}",
            )
