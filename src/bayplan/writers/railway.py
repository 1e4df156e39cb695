"""The project on Railway as code: every service, its databases and volumes, and what they tell each other."""

import shlex
from collections.abc import Iterator

from bayplan.formats import typescript_writer
from bayplan.formats.rendering import Page
from bayplan.formats.typescript_writer import Call, Code, Entry, Value, literal
from bayplan.model.image import Image
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Role, Service, Stack
from bayplan.source import Why
from bayplan.writers import hosted, railway_json, railway_stores
from bayplan.writers.railway_project import (
    RETRIES,
    Names,
    Statement,
    deployed,
    from_context,
    health_seconds,
    names,
    path,
    settings,
    shared,
    watch_patterns,
)
from bayplan.writers.railway_variables import told

OVERLAP_SECONDS = 10
HOW = Why("railway", "how it is used")
CHANGES = Why("closure", "what its image is made from: other changes leave it as it runs")
PREPARED = Why("railway", "it runs in the new image while the old version answers; where it fails, nothing changes")
ANSWERED = Why("railway", "a version that does not answer by then is given up, and the old one stays")
RETRIED = Why("railway", "a crash that always comes back is for somebody to look at")
ENDED = Why("signals", "as long as it may take to end its work")
OVERLAPPED = Why("railway", "requests still reach the old version until everybody knows of the new one")
CHECKED = Why("github", "a version goes out when the workflows have passed")
APART = "Runs with each of its deployments, beside the others: Railway knows no order between services."
ONE_VOLUME = "Railway mounts one volume: {left} is gone with each deployment."


def write(stack: Stack) -> dict[str, Rendered]:
    if stack.targets.railway is None:
        return {}
    return {path(stack): _project(stack), **railway_json.write(stack)}


def _project(stack: Stack) -> Rendered:
    found = names(stack)
    services = [_service(stack, each, found) for each in deployed(stack)]
    statements = [*railway_stores.statements(stack, found), *services]
    page = Page()
    for text in _introduction(stack):
        page.write([f"// {text}"] if text.startswith(" ") else typescript_writer.comment(text), HOW)
    functions = {"defineRailway", "project"}.union(*(each.functions for each in statements))
    page.write([f'import {{ {", ".join(sorted(functions))} }} from "railway/iac";'])
    page.blank()
    context = "ctx" if shared(stack) or not stack.is_production else ""
    page.write([f"export default defineRailway(({context}) => {{"])
    _guard(page, stack)
    for each in statements:
        each.write(page)
        page.blank()
    resources = [Code(constant) for constant in (*found.volumes.values(), *found.of.values())]
    typescript_writer.write(page, {"resources": resources}, f"return project({literal(stack.name)}, ", ");", "  ")
    page.write(["});"])
    return page.rendered()


def _introduction(stack: Stack) -> Iterator[str]:
    """Yield the lines that say how the file is used, commands indented."""
    file = "" if stack.is_production else f" --file {path(stack)}"
    yield "The project on Railway. It needs the npm package `railway`; `railway link` names the project."
    yield f"  railway config plan{file}"
    yield f"  railway config apply{file}"
    yield "What is left out here is deleted there, variables too; `preserve()` keeps what Railway was told."
    public = [each for each in deployed(stack) if hosted.is_public(stack, each)]
    if public:
        yield "Public addresses are made once, before the first build, and other host names in the same way:"
    for service in public:
        port = f" --port {service.port.value}" if service.port is not None else ""
        for host in ("", *(f" {name}" for name in hosted.domains(stack, service) if "*" not in name)):
            yield f"  railway domain{host} --service {service.name}{port}"
    if common := sorted(shared(stack)):
        yield f"Shared variables, which the settings of the project hold: {', '.join(common)}"
    if settings(stack).repo is None:
        yield "Services have no source here: `railway up --service <name>` builds what lies in this folder."


def _guard(page: Page, stack: Stack) -> None:
    if stack.is_production:
        return
    why = Why("railway", "applied to another environment, it would delete what that one has")
    only = literal(f"this file is for the environment {stack.environment}")
    page.write([f"  if (!ctx.isEnvironment({literal(stack.environment)})) throw new Error({only});"], why)
    page.blank()


def _service(stack: Stack, service: Service, found: Names) -> Statement:
    role = service.role.value
    table: dict[str, Value] = _source(stack, service)
    table["build"] = _docker(service.image)
    if release := hosted.release(stack, service):
        table["preDeploy"] = Entry(shlex.join(release), why=PREPARED)
    if service.health is not None and service.health.path is not None and service.port is not None:
        table["healthcheck"] = Entry(service.health.path, why=service.health.why)
        table["healthcheckTimeout"] = Entry(health_seconds(service), why=ANSWERED)
    table |= _replicas(stack, service)
    table["deploy"] = _deploy(service)
    kept = [mount for mount in service.mounts if mount.is_volume]
    if kept:
        left = [mount.target for mount in kept[1:]]
        comment = ONE_VOLUME.format(left=", ".join(left)) if left else ""
        mounted = {kept[0].target: Code(found.volumes[kept[0].source])}
        table["volumeMounts"] = Entry(mounted, comment, kept[0].why)
    if variables := told(stack, service, found):
        table["env"] = variables
    comment = APART if role is Role.JOB else ""
    return Statement(found.of[service.name], "service", service.name, table, service.role.why, comment)


def _source(stack: Stack, service: Service) -> dict[str, Value]:
    """Say where its sources come from; without a repository only the folder in it that the image is built from."""
    repo, branch, folder = settings(stack).repo, settings(stack).branch, service.image.context
    if repo is None:
        return {} if folder == "." else {"rootDirectory": folder}
    options: dict[str, Value] = {}
    if branch is not None:
        options["branch"] = branch
    if folder != ".":
        options["rootDirectory"] = folder
    if stack.targets.github is not None:
        options["checkSuites"] = True
    why = CHECKED if stack.targets.github is not None else Why("bayplan.yaml", "bayplan.yaml names the repository")
    return {"source": Entry(Call("github", (repo, options) if options else (repo,)), why=why)}


def _docker(image: Image) -> dict[str, Value]:
    return {
        "builder": "DOCKERFILE",
        "dockerfilePath": Entry(from_context(image), why=Why("railway", "from the folder that it is built from")),
        "watchPatterns": watched(image),
    }


def watched(image: Image) -> Entry:
    """Return the patterns of what deploys a service when it changes; they begin at the root, whatever its folder is."""
    return Entry(list(watch_patterns(image)), why=CHANGES)


def _replicas(stack: Stack, service: Service) -> dict[str, Value]:
    """Say how many run, and where; Railway refuses more than one of what mounts a volume, and none at all."""
    is_one = any(mount.is_volume for mount in service.mounts)
    region, count = settings(stack).region, 1 if is_one else max(1, service.replicas)
    if region is not None:
        return {"replicas": Entry({region: count}, why=Why("bayplan.yaml", "bayplan.yaml names the region"))}
    return {"replicas": count} if count > 1 else {}


def _deploy(service: Service) -> dict[str, Value]:
    found: dict[str, Value] = {
        "restartPolicyType": "ON_FAILURE",
        "restartPolicyMaxRetries": Entry(RETRIES, why=RETRIED),
    }
    if service.ends:
        return found
    if service.port is not None:
        found["overlapSeconds"] = Entry(OVERLAP_SECONDS, why=OVERLAPPED)
    found["drainingSeconds"] = Entry(service.grace_seconds, why=ENDED)
    return found
