"""A stale `.tsbuildinfo` comes along into the image's build.

What it means: TypeScript is incremental or composite and leaves its `.tsbuildinfo` beside the sources; .dockerignore
leaves the build's output out of the context, but not that file.

Why it is bad: in the image `tsc` reads that everything is up to date and emits nothing. The output folder stays empty,
and the image has nothing to start. It depends on whether somebody built before: a fresh clone works.

Bad:

```json packages/db/tsconfig.json
{"compilerOptions": {"composite": true, "rootDir": "src", "outDir": "dist", "tsBuildInfoFile": "tsconfig.tsbuildinfo"}}
```

```text .dockerignore
**/node_modules
**/dist
.git
.env*
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
RUN pnpm --filter @shop/api... build
CMD ["node", "apps/api/dist/main.js"]
```

Good:

```json packages/db/tsconfig.json
{"compilerOptions": {"composite": true, "rootDir": "src", "outDir": "dist", "tsBuildInfoFile": "tsconfig.tsbuildinfo"}}
```

```text .dockerignore
**/node_modules
**/dist
**/*.tsbuildinfo
.git
.env*
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
RUN pnpm --filter @shop/api... build
CMD ["node", "apps/api/dist/main.js"]
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment, IgnoreFile
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Package, TsConfig, Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.builds import commands
from bayplan.rules.facts.contexts import ignore_file, is_ignored
from bayplan.rules.facts.layout import below
from bayplan.source import At


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        ignore = ignore_file(deployment, app.image.path, app.layout.context)
        builds = [step for step in commands(app.layout, app.stage) if step.builds]
        if ignore is None or not builds:
            continue
        sources = builds[-1].sources()
        for member in workspace.closure(app.package, development=True):
            for config in member.tsconfigs:
                if config.build_info and sources.bring(config.build_info) and _uses_tsc(member):
                    yield from _judged(app, config, ignore)


def _uses_tsc(package: Package) -> bool:
    return any("tsc" in script.value or "nest build" in script.value for script in package.scripts.values())


def _judged(app: App, config: TsConfig, ignore: IgnoreFile) -> Iterator[Finding]:
    context = app.layout.context
    info = below(config.build_info or "", context)
    out = below(config.out_dir or "", context)
    if not info or not out or config.no_emit or is_ignored(ignore, info) or not is_ignored(ignore, out):
        return
    dist = next(
        (each.at for each in reversed(ignore.patterns) if is_ignored(IgnoreFile(ignore.path, (each,)), out)), None
    )
    yield Finding(
        "stale-build-info",
        Effect.WILL_NOT_START,
        f"{config.build_info} comes into the image's build, and what it describes does not",
        (
            Place(dist or At(ignore.path), f"leaves {config.out_dir} out, and not {config.build_info}"),
            Place(config.at or At(config.path), "is incremental, so its state is kept in that file"),
        ),
        f"after any build on the same machine, `tsc` in the image emits nothing and {config.out_dir} stays empty",
        f"add `{'**/*.tsbuildinfo' if info.endswith('.tsbuildinfo') else info}` to {ignore.path}",
    )
