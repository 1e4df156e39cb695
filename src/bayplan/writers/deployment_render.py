"""The part of docs/deployment.md about Render: a blueprint."""

import shlex
from collections.abc import Iterator

from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.writers import hosted, platform_told
from bayplan.writers.deployment_text import beside, cannot, heading, item, prose, shell, title
from bayplan.writers.platform_env import telling
from bayplan.writers.render_platform import named_there, path, store_type, type_of

PLATFORM = "render"
NUMBER = "SERVICE_ID"
TYPES = {
    "web": "web service",
    "pserv": "private service",
    "worker": "background worker",
    "cron": "cron job",
    "database": "Render Postgres",
    "keyvalue": "Render Key Value",
}


def section(stack: Stack) -> list[str]:
    """Return how a stack gets from nothing to running to rolled back on Render."""
    return [
        f"## {heading(title(PLATFORM), stack)}",
        "",
        *prose(
            f"`{path(stack)}` is all of it, and Render follows it with each push."
            f" `{NUMBER}` is what `render services` shows."
        ),
        "### From nothing to running",
        "",
        *shell(
            "render login",
            "render workspace set",
            f"render blueprints validate {shlex.quote(path(stack))}",
            "git push",
        ),
        *_steps(stack),
        "### See that it works",
        "",
        *shell(
            """render services -o json | jq -r '.[].service | select(. != null) | .id + " " + .name'""",
            *_requests(stack),
        ),
        "### A new version",
        "",
        *_version(stack),
        "### When something is wrong",
        "",
        *shell(
            *beside(
                [
                    (f"render logs --resources {NUMBER} --tail", "of one service"),
                    (f"render deploys list {NUMBER} -o json", "what was deployed, and how it went"),
                ]
            )
        ),
        "### Roll back",
        "",
        *prose(
            "In the dashboard: the service, Events, the last good deploy, Rollback. It takes a minute, and turns"
            " automatic deploys off until you turn them on again in Settings. Or build a commit anew:"
        ),
        *shell(f"render deploys create {NUMBER} --commit COMMIT --wait --confirm"),
        *_later(stack),
        *cannot(stack, PLATFORM),
    ]


def runs(stack: Stack, part: Service | Store) -> str:
    """Return what becomes of a part of the stack, for the comparison."""
    if isinstance(part, Store):
        return f"{TYPES[store_type(part)]} `{named_there(stack, part.name)}`"
    kind = "static site" if part.role.value is Role.FILES else TYPES[type_of(stack, part)]
    return f"{kind} `{named_there(stack, part.name)}`"


def migrations(stack: Stack) -> str:
    released = [each.name for each in hosted.running(stack) if hosted.release(stack, each)]
    found = [f"`preDeployCommand` of {named_there(stack, name)}" for name in released]
    return "; ".join([*found, *(f"cron job `{named_there(stack, job.name)}`, by hand" for job in stack.jobs_apart)])


def _steps(stack: Stack) -> list[str]:
    """Return what is done in the dashboard, in its order."""
    there = "" if path(stack) == "render.yaml" else f", Blueprint Path `{path(stack)}`"
    steps = [f"In the dashboard: New, Blueprint, this repository{there}."]
    if asked := _asked(stack):
        steps.append(f"It asks for the values of {'; of '.join(asked)}.")
    jobs = [named_there(stack, each.name) for each in stack.jobs_apart]
    if jobs:
        waiting = [named_there(stack, each.name) for each in hosted.running(stack) if _waits(each, stack)]
        steps.append(f"When {' and '.join(jobs)} is built: Trigger Run, then deploy {' and '.join(waiting)}.")
    hosts = [host for service in stack.services for site in hosted.sites(stack, service) for host in site.hosts]
    if hosts:
        names = ", ".join(f"`{host}`" for host in dict.fromkeys(hosts))
        steps.append(f"Each service shows under Settings, Custom Domains, which DNS records its names need: {names}.")
    return [*(line for number, step in enumerate(steps, 1) for line in item(step, f"{number}. ")), ""]


def _waits(service: Service, stack: Stack) -> bool:
    apart = {job.name for job in stack.jobs_apart}
    return any(need.name in apart for need in service.needs)


def _asked(stack: Stack) -> list[str]:
    found = []
    for told in platform_told.on(PLATFORM, stack):
        names = [f"`{wanted.variable.name}`" for wanted in told.variables if wanted.required]
        found += [f"{told.name}: {', '.join(names)}"] if names else []
    return found


def _requests(stack: Stack) -> Iterator[str]:
    for service in stack.services:
        if hosted.is_public(stack, service):
            yield f"curl -fsS https://{named_there(stack, service.name)}.onrender.com{hosted.first_path(service)}"


def _version(stack: Stack) -> list[str]:
    checks = ", when its checks have passed," if stack.targets.github is not None else ""
    return [
        *prose(f"A push to the branch{checks} deploys what it changes. By hand:"),
        *shell(f"render deploys create {NUMBER} --wait --confirm"),
    ]


def _later(stack: Stack) -> list[str]:
    commands = telling(PLATFORM, stack)
    if not commands:
        return []
    example = f"{stack.env_file_of(PLATFORM)}.example"
    return [
        "### Change a value",
        "",
        *prose(
            f"In the dashboard under Environment; or from a filled copy of [`{example}`](../{example}), in bash, with"
            " an API key of the account, and a deploy afterwards:"
        ),
        "```bash",
        *(commands[0], f"$EDITOR {shlex.quote(stack.env_file_of(PLATFORM))}"),
        "```",
        "",
        "```bash",
        'read -rsp "API key: " RENDER_API_KEY',
        *commands[1:],
        "```",
        "",
    ]
