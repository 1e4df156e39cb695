"""The part of docs/deployment.md about Fly.io: an app for each service and each store."""

import shlex
from collections.abc import Iterator

from bayplan.model.front import TlsKind
from bayplan.model.stack import Service, Stack, Store
from bayplan.writers import fly_apps, hosted
from bayplan.writers.deployment_text import beside, cannot, heading, prose, shell, title, values

PLATFORM = "fly"


def section(stack: Stack) -> list[str]:
    """Return how a stack gets from nothing to running to rolled back on Fly.io."""
    names = fly_apps.deployed(stack)
    return [
        f"## {heading(title(PLATFORM), stack)}",
        "",
        *prose(
            f"Apps, each with a file of its own: {', '.join(f'`{fly_apps.app(stack, name)}`' for name in names)}."
            " Names are taken across all of Fly: where one is gone, another `name` in bayplan.yaml changes them all."
        ),
        "### From nothing to running",
        "",
        *shell("fly auth login", *(f"fly apps create {fly_apps.app(stack, name)}" for name in names)),
        *values(stack, PLATFORM, "`--stage` keeps them for the next deploy:"),
        "Deploy, stores first, and look at each before the next:",
        "",
        *shell(*(_deploy(stack, name) for name in names), *_scaled(stack)),
        *_domains(stack),
        "### See that it works",
        "",
        *shell(*_requests(stack), *(f"fly status --app {fly_apps.app(stack, name)}" for name in names)),
        "### A new version",
        "",
        *shell("git pull", *(_deploy(stack, name) for name in _own(stack))),
        "### When something is wrong",
        "",
        *shell(*(f"fly logs --app {fly_apps.app(stack, name)} --no-tail" for name in names)),
        "### Roll back",
        "",
        *prose("The image of the last good release, with the file of this checkout; no migration runs."),
        *shell(*beside([line for name in _services(stack) for line in _back(stack, name)])),
        *cannot(stack, PLATFORM),
    ]


def runs(stack: Stack, part: Service | Store) -> str:
    """Return what becomes of a part of the stack, for the comparison."""
    if part.name not in fly_apps.deployed(stack):
        return "not there"
    app = f"app `{fly_apps.app(stack, part.name)}`"
    return f"{app}, volume `{part.volume}`" if isinstance(part, Store) else app


def migrations(stack: Stack) -> str:
    released = [each.name for each in fly_apps.running(stack) if hosted.release(stack, each)]
    found = [f"`release_command` of {fly_apps.app(stack, name)}" for name in released]
    return "; ".join([*found, *(f"app `{fly_apps.app(stack, job.name)}`" for job in stack.jobs_apart)])


def _own(stack: Stack) -> list[str]:
    stores = {each.name for each in stack.stores}
    return [name for name in fly_apps.deployed(stack) if name not in stores]


def _services(stack: Stack) -> list[str]:
    return [each.name for each in fly_apps.running(stack)]


def _deploy(stack: Stack, name: str) -> str:
    """Return the command that deploys an app, with what only the operator knows of its build."""
    service = stack.service(name)
    built = hosted.built_in(service) if service is not None else ()
    asked = [each.name for each in built if each.required and fly_apps.told(stack, each) is None]
    arguments = "".join(f' --build-arg {each}="${each}"' for each in asked)
    return shlex.join(fly_apps.deploy(stack, name)) + arguments


def _scaled(stack: Stack) -> Iterator[str]:
    for service in fly_apps.running(stack):
        if service.replicas != 1 and not any(mount.is_volume for mount in service.mounts):
            yield f"fly scale count {service.replicas} --app {fly_apps.app(stack, service.name)}"


def _domains(stack: Stack) -> list[str]:
    """Return how host names of one's own lead to the apps; a variable in one is the shell's."""
    lines = []
    for service in fly_apps.running(stack):
        app = fly_apps.app(stack, service.name)
        for host in dict.fromkeys(host for site in hosted.sites(stack, service) for host in site.hosts):
            if stack.proxy is not None and stack.proxy.tls.kind is TlsKind.FILES:
                tls = stack.proxy.tls
                files = f"--fullchain {shlex.quote(tls.certificate)} --private-key {shlex.quote(tls.key)}"
                lines.append(f'fly certs import "{host}" --app {app} {files}')
                lines.append(f'fly certs setup "{host}" --app {app}')
            else:
                lines.append(f'fly certs add "{host}" --app {app}')
    if not lines:
        return []
    return ["Host names, each with the DNS records that the command shows:", "", *shell(*lines)]


def _requests(stack: Stack) -> Iterator[str]:
    for service in fly_apps.running(stack):
        if hosted.is_public(stack, service):
            yield f"curl -fsS {fly_apps.address(stack, service.name)}{hosted.first_path(service)}"


def _back(stack: Stack, name: str) -> Iterator[tuple[str, str]]:
    app = fly_apps.app(stack, name)
    yield f"fly releases --app {app} --image", "which images there were: `registry.fly.io/...`"
    released = [each.name for each in fly_apps.running(stack) if hosted.release(stack, each)]
    skipped = " --skip-release-command" if name in released else ""
    yield f"{shlex.join(fly_apps.deploy(stack, name))} --image IMAGE{skipped}", ""
