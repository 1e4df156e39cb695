"""A stack as a platform runs it: what is public, what prepares it, what its variables are. It knows no vendor."""

import re
from collections.abc import Callable
from dataclasses import replace

from bayplan.model.front import Site
from bayplan.model.image import Healthcheck, Image
from bayplan.model.parts import Asked, Composed, Given, Part, Value, Variable, parts_of
from bayplan.model.stack import Service, Stack

LOCAL = re.compile(r"(?:^|\.)localhost$")
"""What leads to the machine that asks."""


def running(stack: Stack) -> tuple[Service, ...]:
    """Return the services that run for as long as the stack does."""
    return tuple(each for each in stack.services if not each.ends)


def is_public(stack: Stack, service: Service) -> bool:
    """Say whether the world reaches a service: through the proxy, by a port of the machine, or from a page."""
    if service.binding is not None and (stack.proxy is None or not service.binding.is_local):
        return True
    return bool(sites(stack, service)) or _is_called_by_browsers(stack, service)


def _is_called_by_browsers(stack: Stack, service: Service) -> bool:
    links = (variable.leads_to for each in stack.services for variable in each.variables)
    return any(link is not None and link.part is Part.BROWSERS and link.to == service.name for link in links)


def sites(stack: Stack, service: Service) -> tuple[Site, ...]:
    """Return what the proxy serves of a service, under the host names that are its own on any machine."""
    found = stack.proxy.sites if stack.proxy is not None else ()
    return tuple(
        replace(site, hosts=tuple(host for host in site.hosts if not LOCAL.search(host)))
        for site in found
        if any(answer.service == service.name for answer in site.answers)
    )


def first_path(service: Service) -> str:
    """Return the path of a request that shows that a service answers."""
    return service.health.path if service.health is not None and service.health.path else "/"


def domains(stack: Stack, service: Service) -> tuple[str, ...]:
    """Return the host names that all of lead to a service, those that only the operator knows left out."""
    whole = [
        site
        for site in sites(stack, service)
        if any(answer.service == service.name and not answer.path for answer in site.answers)
    ]
    return tuple(host for site in whole for host in site.hosts if "$" not in host)


def start_seconds(service: Service) -> int:
    """Return how long a service may take to start before failed health checks count."""
    steps = service.image.stages[-1].steps if service.image.stages else ()
    return max((step.start_period for step in steps if isinstance(step, Healthcheck)), default=0)


def release(stack: Stack, service: Service) -> tuple[str, ...]:
    """Return the command that prepares a new version of a service, as its image runs it; nothing where none does."""
    jobs = stack.jobs_in(service)
    if not jobs:
        return ()
    return ("sh", service.image.release) if service.image.release else jobs[0].command.value


def variables(stack: Stack, service: Service) -> tuple[Variable, ...]:
    """Return what a service is told when it runs, with what the jobs in its image are told."""
    every = [each for part in (service, *stack.jobs_in(service)) for each in part.variables if not each.at_build]
    return tuple(dict(sorted({each.name: each for each in reversed(every)}.items())).values())


def built_in(service: Service) -> tuple[Variable, ...]:
    """Return what is built into the image of a service."""
    return tuple(each for each in service.variables if each.at_build)


def asked(variable: Variable) -> tuple[Asked, ...]:
    """Return what the operator supplies of a variable."""
    return tuple(part for part in parts_of(variable.value) if isinstance(part, Asked))


def with_hosts(value: Value, host_of: Callable[[str], str]) -> Value:
    """Return a value with the host names that a platform gives to services and stores."""
    parts = tuple(
        Given(host_of(part.reaches), part.reaches) if isinstance(part, Given) and part.reaches else part
        for part in parts_of(value)
    )
    return parts[0] if len(parts) == 1 else Composed(parts)


def closure(image: Image) -> tuple[str, ...]:
    """Return the patterns of all paths whose change changes an image: `apps/api/**`, `package.json`."""
    folders = [path for path, whole in image.sources if whole]
    found = []
    for path, whole in image.sources:
        inside = any(path != folder and (folder == "." or path.startswith(f"{folder}/")) for folder in folders)
        if not inside:
            found.append(("**" if path == "." else f"{path}/**") if whole else path)
    return tuple(found)
