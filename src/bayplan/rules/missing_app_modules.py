"""An image holds the root's `node_modules` and not the app's own.

What it means: with pnpm's isolated linker the root's `node_modules` holds the packages, and
`apps/<app>/node_modules` the links through which the app finds its own. The last stage copies only the former.

Why it is bad: the image builds and is pushed, and every container dies at its start with "Cannot find module".

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine AS build
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile && pnpm --filter @shop/api... build

FROM node:22-alpine
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/apps/api/dist ./apps/api/dist
CMD ["node", "apps/api/dist/main.js"]
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine AS build
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile && pnpm --filter @shop/api... build
RUN pnpm --filter @shop/api deploy --prod /prod

FROM node:22-alpine
WORKDIR /app
COPY --from=build /prod ./
CMD ["node", "dist/main.js"]
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import Deployment, Instruction
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Dependency, Workspace
from bayplan.rules.facts.apps import App, apps, is_production
from bayplan.rules.facts.builds import commands
from bayplan.rules.facts.stages import placed, within

BUNDLES = re.compile(r"\b(?:esbuild|ncc|tsup|tsdown|rollup|rolldown|vite|webpack|bun build|parcel)\b")
HOISTS = re.compile(r"shamefully-hoist|node-linker[= ]hoisted|\bdeploy\b")


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        manager = workspace.holding(app.package.folder).manager
        own = _own_dependency(app)
        copy = _root_modules(app)
        if (
            manager.name != "pnpm"
            or manager.linker != "isolated"
            or own is None
            or copy is None
            or _can_do_without(app)
        ):
            continue
        source = next(argument for argument in copy.arguments[:-1] if "node_modules" in argument)
        command = app.start()
        yield Finding(
            "missing-app-modules",
            Effect.WILL_NOT_START,
            f"only the root's node_modules is copied, and {app.package.name} finds its dependencies in its own",
            (
                Place(within(copy, source, copy.arguments.index(source)), "the root's node_modules, and no other"),
                Place(own.at, f"{own.name} is linked from {app.package.path('node_modules')}"),
                *((Place(command.at, "this cannot find it"),) if command else ()),
            ),
            f"the image builds, and every container of it ends with \"Cannot find module '{own.name}'\"",
            f"copy the result of `pnpm --filter {app.package.name} deploy --prod <folder>` instead",
        )


def _own_dependency(app: App) -> Dependency | None:
    if app.package.folder == ".":
        return None
    mine = [each for each in app.package.dependencies if is_production(each.kind)]
    return next((each for each in mine if each.folder is None), mine[0] if mine else None)


def _root_modules(app: App) -> Instruction | None:
    """Return the COPY that brings the root's node_modules into the last stage, when nothing brings the app's."""
    if app.layout.places(app.stage, app.package.path("node_modules")):
        return None
    if not app.layout.places(app.stage, "node_modules"):
        return None
    copies = [
        each.instruction
        for each in placed(app.image, app.stage)
        if each.instruction.word == "COPY"
        and each.instruction.flag("from")
        and any(argument.rstrip("/").endswith("node_modules") for argument in each.instruction.arguments[:-1])
    ]
    return copies[0] if copies else None


def _can_do_without(app: App) -> bool:
    scripts = [script.value for name, script in app.package.scripts.items() if "build" in name]
    steps = [step.text for step in commands(app.layout, app.stage)]
    return any(BUNDLES.search(text) for text in (*scripts, *steps)) or any(HOISTS.search(text) for text in steps)
