"""The part of docs/deployment.md about Railway: a project as code."""

import shlex
from collections.abc import Iterator

from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.writers import hosted, platform_told, railway_project
from bayplan.writers.deployment_text import beside, cannot, heading, prose, shell, title, values

PLATFORM = "railway"
DEPLOYMENT = "DEPLOYMENT_ID"
ROLLBACK = f"railway api 'mutation($id: String!) {{ deploymentRollback(id: $id) }}' --raw-var id={DEPLOYMENT}"


def section(stack: Stack) -> list[str]:
    """Return how a stack gets from nothing to running to rolled back on Railway."""
    services = _services(stack)
    return [
        f"## {heading(title(PLATFORM), stack)}",
        "",
        *prose(
            f"`{railway_project.path(stack)}` is all of it but the values; it takes Node.js 22 and the Railway CLI."
        ),
        "### From nothing to running",
        "",
        *shell(
            *beside(
                [
                    ("npm install --save-dev railway", ""),
                    ("railway login", ""),
                    (
                        f"railway init --name {shlex.quote(stack.name)}",
                        "`railway link` where the project is there already",
                    ),
                    *_environment(stack),
                    *_applied(stack),
                ]
            )
        ),
        *values(stack, PLATFORM, "Each service gets its own, for its next deployment:"),
        *_shared(stack),
        "Then an address for each service that the world reaches, which the command shows, and the code:",
        "",
        *shell(*_domains(stack), *_told(stack), *_deployed(stack)),
        "### See that it works",
        "",
        *shell("railway service status --all", *_requests(stack)),
        "### A new version",
        "",
        *shell(*beside([("git pull", ""), *_applied(stack)]), *_pushed(stack)),
        "### When something is wrong",
        "",
        *shell(*(f"railway logs --service {shlex.quote(each)} --lines 100" for each in services)),
        "### Roll back",
        "",
        *shell(
            *(f"railway deployment list --service {shlex.quote(each)}" for each in _running(stack)),
            *beside([(ROLLBACK, "the last good one of each service")]),
        ),
        "The image and the variables of that time come back. The dashboard does the same, under Deployments.",
        "",
        *cannot(stack, PLATFORM),
    ]


def runs(stack: Stack, part: Service | Store) -> str:
    """Return what becomes of a part of the stack, for the comparison."""
    del stack
    if not isinstance(part, Store):
        return f"service `{part.name}`"
    if railway_project.managed(part) is not None:
        return f"Railway's own `{part.name}`"
    return f"service `{part.name}`, volume `{part.volume}`"


def migrations(stack: Stack) -> str:
    released = [each.name for each in hosted.running(stack) if hosted.release(stack, each)]
    found = [f"`preDeploy` of {name}" for name in released]
    return "; ".join([*found, *(f"service `{job.name}`" for job in stack.jobs_apart)])


def _services(stack: Stack) -> list[str]:
    return [each.name for each in stack.services if each.image_of is None]


def _running(stack: Stack) -> list[str]:
    return [each.name for each in railway_project.deployed(stack) if each.role.value is not Role.JOB]


def _environment(stack: Stack) -> list[tuple[str, str]]:
    name = shlex.quote(stack.environment)
    if stack.is_production:
        return []
    return [(f"railway environment new {name}", ""), (f"railway environment {name}", "")]


def _applied(stack: Stack) -> list[tuple[str, str]]:
    path = railway_project.path(stack)
    named = "" if stack.is_production else f" --file {shlex.quote(path)}"
    return [(f"railway config plan{named}", "shows what would change"), (f"railway config apply{named}", "")]


def _shared(stack: Stack) -> list[str]:
    told = platform_told.on(PLATFORM, stack)
    names = sorted({wanted.variable.name for each in told for wanted in each.variables if wanted.shared})
    if not names:
        return []
    return prose(f"In the project's Settings, Shared Variables: {', '.join(f'`{name}`' for name in names)}.")


def _domains(stack: Stack) -> Iterator[str]:
    for service in (each for each in railway_project.deployed(stack) if hosted.is_public(stack, each)):
        port = f" --port {service.port.value}" if service.port is not None else ""
        own = dict.fromkeys(host for site in hosted.sites(stack, service) for host in site.hosts)
        for host in ("", *(f' "{each}"' for each in own)):
            yield f"railway domain{host} --service {shlex.quote(service.name)}{port}"


def _told(stack: Stack) -> list[str]:
    """Return what starts the stores again that run from an image: they began without what they have been told since."""
    names = {each.name for each in stack.stores}
    told = [each.name for each in platform_told.on(PLATFORM, stack) if each.names and each.name in names]
    return beside([(f"railway redeploy --service {shlex.quote(name)} --yes", "with its values") for name in told])


def _deployed(stack: Stack) -> list[str]:
    """Return what deploys the code: Railway does it by itself where it follows a repository, once values are there."""
    if railway_project.settings(stack).repo is not None:
        return [f"railway redeploy --service {shlex.quote(name)} --yes" for name in _services(stack)]
    return [f"railway up --service {shlex.quote(name)} --ci" for name in _services(stack)]


def _pushed(stack: Stack) -> list[str]:
    return [] if railway_project.settings(stack).repo is not None else _deployed(stack)


def _requests(stack: Stack) -> Iterator[str]:
    for service in railway_project.deployed(stack):
        if hosted.is_public(stack, service) and service.role.value is not Role.JOB:
            yield f"curl -fsS https://ADDRESS{hosted.first_path(service)}    # {service.name}"
