"""fly.<service>.toml: an app on Fly.io for each service, each store, and each job with an image of its own."""

import posixpath
import shlex
from collections.abc import Sequence

from bayplan.formats import toml_writer
from bayplan.formats.yaml_writer import Entry, Value
from bayplan.model.image import Environment
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Role, Service, Stack
from bayplan.source import Why
from bayplan.writers import fly_apps, fly_parts, fly_stores, hosted

BUILT = Why("fly", "flyctl looks for the path from the folder of this file")
RELEASE = Why("fly", "it runs once, in the new image; when it fails, the old version stays")
STARTS = Why("fly", "it may take that long to start, and Fly gives a deployment up after 5 minutes")
TOLD = Why("fly", "what is no secret; a secret of the same name goes before it")
PUBLIC = Why("fly", "the world reaches it through Fly's proxy, by https alone")
SLEEPS = Why("fly", "Machines beyond these sleep while there is little to do, and wake by themselves")
AWAKE = Why("fly", "the first request never waits for a start")
WORKS = Why("fly", "it has a process and nothing that listens: nobody asks it for anything")
BOTH = Why("fly", "Fly's proxy calls it by IPv4, and the other apps by IPv6")
ONCE = Why("fly", "with --update-only it runs in a Machine that goes away, and no other is made")
ANY_IPV4, ANY_IPV6 = "0.0.0.0", "::"  # noqa: S104 - what an image listens on


def write(stack: Stack) -> dict[str, Rendered]:
    running, jobs = fly_apps.running(stack), stack.jobs_apart
    if stack.targets.fly is None or not (running or jobs):
        return {}
    documents: dict[str, dict[str, Value]] = {
        **{each.name: _service(stack, each) for each in running},
        **{each.name: _job(stack, each) for each in jobs},
        **{each.name: fly_stores.store(stack, each) for each in stack.stores},
    }
    return {
        fly_apps.path(stack, name): toml_writer.render(
            Entry(document, comment=_heading(stack, name), why=fly_parts.HERE)
        )
        for name, document in documents.items()
    }


def _heading(stack: Stack, name: str) -> str:
    """Say how it is deployed, and what it must be told before."""
    lines = [f"Deployed from the root of the repository: {shlex.join(fly_apps.deploy(stack, name))}"]
    if names := fly_apps.set_before(stack, name):
        lines.append(f"Told before, by `fly secrets import --app {fly_apps.app(stack, name)}`: {', '.join(names)}")
    return "\n".join(lines)


def _service(stack: Stack, service: Service) -> dict[str, Value]:
    found = {**fly_parts.top(stack, service.name), **fly_parts.stops(service.grace_seconds)}
    found["build"] = _build(stack, service)
    if deploy := _deploy(stack, service):
        found["deploy"] = deploy
    if told := _told(stack, service):
        found["env"] = Entry(told, why=TOLD)
    if service.role.value is Role.WORKER:
        command = Entry(shlex.join(service.command.value), why=service.command.why)
        found["processes"] = Entry({fly_parts.group(service.name): command}, why=WORKS)
    kept = [mount for mount in service.mounts if mount.is_volume]
    if kept:
        found["mounts"] = fly_parts.volume(kept[0], _left_out([mount.target for mount in kept[1:]]))
    found |= _listening(stack, service)
    found["vm"] = fly_parts.machine(service.limits)
    return found


def _deploy(stack: Stack, service: Service) -> Entry | None:
    found: dict[str, Value] = {}
    if release := hosted.release(stack, service):
        found["release_command"] = Entry(shlex.join(release), why=RELEASE)
    seconds = hosted.start_seconds(service)
    if seconds > fly_apps.table()["checks"]["waited_for_seconds"]:
        found["wait_timeout"] = Entry(f"{seconds}s", why=STARTS)
    return Entry(found, why=RELEASE if release else STARTS) if found else None


def _job(stack: Stack, job: Service) -> dict[str, Value]:
    """Return the app of a job that no other app's image can run: its command is run and nothing stays."""
    found = fly_parts.top(stack, job.name)
    found["build"] = _build(stack, job)
    found["deploy"] = Entry({"release_command": shlex.join(job.command.value)}, why=ONCE)
    if told := _told(stack, job):
        found["env"] = Entry(told, why=TOLD)
    found["vm"] = fly_parts.machine(job.limits)
    return found


