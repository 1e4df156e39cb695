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

from collections.abc import Iterable, Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Dependency, Package, Workspace
from bayplan.rules.facts.apps import App, apps
from bayplan.rules.facts.builds import Command, commands
from bayplan.rules.facts.layout import ancestors


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        steps = commands(app.layout, app.stage)
        install = next((step for step in steps if step.installs), None)
        build = next((step for step in reversed(steps) if step.builds), None)
        members = _needed(workspace, app.package)
        unlisted = _without_manifest(install, members)
        absent = _without_sources(build, members)
        for member in members:
            if install and member.folder in unlisted:
                yield _finding(workspace, app, member, install, _manifest(member))
            elif build and member.folder in absent:
                yield _finding(workspace, app, member, build, member.folder)


def _manifest(package: Package) -> str:
    return package.path("package.json")


def _needed(workspace: Workspace, package: Package) -> list[Package]:
    """Return what runs in a package, and those packages whose tsconfig it extends to be built."""
    running = workspace.closure(package, development=False)
    extended = {file for each in running for config in each.tsconfigs for file in config.chain}
    wanted = {each.folder for each in running}.union(*map(ancestors, extended)) - {package.folder, "."}
    return [member for member in workspace.closure(package, development=True) if member.folder in wanted]


def _without_manifest(install: Command | None, members: Iterable[Package]) -> set[str]:
    """Return the folders of those packages that an install does not know; nothing is known where nothing is copied."""
    if install is None or not install.copies:
        return set()
    sources = install.sources()
    return {member.folder for member in members if not sources.bring(_manifest(member))}


def _without_sources(build: Command | None, members: Iterable[Package]) -> set[str]:
    """Return the folders of those packages of which nothing but the manifest is there when it is built."""
    if build is None or not build.copies:
        return set()
    sources = build.sources()
    if any("*" in pattern for pattern in sources.patterns):
        return set()
    held = {folder for path in sources.paths for folder in ancestors(path) if path != f"{folder}/package.json"}
    return {each.folder for each in members if each.folder not in held and not sources.bring(each.path("src"))}


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
