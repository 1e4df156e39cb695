"""A service asks for a platform that its image is not built for.

What it means: a service runs on a platform, and the workflow that pushes its image does not build that one. Compose
says which platform; Fly, Railway and Render run everything on linux/amd64.

Why it is bad: pulling the image fails with "no matching manifest", or its program ends with "exec format error".

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```yaml .github/workflows/images.yml
on: push
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: apps/api/Dockerfile
          platforms: linux/amd64
          tags: ghcr.io/shop/api:1
```

```yaml compose.yaml
services:
  api:
    image: ghcr.io/shop/api:1
    platform: linux/arm64
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```yaml .github/workflows/images.yml
on: push
jobs:
  images:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: apps/api/Dockerfile
          platforms: linux/amd64,linux/arm64
          tags: ghcr.io/shop/api:1
```

```yaml compose.yaml
services:
  api:
    image: ghcr.io/shop/api:1
    platform: linux/arm64
```
"""

from collections.abc import Iterator

from bayplan.catalog.images import named
from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.platforms import platform_of
from bayplan.rules.facts.workflows import image_builds
from bayplan.source import Located


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for build in image_builds(deployment):
        for service in deployment.services:
            asked = _asked(service)
            if asked is None or service.image is None or not build.platforms or build.inputs_platforms is None:
                continue
            name = named(service.image.value)[0]
            if name not in build.names or _is_built(deployment, name, asked.value):
                continue
            yield Finding(
                "missing-platform",
                Effect.WILL_NOT_START,
                f"service `{service.name}` runs on {asked.value}, and its image is not built for that",
                (
                    Place(build.inputs_platforms.at, f"{asked.value} is missing here"),
                    Place(asked.at, f"{named(service.image.value)[0]} has to run on {asked.value}"),
                    Place(service.image.at, "the image that is pushed there"),
                ),
                'pulling it fails with "no matching manifest", or its program with "exec format error"',
                f"add {asked.value} to the platforms of the build",
            )


def _asked(service: DeployedService) -> Located[str] | None:
    """Return the platform that a service runs on, and what says so."""
    only = platform_of(service).get("platform")
    if only is not None and service.image is not None:
        return Located(str(only), service.image.at)
    return service.settings.get("platform") if service.platform == "compose" else None


def _is_built(deployment: Deployment, name: str, asked: str) -> bool:
    """Say whether a build may push an image for a platform: each of a matrix can be for another one."""
    same = [each for each in image_builds(deployment) if name in each.names]
    return any(not each.platforms or _same(asked, each.platforms) for each in same)


def _same(asked: str, platforms: tuple[str, ...]) -> bool:
    return "$" in asked or any(asked in (platform, platform.partition("/")[2]) for platform in platforms)
