"""The blueprint of an environment on Render: every service, its stores and what they are told."""

from bayplan.catalog import load
from bayplan.formats import render_writer
from bayplan.formats.render_writer import Entry, Value
from bayplan.model.image import Image
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Role, Service, Stack
from bayplan.source import Why
from bayplan.writers import hosted, render_static, render_stores
from bayplan.writers.render_platform import domains, fits, named_there, path, plan, settings, type_of, when_checked
from bayplan.writers.render_variables import Told, told

PARTS = Why("render", "what of the stack Render runs")
DAILY = "0 4 * * *"
INTRODUCTION = (
    "New > Blueprint in Render's dashboard creates all of this from {path}. It asks once for what has `sync: false`;"
    " what is added later is set in the dashboard."
)
CHANGES = Why("closure", "what its image is made from: other changes leave it as it runs")
BY_HAND = Why("render", "a new version must not start before what runs once, in an image of its own")
PUT_TOGETHER = "Render joins no texts in variables: `env` puts the address together, and becomes the server."


def write(stack: Stack) -> dict[str, Rendered]:
    if stack.targets.render is None or not stack.services:
        return {}
    document: dict[str, Value] = {}
    previews = settings(stack).previews
    if previews is not None and previews != "off":
        document["previews"] = Entry({"generation": previews}, why=Why("bayplan.yaml", "bayplan.yaml says so"))
    document["services"] = Entry([*_services(stack), *render_stores.services(stack)], why=PARTS)
    if databases := render_stores.databases(stack):
        document["databases"] = Entry(databases, why=PARTS)
    introduction = INTRODUCTION.replace("{path}", path(stack))
    return {
        path(stack): render_writer.render(Entry(document, comment=introduction, why=Why("render", "how it is used")))
    }


def _services(stack: Stack) -> list[Value]:
    found: list[Value] = []
    for service in stack.services:
        if service.role.value is Role.FILES:
            found.append(Entry(render_static.site(stack, service), why=service.role.why))
        elif service.role.value is not Role.JOB:
            found.append(Entry(_service(stack, service), why=service.role.why))
        elif service.image_of is None:
            found.append(Entry(_apart(stack, service), comment=_apart_comment(stack), why=service.role.why))
    return found


def _service(stack: Stack, service: Service) -> dict[str, Value]:
    type_, facts = type_of(stack, service), told(stack, service)
    found: dict[str, Value] = {"type": type_, "name": named_there(stack, service.name)}
    found |= _image(stack, service)
    if service.replicas > 1 and not _disk(service):
        found["numInstances"] = service.replicas
    if type_ == "web":
        found |= domains(stack, service)
    if type_ == "web" and service.health is not None and service.health.path is not None:
        found["healthCheckPath"] = Entry(service.health.path, why=service.health.why)
    if release := hosted.release(stack, service):
        because = "it runs in the new image while the old version answers; where it fails, nothing else changes"
        words = [*_put_together(stack, service, facts), *release]
        found["preDeployCommand"] = Entry(" ".join(words), why=Why("render", because))
    if facts.before_start:
        found["dockerCommand"] = _command(service, facts)
    found |= _ending(service)
    found |= _disk(service)
    found |= _deployed(stack, service)
    return {**found, **_variables(facts)}


def _image(stack: Stack, service: Service) -> dict[str, Value]:
    image = service.image
    found: dict[str, Value] = {
        "runtime": "docker",
        "dockerfilePath": f"./{image.dockerfile}",
        "dockerContext": "." if image.context == "." else f"./{image.context}",
    }
    if (region := settings(stack).region) is not None:
        found["region"] = region
    memory = service.limits.memory_mb
    found["plan"] = Entry(plan("server", memory), why=fits(memory))
    return found


def _put_together(stack: Stack, service: Service, facts: Told) -> list[str]:
    """Return what puts the addresses together that the jobs of a release read."""
    read = {each.name for job in stack.jobs_in(service) for each in job.variables}
    needed = [each for each in facts.before_start if each.partition("=")[0] in read]
    return ["env", *needed] if needed else []


def _command(service: Service, facts: Told) -> Value:
    """Return a command in which `env` puts addresses together.

    Render replaces variables in it, and what it makes of quotes is not said: there are none.
    """
    words = ["env", *facts.before_start, *service.command.value]
    return Entry(" ".join(words), comment=PUT_TOGETHER, why=service.command.why)


def _ending(service: Service) -> dict[str, Value]:
    table = load("platforms/render")
    if service.grace_seconds <= int(table["shutdown_seconds"]):
        return {}
    seconds = min(service.grace_seconds, int(table["longest_shutdown_seconds"]))
    return {"maxShutdownDelaySeconds": Entry(seconds, why=Why("signals", "as long as it may take to end its work"))}


def _disk(service: Service) -> dict[str, Value]:
    kept = [mount for mount in service.mounts if mount.is_volume]
    return {"disk": Entry({"name": kept[0].source, "mountPath": kept[0].target}, why=kept[0].why)} if kept else {}


def _deployed(stack: Stack, service: Service) -> dict[str, Value]:
    """Say what starts a deployment: changes to what the image is made from, when all checks have passed."""
    apart = {job.name for job in stack.jobs_apart}
    waits = any(need.name in apart for need in service.needs)
    trigger = {"autoDeployTrigger": Entry("off", why=BY_HAND)} if waits else when_checked(stack)
    return {**trigger, **build_filter(service.image)}


def build_filter(image: Image) -> dict[str, Value]:
    return {"buildFilter": Entry({"paths": list(hosted.closure(image))}, why=CHANGES)}


def _variables(facts: Told) -> dict[str, Value]:
    if not facts.entries:
        return {}
    return {"envVars": Entry(list(facts.entries), comment=facts.wanted)}


def _apart(stack: Stack, job: Service) -> dict[str, Value]:
    facts = told(stack, job)
    found: dict[str, Value] = {"type": "cron", "name": named_there(stack, job.name)}
    found |= _image(stack, job)
    again = Why("render", "a cron job needs a time: it runs then, too")
    found["schedule"] = Entry(DAILY, why=again)
    return {**found, **when_checked(stack), **build_filter(job.image), **_variables(facts)}


def _apart_comment(stack: Stack) -> str:
    waiting = {job.name for job in stack.jobs_apart}
    names = [each.name for each in hosted.running(stack) if any(need.name in waiting for need in each.needs)]
    after = f", then deploy {' and '.join(names)}" if names else ""
    return (
        f"Runs before the others, in an image of its own: after a change, Trigger Run in the dashboard{after}."
        " A cron job needs a time: it runs each night, too."
    )
