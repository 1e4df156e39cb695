"""A change of a package that an image contains does not deploy it.

What it means: a filter of paths decides which changes deploy a service: Railway's watch paths, Render's build filter or
root directory, `paths` of a workflow or those that a command in it is given. It leaves out a workspace package that the
service's image is made of.

Why it is bad: a fix in that package is merged, every check is green, and the old code goes on running until somebody
changes something else. It begins when the app gets a new dependency and the filter does not follow.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```yaml render.yaml
services:
  - type: web
    name: api
    runtime: docker
    dockerfilePath: apps/api/Dockerfile
    buildFilter:
      paths:
        - apps/api/**
        - pnpm-lock.yaml
    envVars:
      - fromGroup: shop
envVarGroups:
  - name: shop
    envVars:
      - key: DATABASE_URL
        sync: false
      - key: JWT_SECRET
        sync: false
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```yaml render.yaml
services:
  - type: web
    name: api
    runtime: docker
    dockerfilePath: apps/api/Dockerfile
    buildFilter:
      paths:
        - apps/api/**
        - packages/db/**
        - pnpm-lock.yaml
    envVars:
      - fromGroup: shop
envVarGroups:
  - name: shop
    envVars:
      - key: DATABASE_URL
        sync: false
      - key: JWT_SECRET
        sync: false
```
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from bayplan.formats import shell_words
from bayplan.model.deployment import DeployedService, Deployment, Workflow
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Package, Workspace
from bayplan.rules.facts.apps import App, apps, members
from bayplan.rules.facts.paths import Filter
from bayplan.rules.facts.workflows import at_words, image_builds
from bayplan.source import At, Located

SOURCE = re.compile(r"\.(?:[cm]?[jt]sx?|sql|prisma|graphql)$")
TEST = re.compile(r"\.(?:test|spec)\.|/__tests__/|/tests?/")
OTHER_WAYS = frozenset({"schedule", "workflow_run", "release", "workflow_call", "repository_dispatch", "create"})


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        for service in app.services:
            for own in _of_platform(service):
                yield from _judged(deployment, app, f"{service.platform} service `{service.name}`", own)
        yield from _of_workflows(deployment, app)
        for path, at, listed in _lists(deployment, app):
            yield from _judged(deployment, app, f"the image that {path} builds", Filter(listed), at=at)


def _of_workflows(deployment: Deployment, app: App) -> Iterator[Finding]:
    """Judge the workflows that build an app's image together: what one of them misses another may see."""
    workflows = {each.workflow.path: each.workflow for each in image_builds(deployment) if each.makes(app.image)}
    found = [_of_workflow(each) for each in workflows.values()]
    filters = [each for each in found if each is not None]
    for path, own in zip(workflows, filters, strict=False) if len(filters) == len(found) else ():
        others = [other for other in filters if other is not own]
        yield from _judged(deployment, app, f"the image that {path} builds", own, others)


def _lists(deployment: Deployment, app: App) -> Iterator[tuple[str, At, tuple[Located[str], ...]]]:
    """Yield the paths that commands of workflows are given behind a Dockerfile: `… apps/api/Dockerfile -- apps/api`.

    They say what the image is made of; a list without the app itself may say something else.
    """
    steps = [(workflow, step) for workflow in deployment.workflows for job in workflow.jobs for step in job.steps]
    for workflow, step in steps:
        if step.script is None or app.image.path not in step.script.value:
            continue
        for command in shell_words.commands(step.script.value):
            before, listed = _divided(command.words)
            if app.image.path in before and app.package.folder in listed:
                at = at_words(step.script, app.image.path)
                yield workflow.path, at, tuple(Located(each, at) for each in listed)


def _divided(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    index = words.index("--") if "--" in words else len(words)
    return words[:index], words[index + 1 :]


def _of_platform(service: DeployedService) -> Iterator[Filter]:
    settings = service.settings
    if service.platform == "railway":
        watched = _listed(settings, "build.watchPatterns")
        yield from [Filter(watched, anywhere=True)] if watched else []
    elif service.platform == "render":
        paths, ignored = (_listed(settings, f"buildFilter.{key}") for key in ("paths", "ignoredPaths"))
        root = settings.get("rootDir")
        if paths or ignored:
            yield Filter(paths, ignored)
        elif root is not None and root.value.strip("./"):
            yield Filter((root,))


def _listed(settings: Mapping[str, Located[str]], key: str) -> tuple[Located[str], ...]:
    return tuple(value for name, value in settings.items() if name.startswith(f"{key}["))


def _of_workflow(workflow: Workflow) -> Filter | None:
    """Return what a push must change to start a workflow; None where something else starts it, too."""
    pushes = [each for each in workflow.triggers if each.event == "push"]
    if len(pushes) != 1 or any(each.event in OTHER_WAYS for each in workflow.triggers) or "tags" in pushes[0].filters:
        return None
    (push,) = pushes
    return Filter(push.paths, push.ignored, nested=False) if push.paths or push.ignored else None


def _judged(
    deployment: Deployment, app: App, what: str, own: Filter, others: Sequence[Filter] = (), *, at: At | None = None
) -> Iterator[Finding]:
    filters = [own, *others]
    if not all(each.is_known for each in filters):
        return
    missed = [
        package
        for package in members(app.layout.workspace, app.package)
        if (files := _files(deployment, package)) and not any(each.lets_any(files) for each in filters)
    ]
    if missed:
        patterns = own.patterns or own.ignored
        mine = next((each for each in patterns if app.package.folder in each.value), patterns[0])
        at = at or mine.at
        names = [package.folder for package in missed]
        yield Finding(
            "missed-change",
            Effect.NOT_REACHABLE,
            f"{what} contains {' and '.join(names)}, and a change there does not deploy it",
            (Place(at, f"no pattern here lets {names[0]} through"), *_needed(app, missed)),
            "the old code goes on running until something else changes",
            f"add {' and '.join(f'`{name}/**`' for name in names)}",
        )


def _files(deployment: Deployment, package: Package) -> list[str]:
    """Return the sources of a package, or all of its files where it has none."""
    own = [path for path in deployment.paths if path.startswith(f"{package.folder}/")]
    return [path for path in own if SOURCE.search(path) and not TEST.search(path)] or own


def _needed(app: App, missed: list[Package]) -> Iterator[Place]:
    folders = {package.folder for package in missed}
    for member in members(app.layout.workspace, app.package):
        for dependency in member.dependencies:
            if dependency.folder in folders:
                folders.remove(dependency.folder)
                yield Place(dependency.at, f"{member.name} depends on it")
