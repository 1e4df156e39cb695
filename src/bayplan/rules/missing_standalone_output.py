"""An image copies Next.js's standalone output, and the Next.js config does not ask for one.

What it means: a Dockerfile copies `.next/standalone`, and `output: "standalone"` is not in the Next.js config.

Why it is bad: `next build` then writes no such folder. Everything builds for minutes, and the last COPY fails.

Bad:

```ts apps/web/next.config.ts
const config = { reactStrictMode: true };
export default config;
```

```dockerfile apps/web/Dockerfile
FROM node:22-alpine AS build
WORKDIR /app
COPY . .
RUN pnpm --filter @shop/web build

FROM node:22-alpine
WORKDIR /app
COPY --from=build /app/apps/web/.next/standalone ./
CMD ["node", "apps/web/server.js"]
```

Good:

```ts apps/web/next.config.ts
const config = { output: "standalone" };
export default config;
```

```dockerfile apps/web/Dockerfile
FROM node:22-alpine AS build
WORKDIR /app
COPY . .
RUN pnpm --filter @shop/web build

FROM node:22-alpine
WORKDIR /app
COPY --from=build /app/apps/web/.next/standalone ./
CMD ["node", "apps/web/server.js"]
```
"""

from collections.abc import Iterator

from bayplan.model.code import NEXT_FOLDER
from bayplan.model.deployment import Deployment, Instruction
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Package, Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.stages import reach, within
from bayplan.source import At


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        copy = _copy(app)
        place = _lacks_output(app.package)
        if copy is not None and place is not None:
            source = next(argument for argument in copy.arguments if _folder(app.package) in argument)
            yield Finding(
                "missing-standalone-output",
                Effect.WILL_NOT_BUILD,
                f"the image copies {_folder(app.package)}, which {app.package.name} does not build",
                (
                    Place(place, '`output: "standalone"` is missing here'),
                    Place(within(copy, source, copy.arguments.index(source)), "copied here"),
                ),
                "the build of the image fails at this COPY, after everything else was built",
                'add `output: "standalone"` to the Next.js config',
            )


def _folder(package: Package) -> str:
    return f"{package.code.next.built if package.code.next else NEXT_FOLDER}/standalone"


def _copy(app: App) -> Instruction | None:
    folder = _folder(app.package)
    copies = (
        each
        for stage in reach(app.image, app.stage)
        for each in stage.instructions
        if each.word == "COPY" and each.flag("from") and any(folder in source for source in each.arguments[:-1])
    )
    return next(copies, None)


def _lacks_output(package: Package) -> At | None:
    config = package.code.next
    if config is None:
        return package.at if package.code.framework and package.code.framework.value == "next" else None
    if config.output is not None:
        return None if config.output.value == "standalone" else config.output.at
    return config.at if config.editable else None
