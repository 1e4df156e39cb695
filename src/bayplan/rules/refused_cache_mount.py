"""A Dockerfile that Railway builds has a cache mount that Railway's builder refuses.

What it means: `RUN --mount=type=cache` names a cache by its `id`. Railway keeps caches apart by service, and takes only
an `id` that begins with `s/` and the id of the service.

Why it is bad: the build ends with "Cache mount ID is not prefixed with cache key", before its first step.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
RUN --mount=type=cache,id=npm,target=/root/.npm npm ci
CMD ["node", "apps/api/dist/main.js"]
```

```ts .railway/railway.ts
import { defineRailway, preserve, project, service } from "railway/iac";

export default defineRailway(() => {
  const api = service("api", {
    build: { builder: "DOCKERFILE", dockerfilePath: "apps/api/Dockerfile" },
    env: { DATABASE_URL: preserve(), JWT_SECRET: preserve() },
  });
  return project("shop", { resources: [api] });
});
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
RUN npm ci
CMD ["node", "apps/api/dist/main.js"]
```

```ts .railway/railway.ts
import { defineRailway, preserve, project, service } from "railway/iac";

export default defineRailway(() => {
  const api = service("api", {
    build: { builder: "DOCKERFILE", dockerfilePath: "apps/api/Dockerfile" },
    env: { DATABASE_URL: preserve(), JWT_SECRET: preserve() },
  });
  return project("shop", { resources: [api] });
});
```
"""

from collections.abc import Iterator

from bayplan.catalog import load
from bayplan.model.deployment import Deployment, ImageFile
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import image_file
from bayplan.source import Located

OWN = "s/"
"""What the id of a cache of Railway's begins with."""


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for service in deployment.platform_services:
        image = image_file(deployment, service) if service.dockerfile is not None else None
        if image is None or _takes_caches(service.platform) or service.dockerfile is None:
            continue
        mount = next(_refused(image), None)
        if mount is not None:
            yield Finding(
                "refused-cache-mount",
                Effect.WILL_NOT_BUILD,
                f"{service.platform} service `{service.name}` is built with a cache mount that Railway refuses",
                (
                    Place(mount.at, "its id does not begin with `s/` and the id of the service"),
                    Place(service.dockerfile.at, "Railway builds this Dockerfile"),
                ),
                'the build ends with "Cache mount ID is not prefixed with cache key"',
                "take the cache mounts out: a Dockerfile cannot know the ids of all services that are built from it",
            )


def _takes_caches(platform: str) -> bool:
    return load(f"platforms/{platform}").get("builder", {}).get("cache_mounts") is not False


def _refused(image: ImageFile) -> Iterator[Located[str]]:
    for stage in image.stages:
        for instruction in stage.instructions:
            places = instruction.flag_places or (instruction.at,) * len(instruction.flags)
            for (name, value), at in zip(instruction.flags, places, strict=True):
                if name == "mount" and _is_refused(value):
                    yield Located(value, at)


def _is_refused(mount: str) -> bool:
    options = dict(each.partition("=")[::2] for each in mount.split(","))
    return options.get("type") == "cache" and not options.get("id", "").startswith(OWN)
