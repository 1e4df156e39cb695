"""What Render calls the parts of a stack, and how large it makes them."""

import re

from bayplan.catalog import load
from bayplan.catalog.images import named
from bayplan.formats.render_writer import Entry, Value
from bayplan.model.config import RenderConfig
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.source import Why
from bayplan.writers import hosted

VERSION = re.compile(r"(?:pg)?(\d+)")
CHECKED = Why("github", "a version goes out when the workflows have passed")
DATABASE, KEY_VALUE, PRIVATE = "database", "keyvalue", "pserv"


def settings(stack: Stack) -> RenderConfig:
    return stack.targets.render or RenderConfig()


def path(stack: Stack) -> str:
    """Return the path of the blueprint: Render is told it when the blueprint is created."""
    return "render.yaml" if stack.is_production else f"render.{stack.environment}.yaml"


def named_there(stack: Stack, name: str) -> str:
    """Return the name of a service or store on Render, where it must be the only one of its workspace."""
    return f"{stack.project_name}-{name}"


def type_of(stack: Stack, service: Service) -> str:
    """Return the type of a service."""
    if service.role.value is Role.JOB:
        return "cron"
    if service.role.value is Role.FILES:
        return "web"
    if service.port is None:
        return "worker"
    return "web" if hosted.is_public(stack, service) else PRIVATE


def domains(stack: Stack, service: Service) -> dict[str, Value]:
    """Return the host names of a service; Render answers `www.` of each by itself, and sends it there."""
    names = hosted.domains(stack, service)
    found = [each for each in names if each.removeprefix("www.") == each or each.removeprefix("www.") not in names]
    return {"domains": Entry(list(found), why=hosted.sites(stack, service)[0].why)} if found else {}


def store_type(store: Store) -> str:
    """Return what runs a store: Render itself, or a private service of ours."""
    managed: dict[str, str] = load("platforms/render")["store"]
    return managed.get(store.kind, PRIVATE)


def when_checked(stack: Stack) -> dict[str, Value]:
    """Return what keeps a commit from going out whose workflows have failed."""
    return {} if stack.targets.github is None else {"autoDeployTrigger": Entry("checksPass", why=CHECKED)}


def plan(what: str, memory_mb: int) -> str:
    """Return the smallest plan that is large enough, or the largest there is."""
    plans: list[dict[str, int | str]] = load("platforms/render")["plan"][what]
    enough = (each for each in plans if int(each["memory_mb"]) >= memory_mb)
    return str(next(enough, plans[-1])["name"])


def fits(memory_mb: int) -> Why:
    return Why("limits", f"the smallest that has the {memory_mb} MB it may take")


def major_version(store: Store) -> int | None:
    """Return the major version of PostgreSQL that an image runs, where Render has it."""
    match = VERSION.match(named(store.image.value)[1])
    version = int(match.group(1)) if match else 0
    return version if version in load("platforms/render")["postgres_versions"] else None