def _build(stack: Stack, service: Service) -> Entry:
    folder = posixpath.dirname(fly_apps.path(stack, service.name))
    dockerfile = posixpath.relpath(f"/{service.image.dockerfile}", f"/{folder}")
    found: dict[str, Value] = {"dockerfile": Entry(dockerfile, why=BUILT)}
    arguments: dict[str, Value] = {
        each.name: Entry(text, why=each.why)
        for each in hosted.built_in(service)
        if (text := fly_apps.told(stack, each)) is not None
    }
    if arguments:
        found["args"] = Entry(arguments, comment=_asked_for(stack, service))
    return Entry(found, comment="" if arguments else _asked_for(stack, service), why=BUILT)


def _asked_for(stack: Stack, service: Service) -> str:
    """Say what the command line must give to a build."""
    asked = [each for each in hosted.built_in(service) if fly_apps.told(stack, each) is None]
    needed = ", ".join(each.name for each in asked if each.required)
    wanted = ", ".join(each.name for each in asked if not each.required)
    names = [*([needed] if needed else []), *([f"where it is wanted, {wanted}"] if wanted else [])]
    return f"Given to `fly deploy` by --build-arg NAME=value: {'; '.join(names)}" if names else ""


def _told(stack: Stack, service: Service) -> dict[str, Value]:
    found: dict[str, Value] = {
        each.name: Entry(text, comment=fly_apps.because(stack, each), why=each.why)
        for each in hosted.variables(stack, service)
        if (text := fly_apps.told(stack, each)) is not None
    }
    if fly_apps.is_reached(stack, service.name):
        found |= {name: Entry(ANY_IPV6, why=BOTH) for name in _bound_to_ipv4(service) if name not in found}
    return found


def _bound_to_ipv4(service: Service) -> list[str]:
    """Return the variables by which its image makes it listen on IPv4 alone."""
    steps = [step for step in service.image.stages[-1].steps if isinstance(step, Environment)]
    return [name for step in steps for name, text in step.values if text == ANY_IPV4]


def _left_out(targets: Sequence[str]) -> str:
    return f"A Machine mounts one volume: what is written to {', '.join(targets)} is gone with it." if targets else ""


def _listening(stack: Stack, service: Service) -> dict[str, Value]:
    """Return how the world reaches it, and how Fly sees that it works."""
    if service.port is None:
        return {}
    port = service.port.value
    path = service.health.path if service.health is not None else None
    if hosted.is_public(stack, service):
        return _public(stack, service, port, path)
    check = {"type": "http", "port": port, **fly_parts.http_check(path)} if path else fly_parts.port_check(port)
    return {"checks": {fly_parts.group(service.name): Entry(check, why=fly_parts.CHECKED)}}


def _public(stack: Stack, service: Service, port: int, path: str | None) -> dict[str, Value]:
    reached = fly_apps.is_reached(stack, service.name)
    awake = f"{fly_apps.host(stack, service.name)} leads to Machines that run, and wakes none." if reached else ""
    listens: dict[str, Value] = {
        "internal_port": Entry(port, why=service.port.why if service.port else PUBLIC),
        "force_https": True,
        "auto_stop_machines": Entry("stop", why=SLEEPS),
        "auto_start_machines": Entry(value=True, why=SLEEPS),
        "min_machines_running": Entry(max(1, service.replicas), comment=awake, why=AWAKE),
    }
    headers: dict[str, Value] = {
        name: Entry(text, why=site.why) for site in hosted.sites(stack, service) for name, text in site.headers
    }
    if headers:
        listens["http_options"] = {"response": {"headers": headers}}
    if path is None:
        check = Entry(fly_parts.port_check(port), why=fly_parts.CHECKED)
        return {"http_service": Entry(listens, why=PUBLIC), "checks": {fly_parts.group(service.name): check}}
    seconds = service.health.seconds if service.health else fly_parts.SECONDS
    listens["checks"] = [Entry(fly_parts.http_check(path, seconds), why=fly_parts.CHECKED)]
    return {"http_service": Entry(listens, why=PUBLIC)}
