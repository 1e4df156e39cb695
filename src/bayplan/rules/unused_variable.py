"""The example file documents a variable that nothing uses.

What it means: a name in `.env.example` occurs in no code, compose file, Dockerfile or platform file.

Why it is bad: people set it and wonder why nothing changes. Often it is the old name of something that was renamed.

Bad:

```dotenv .env.example
DATABASE_URL=postgres://shop@postgres/shop
JWT_SECRET=
TOKEN_LIFETIME=1h
```

Good:

```dotenv .env.example
DATABASE_URL=postgres://shop@postgres/shop
JWT_SECRET=
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import image_file
from bayplan.rules.facts.layout import below
from bayplan.rules.facts.stages import pairs
from bayplan.rules.facts.values import references

READ_BY_OTHERS = (
    "COMPOSE_", "DOCKER_", "NODE_", "NPM_", "PNPM_", "TURBO_", "NEXT_", "OTEL_", "AWS_", "SENTRY_", "PG", "HTTP_",
    "HTTPS_", "AUTH_", "NEXTAUTH_", "PRISMA_",
    "NO_PROXY", "DEBUG", "TZ", "CI", "LOG_", "PORT", "HOSTNAME", "VERCEL_", "UV_", "SSL_",
    "DATABASE_", "BETTER_AUTH_", "CLERK_", "GOOGLE_APPLICATION_CREDENTIALS",
)  # fmt: skip


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    from difflib import get_close_matches

    used = _used(workspace, deployment)
    if not any(package.code.env for package in workspace.packages) and not deployment.composes:
        return
    for file in deployment.env_files:
        if not posixpath.basename(file.path).endswith(("example", "sample", "template", "dist")):
            continue
        if _is_handed_to_others(deployment, posixpath.dirname(file.path)) or not _holds_apps(workspace, file.path):
            continue
        for line in file.lines:
            if line.name in used or line.name.startswith(READ_BY_OTHERS) or line.documented_only:
                continue
            near = get_close_matches(line.name, used - {each.name for each in file.lines}, 1, 0.75)
            yield Finding(
                "unused-variable",
                Effect.UNTIDY,
                f"{file.path} documents {line.name}, which nothing uses",
                (Place(line.at, "used nowhere"),),
                "people set it, and nothing changes",
                f"did you mean {near[0]}?" if near else "take it out, or use it",
            )


def _used(workspace: Workspace, deployment: Deployment) -> set[str]:
    used = {use.name for package in workspace.packages for use in package.code.env}
    used |= {name for owner in workspace.every for task in owner.tasks.values() for name in task.env}
    used |= {each.value for owner in workspace.every for each in owner.manager.variables}
    for service in deployment.services:
        used |= set(service.environment) | set(service.build_arguments)
        used |= {match["name"] or match["bare"] for match, _ in references(service)}
    for image in deployment.images:
        for stage in image.stages:
            for each in stage.instructions:
                if each.word in ("ARG", "ENV"):
                    used |= {name for name, _ in pairs(each)}
    scripts = [script.value for package in workspace.packages for script in package.scripts.values()]
    scripts += [
        step.script.value for flow in deployment.workflows for job in flow.jobs for step in job.steps if step.script
    ]
    for text in scripts:
        used |= {part.strip("${}\"'") for part in text.replace("=", " ").split()}
    return used


def _is_handed_to_others(deployment: Deployment, folder: str) -> bool:
    """Say whether a container of somebody else's program, or all of the environment, gets the file."""
    return any(
        service.env_files
        and image_file(deployment, service) is None
        and below(service.at.file, folder or ".") is not None
        for service in deployment.services
    )


def _holds_apps(workspace: Workspace, path: str) -> bool:
    """Say whether code that was read can use the file: one of a folder without packages may be for other programs."""
    folder = posixpath.dirname(path)
    return not folder or any(below(package.folder, folder) is not None for package in workspace.packages)
