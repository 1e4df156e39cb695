"""A package of the workspace is missing from the build of an image.

What it means: the app depends on a package of the same repository, and the Dockerfile copies neither that package's
manifest before it installs nor its sources before it builds.

Why it is bad: the list of COPY lines was right when it was written. A dependency added later makes the install or the
build fail, and only in the image: on every developer's machine the package is there.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine AS build
WORKDIR /app
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY apps/api/package.json apps/api/
RUN pnpm install --frozen-lockfile
COPY apps/api apps/api
RUN pnpm --filter @shop/api build
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine AS build
WORKDIR /app
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY apps/api/package.json apps/api/
COPY packages/db/package.json packages/db/
RUN pnpm install --frozen-lockfile
COPY apps/api apps/api
COPY packages/db packages/db
RUN pnpm --filter @shop/api... build
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Dependency, Package, Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.builds import Command, commands
from bayplan.rules.facts.layout import below


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        steps = list(commands(app.layout, app.stage))
        install = next((step for step in steps if step.installs), None)
        builds = [step for step in steps if step.builds]
        for member in _needed(workspace, app.package):
            if install and install.copies and not app.layout.covered(install.sources(app.layout), _manifest(member)):
                yield _finding(workspace, app, member, install, _manifest(member))
            elif builds and builds[-1].copies and not _has_sources(app, builds[-1], member):
                yield _finding(workspace, app, member, builds[-1], member.folder)


def _manifest(package: Package) -> str:
    return package.path("package.json")


def _needed(workspace: Workspace, package: Package) -> list[Package]:
    """Return what runs in a package, and those packages whose tsconfig it extends to be built."""
    running = workspace.closure(package, development=False)
    extended = {file for each in running for config in each.tsconfigs for file in config.chain}
    members = workspace.closure(package, development=True)
    return [
        member
        for member in members
        if member.folder not in (package.folder, ".")
        and (member in running or any(below(file, member.folder) is not None for file in extended))
    ]


def _has_sources(app: App, step: Command, member: Package) -> bool:
    sources = [source for source in step.sources(app.layout) if source != _manifest(member)]
    if app.layout.covered(tuple(sources), member.path("src")):
        return True
    return any(below(source, member.folder) is not None or "*" in source for source in sources)


def _finding(workspace: Workspace, app: App, member: Package, step: Command, missing: str) -> Finding:
    dependent, dependency = _asks_for(workspace, app.package, member)
    what = "manifest" if missing.endswith("package.json") else "sources"
    copies = [copy for copy in step.copies if copy.at.file == app.image.path]
    where = copies[-1].at if copies else step.instruction.at
    return Finding(
        "missing-workspace-package",
        Effect.WILL_NOT_BUILD,
        f"stage `{step.stage.name}` never copies the {what} of {member.name}, which {dependent.name} depends on",
        (
            Place(where, f"{missing} is missing among what is copied"),
            Place(dependency.at, f"{dependent.name} depends on it"),
            Place(step.instruction.at, "this needs it"),
        ),
        f"the image of {app.package.name} does not build, though everything builds outside of it",
        f"add `COPY {missing} {missing.removesuffix('package.json').rstrip('/')}/` before this RUN",
    )


def _asks_for(workspace: Workspace, package: Package, member: Package) -> tuple[Package, Dependency]:
    """Return the dependent and its dependency that bring a member in, the app's own first."""
    dependents = reversed(workspace.closure(package, development=True))
    return next(
        (dependent, dependency)
        for dependent in dependents
        for dependency in dependent.dependencies
        if dependency.folder == member.folder
    )
