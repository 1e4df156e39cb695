"""A Dockerfile or a stage of it that does not exist.

What it means: a compose file, a platform or a workflow builds with a Dockerfile that the repository does not have, or
asks for a stage that the Dockerfile does not have.

Why it is bad: there is no image to run.

Bad:

```yaml compose.yaml
services:
  api:
    build:
      context: .
      dockerfile: apps/api/Dockerfile.prod
```

Good:

```yaml compose.yaml
services:
  api:
    build:
      context: .
      dockerfile: apps/api/Dockerfile
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.networks import kin
from bayplan.rules.facts.workflows import image_builds
from bayplan.source import At, Located


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    broken = {each.at.file for each in deployment.broken}
    for service in deployment.services:
        if service.dockerfile is not None and _is_constant(service.dockerfile.value):
            image = deployment.image(service.dockerfile.value)
            if image is None and service.dockerfile.value not in broken and not _is_told_beside(deployment, service):
                yield _missing_file(deployment, f"service `{service.name}`", service.dockerfile)
            elif image is not None:
                yield from _missing_stage(deployment, service)
    for build in image_builds(deployment):
        file = build.step.inputs.get("file")
        if file is not None and _is_constant(file.value):
            path = posixpath.normpath(file.value)
            if deployment.image(path) is None and path not in broken:
                yield _missing_file(deployment, f"job `{build.job.name}`", Located(path, file.at))


def _is_told_beside(deployment: Deployment, service: DeployedService) -> bool:
    """Say whether a file only adds to the build of a service, whose context and Dockerfile one beside it names."""
    if service.context is None or service.dockerfile is None or service.dockerfile.at != service.context.at:
        return False
    only_adds = service.context.at.key.endswith(".build") and (service.target or service.build_arguments)
    compose = next((each for each in deployment.composes if each.path == service.at.file), None)
    others = kin(deployment, compose, service)[1:] if compose and only_adds else ()
    return any(each.dockerfile and deployment.image(each.dockerfile.value) for each in others)


def _is_constant(path: str) -> bool:
    return "$" not in path and not path.startswith(("..", "/")) and "://" not in path


def _missing_file(deployment: Deployment, who: str, path: Located[str]) -> Finding:
    from difflib import get_close_matches

    near = get_close_matches(path.value, [image.path for image in deployment.images], 1)
    return Finding(
        "missing-dockerfile",
        Effect.WILL_NOT_BUILD,
        f"{who} is built with {path.value}, which does not exist",
        (Place(path.at, "no such file"), *(Place(At(each), "did you mean this one?") for each in near)),
        "there is no image to run",
        f"did you mean {near[0]}?" if near else "write that Dockerfile, or name another one",
    )


def _missing_stage(deployment: Deployment, service: DeployedService) -> Iterator[Finding]:
    image = deployment.image(service.dockerfile.value) if service.dockerfile else None
    target = service.target
    if image is None or target is None or "$" in target.value:
        return
    names = [stage.name for stage in image.stages]
    if target.value.lower() not in names and not target.value.isdigit():
        yield Finding(
            "missing-dockerfile",
            Effect.WILL_NOT_BUILD,
            f"service `{service.name}` asks for stage `{target.value}`, which {image.path} does not have",
            (Place(target.at, "no such stage"), Place(image.final.at, f"the stages are {', '.join(names)}")),
            "there is no image to run",
            f"name one of {', '.join(names)}",
        )
