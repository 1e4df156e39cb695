"""A Dockerfile, a stage of it or the folder it is built from does not exist.

What it means: a compose file, a platform or a workflow builds with a Dockerfile or from a folder that the repository
does not have, or asks for a stage that the Dockerfile does not have.

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

from bayplan.model.deployment import DeployedService, Deployment, ImageFile
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.networks import kin
from bayplan.rules.facts.presence import is_absent
from bayplan.rules.facts.workflows import ImageBuild, image_builds
from bayplan.source import At, Located


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    broken = {each.at.file for each in deployment.broken}
    for service in deployment.services:
        if service.dockerfile is not None and _is_constant(service.dockerfile.value):
            image = deployment.image(service.dockerfile.value)
            if image is None and service.dockerfile.value not in broken and not _is_told_beside(deployment, service):
                yield _missing_file(deployment, f"service `{service.name}`", service.dockerfile)
            elif image is not None:
                yield from _missing_stage(f"service `{service.name}`", image, service.target)
        if service.context is not None and service.platform != "compose":
            yield from _missing_context(workspace, deployment, f"service `{service.name}`", service.context)
    for build in image_builds(deployment):
        file, context, who = build.input("file"), build.input("context"), f"job `{build.job.name}`"
        image = deployment.image(build.dockerfile)
        if image is not None:
            yield from _missing_stage(who, image, build.input("target"))
        elif file is not None and _is_constant(file.value) and build.dockerfile not in broken:
            yield _missing_file(deployment, who, Located(build.dockerfile, file.at), build.chosen("file"))
        if context is not None and not _is_prepared(build):
            yield from _missing_context(workspace, deployment, who, context)


def _is_prepared(build: ImageBuild) -> bool:
    """Say whether something before a build may have made the folder that it builds from."""
    before = build.job.steps[: build.job.steps.index(build.step)]
    return any(step.script or "path" in step.inputs for step in before)


def _missing_context(
    workspace: Workspace, deployment: Deployment, who: str, context: Located[str]
) -> Iterator[Finding]:
    folder = posixpath.normpath(context.value)
    if folder == "." or not _is_constant(folder) or not is_absent(workspace, deployment, folder):
        return
    yield Finding(
        "missing-dockerfile",
        Effect.WILL_NOT_BUILD,
        f"{who} is built from the folder {folder}, which does not exist",
        (Place(context.at, "no such folder"),),
        "there is no image to run",
        "name the folder that the Dockerfile copies from",
    )


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


def _missing_file(deployment: Deployment, who: str, path: Located[str], chosen: tuple[At, ...] = ()) -> Finding:
    from difflib import get_close_matches

    near = get_close_matches(path.value, [image.path for image in deployment.images], 1)
    return Finding(
        "missing-dockerfile",
        Effect.WILL_NOT_BUILD,
        f"{who} is built with {path.value}, which does not exist",
        (
            Place(path.at, "no such file"),
            *(Place(each, "this part of its path") for each in chosen),
            *(Place(At(each), "did you mean this one?") for each in near),
        ),
        "there is no image to run",
        _advice(path.at, near[0]) if near else "write that Dockerfile, or name another one",
    )


def _advice(at: At, near: str) -> str:
    folder = posixpath.dirname(at.file)
    if at.key == "build.dockerfile" and folder:
        return f"write `{posixpath.relpath(near, folder)}`: Fly looks from the folder of its file"
    return f"did you mean {near}?"


def _missing_stage(who: str, image: ImageFile, target: Located[str] | None) -> Iterator[Finding]:
    if target is None or "$" in target.value:
        return
    names = [stage.name for stage in image.stages]
    if target.value.lower() not in names and not target.value.isdigit():
        yield Finding(
            "missing-dockerfile",
            Effect.WILL_NOT_BUILD,
            f"{who} asks for stage `{target.value}`, which {image.path} does not have",
            (Place(target.at, "no such stage"), Place(image.final.at, f"the stages are {', '.join(names)}")),
            "there is no image to run",
            f"name one of {', '.join(names)}",
        )
