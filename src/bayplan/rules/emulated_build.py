"""A workflow builds an image under emulation, in stages that install and build.

What it means: the workflow sets up QEMU and builds for a platform that its runner is not, and stages that install or
build do not stand on `--platform=$BUILDPLATFORM`.

Why it is bad: every instruction of those stages runs under emulation, five to ten times slower. `pnpm install` then
runs into time limits, and sooner or later somebody drops the platform.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine AS build
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile && pnpm --filter @shop/api... build
```

```yaml .github/workflows/images.yml
on: push
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - uses: docker/setup-qemu-action@v3
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: apps/api/Dockerfile
          platforms: linux/amd64,linux/arm64
```

Good:

```dockerfile apps/api/Dockerfile
FROM --platform=$BUILDPLATFORM node:22-alpine AS build
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile && pnpm --filter @shop/api... build
```

```yaml .github/workflows/images.yml
on: push
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - uses: docker/setup-qemu-action@v3
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: apps/api/Dockerfile
          platforms: linux/amd64,linux/arm64
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.builds import Command, commands
from bayplan.rules.facts.workflows import image_builds, native_platform
from bayplan.source import At


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for build in image_builds(deployment):
        asked, native = build.inputs_platforms, native_platform(build.job)
        foreign = [platform for platform in build.platforms if native and platform != native]
        if not foreign or build.qemu is None or asked is None:
            continue
        for app in apps(workspace, deployment):
            slow = _emulated(app) if build.makes(app.image) else None
            if slow is not None:
                yield _finding(app, slow, foreign[0], asked.at, build.qemu)


def _emulated(app: App) -> Command | None:
    steps = commands(app.layout, app.stage)
    return next((step for step in steps if (step.installs or step.builds) and not _is_native(app, step)), None)


def _is_native(app: App, step: Command) -> bool:
    return any("BUILDPLATFORM" in (stage.platform or "") for stage in app.image.lineage(step.stage))


def _finding(app: App, slow: Command, platform: str, asked: At, qemu: At) -> Finding:
    oldest = app.image.lineage(slow.stage)[0]
    return Finding(
        "emulated-build",
        Effect.GROWS,
        f"the image of {app.package.name} is built for {platform} under emulation",
        (
            Place(oldest.at, "runs on the platform the image is for"),
            Place(slow.instruction.at, "so this is emulated"),
            Place(asked, f"{platform} is not what the runner is"),
            Place(qemu, "emulation is set up here"),
        ),
        "installing and building take five to ten times as long, and run into time limits as the repository grows",
        f"write `FROM --platform=$BUILDPLATFORM {oldest.base.value}`, or build each platform on a runner of its own",
    )
