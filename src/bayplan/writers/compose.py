"""The compose file of an environment: the whole stack on one machine."""

import posixpath
from collections.abc import Iterable, Mapping

from bayplan.formats import compose
from bayplan.formats.compose import Entry, Value
from bayplan.model.front import Proxy
from bayplan.model.image import Image
from bayplan.model.parts import Asked, Binding, Condition, Given, Health, Limits, Mount, Need, Variable
from bayplan.model.parts import Value as Supplied
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.source import Why

INTERNAL = "internal"
PUBLIC = "public"
STORES = "stores"
DEFAULT = "default"
DOCKERS_GRACE = 10
OUTWARD = Why("compose", "what the world may reach, and what needs the world")
APART = Why("compose", "a way out for the databases that need one; no service is in it")
RUNS_ALWAYS = Why("compose", "it comes back after a crash and after a restart of the machine")
UNCHECKED = Why("compose", "the check of its image asks a server, which it is not")
RUNS_ONCE = Why("compose", "it runs to its end, once for each start of the stack")
CONDITIONS = {
    Condition.HEALTHY: "service_healthy",
    Condition.DONE: "service_completed_successfully",
    Condition.STARTED: "service_started",
}


def write(stack: Stack) -> dict[str, Rendered]:
    document: dict[str, Value] = {
        "name": stack.project_name,
        "services": {
            **({stack.proxy.name: Entry(_proxy(stack, stack.proxy), why=stack.proxy.why)} if stack.proxy else {}),
            **{service.name: Entry(_service(stack, service), why=service.role.why) for service in stack.services},
            **{store.name: Entry(_store(stack, store), why=store.why) for store in stack.stores},
        },
    }
    if stack.stores:
        why = Why("compose", "databases are reached by the services that use them, and by nobody else")
        document["networks"] = {
            **({PUBLIC: Entry(None, why=OUTWARD)} if stack.proxy else {}),
            INTERNAL: Entry({"internal": True}, why=why),
            **({STORES: Entry(None, why=APART)} if any(_is_joined(store) for store in stack.stores) else {}),
        }
    if volumes := _volumes(stack):
        document["volumes"] = volumes
    if stack.build_secrets:
        document["secrets"] = {
            each.name: Entry({"environment": each.name}, why=each.why) for each in stack.build_secrets
        }
    return {stack.compose: compose.render(document)}


def _volumes(stack: Stack) -> dict[str, Value]:
    found: dict[str, Value] = {store.volume: Entry(None, why=store.why) for store in stack.stores}
    parts = (*stack.services, *((stack.proxy,) if stack.proxy else ()))
    mounts = [mount for part in parts for mount in part.mounts if mount.is_volume]
    return found | {mount.source: Entry(None, why=mount.why) for mount in mounts if mount.source not in found}


def interpolated(value: Supplied, documented: str = ".env.example") -> str | None:
    """Return a value as compose reads it; None passes a variable through only when it is set."""
    if isinstance(value, Given):
        return _literal(value.text)
    if isinstance(value, Asked):
        if value.default is not None:
            return f"${{{value.name}:-{_literal(value.default)}}}"
        return f"${{{value.name}:?see {documented}}}" if value.required else None
    return "".join(interpolated(part, documented) or f"${{{getattr(part, 'name', '')}:-}}" for part in value.parts)


def _service(stack: Stack, service: Service) -> dict[str, Value]:
    found = _image(stack, service)
    if service.init is not None:
        found["init"] = Entry(value=True, why=service.init)
    if service.workdir:
        found["working_dir"] = _literal(service.workdir)
    if service.image_of is not None:
        words: list[Value] = [_literal(word) for word in service.command.value]
        found["command"] = Entry(words, why=service.command.why, in_line=True)
        carrier = stack.service(service.image_of)
        if carrier is not None and carrier.health is not None:
            found["healthcheck"] = Entry({"disable": True}, why=UNCHECKED)
    found |= _environment(stack, [each for each in service.variables if not each.at_build])
    found |= _ports((service.binding,) if service.binding else (), service.port.value if service.port else 0, stack)
    found |= _mounted(stack, service.mounts)
    found |= _networks(stack, service)
    found |= _waits(service.needs)
    found["restart"] = Entry("no" if service.ends else "unless-stopped", why=RUNS_ONCE if service.ends else RUNS_ALWAYS)
    if service.grace_seconds != DOCKERS_GRACE:
        found["stop_grace_period"] = f"{service.grace_seconds}s"
    return {**found, **_hardened(service.tmpfs), **_limited(service.limits, service.replicas)}


def _image(stack: Stack, service: Service) -> dict[str, Value]:
    """Say where the image comes from: pulled by its tag, built here, or built here for another service."""
    if service.pulled is not None:
        return {"image": interpolated(service.pulled, stack.env_example)}
    found: dict[str, Value] = {"image": f"{stack.project_name}-{service.image_of or service.name}"}
    if service.image_of is not None:
        found["pull_policy"] = Entry("never", why=Why("compose", f"its image is built here, for {service.image_of}"))
    else:
        found["build"] = _build(stack, service.image, [each for each in service.variables if each.at_build])
    return found


def _relative(path: str, folder: str) -> str:
    """Return a path of the repository as seen from one of its folders."""
    return posixpath.relpath(f"/{path}", f"/{folder}")


def _networks(stack: Stack, service: Service) -> dict[str, Value]:
    """Connect a service to the outside, and to the databases that it uses; a job has no business outside."""
    if service.role.value is Role.FILES:
        return {"network_mode": Entry("none", why=Why("compose", "it hands its files over and talks to nobody"))}
    uses = any(need.name in {store.name for store in stack.stores} for need in service.needs)
    if uses and service.role.value is Role.JOB:
        return {"networks": Entry([INTERNAL], why=Why("compose", "it uses a database, and nothing else"), in_line=True)}
    if uses:
        why = Why("compose", "it uses a database, and what is outside")
        return {"networks": Entry([_outward(stack), INTERNAL], why=why, in_line=True)}
    return {"networks": Entry([PUBLIC], why=OUTWARD, in_line=True)} if _outward(stack) == PUBLIC else {}


def _outward(stack: Stack) -> str:
    return PUBLIC if stack.proxy and stack.stores else DEFAULT


def _ports(bindings: Iterable[Binding], usual: int, stack: Stack) -> dict[str, Value]:
    ports: list[Value] = []
    for each in bindings:
        address = each.address if isinstance(each.address, str) else interpolated(each.address, stack.env_example)
        before = f"{address}:" if address else ""
        after = "" if each.protocol == "tcp" else f"/{each.protocol}"
        ports.append(Entry(f"{before}{each.port}:{each.inside or usual}{after}", why=each.why))
    return {"ports": ports} if ports else {}


def _mounted(stack: Stack, mounts: Iterable[Mount]) -> dict[str, Value]:
    found: list[Value] = []
    for each in mounts:
        source = each.source if each.is_volume else _literal(_from(stack, each.source))
        found.append(Entry(f"{source}:{each.target}{':ro' if each.read_only else ''}", why=each.why))
    return {"volumes": found} if found else {}


def _from(stack: Stack, path: str) -> str:
    """Return a path of the repository as the compose file names it."""
    relative = _relative(path, posixpath.dirname(stack.compose))
    return relative if relative.startswith("..") or relative == "." else f"./{relative}"


def _build(stack: Stack, image: Image, told: Iterable[Variable] = ()) -> dict[str, Value]:
    found: dict[str, Value] = {
        "context": _literal(_relative(image.context, posixpath.dirname(stack.compose))),
        "dockerfile": _literal(_relative(image.dockerfile, image.context)),
    }
    arguments = {each.name: Entry(interpolated(each.value, stack.env_example), why=each.why) for each in told}
    if arguments:
        found["args"] = arguments
    if image.secrets:
        why = Why("registries", "its installs read them; no layer keeps them")
        found["secrets"] = Entry(list(image.secrets), why=why, in_line=True)
    return found


def _waits(needs: tuple[Need, ...]) -> dict[str, Value]:
    if not needs:
        return {}
    return {"depends_on": {need.name: Entry({"condition": CONDITIONS[need.condition]}, why=need.why) for need in needs}}


def _hardened(tmpfs: tuple[str, ...], capabilities: tuple[str, ...] = ()) -> dict[str, Value]:
    found: dict[str, Value] = {"read_only": Entry(value=True, why=Why("compose", "nobody can leave anything behind"))}
    if tmpfs:
        found["tmpfs"] = Entry([_literal(path) for path in tmpfs], why=Why("compose", "it writes here, for a while"))
    found["cap_drop"] = Entry(["ALL"], why=Why("compose", "it needs no privilege of the kernel"), in_line=True)
    if capabilities:
        because = "its image starts as root, owns its data and steps down"
        found["cap_add"] = Entry(list(capabilities), why=Why("compose", because), in_line=True)
    rises = Why("compose", "no program in it can gain privileges")
    found["security_opt"] = Entry(["no-new-privileges:true"], why=rises, in_line=True)
    return found


def _limited(limits: Limits, replicas: int = 1) -> dict[str, Value]:
    most: dict[str, Value] = {"cpus": str(limits.cpus), "memory": f"{limits.memory_mb}M", "pids": limits.pids}
    logs = Why("compose", "Docker's own default never shortens a log, and fills the disk")
    deploy: dict[str, Value] = {"replicas": replicas} if replicas != 1 else {}
    deploy["resources"] = {"limits": most}
    return {
        "deploy": Entry(deploy, why=Why("limits", "one service cannot starve the others")),
        "logging": Entry({"driver": "local"}, why=logs),
    }


def _store(stack: Stack, store: Store) -> dict[str, Value]:
    found: dict[str, Value] = {"image": Entry(store.image.value, why=store.image.why)}
    if store.user:
        found["user"] = Entry(store.user, why=Why("catalog", "its image would start as root"))
    if store.command:
        settings = Why("catalog", "how it keeps its data, and what it does before memory runs out")
        words = [_word(word) for word in store.command]
        found["command"] = Entry(words, why=settings, in_line=not any("\n" in word for word in words))
    found |= _environment(stack, store.variables)
    found |= _ports(store.bindings, store.port, stack)
    found["volumes"] = [f"{store.volume}:{store.data}"]
    joined: list[Value] = [INTERNAL, STORES] if _is_joined(store) else [INTERNAL]
    because = "without a way out its ports could not be published" if _is_joined(store) else "only for those who use it"
    found["networks"] = Entry(joined, why=Why("compose", because), in_line=True)
    found["healthcheck"] = _checked(store.health)
    found["restart"] = Entry("unless-stopped", why=RUNS_ALWAYS)
    if store.shared_memory_mb:
        found["shm_size"] = f"{store.shared_memory_mb}m"
    if store.stop_signal:
        found["stop_signal"] = store.stop_signal
    found["stop_grace_period"] = f"{store.grace_seconds}s"
    return {**found, **_hardened(store.tmpfs, store.capabilities), **_limited(store.limits)}


def _is_joined(store: Store) -> bool:
    """Say whether a store needs a network with a way out: one without publishes no port."""
    return store.needs_outside or bool(store.bindings)


def _proxy(stack: Stack, proxy: Proxy) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if proxy.pulled is not None:
        found["image"] = interpolated(proxy.pulled, stack.env_example)
    elif proxy.image is not None:
        found["image"] = f"{stack.project_name}-{proxy.name}"
        found["build"] = _build(stack, proxy.image)
    else:
        found["image"] = Entry(proxy.base.value, why=proxy.base.why)
    found |= _environment(stack, proxy.variables)
    found |= _ports(proxy.bindings, 0, stack)
    found |= _mounted(stack, proxy.mounts)
    if _outward(stack) == PUBLIC:
        found["networks"] = Entry([PUBLIC], why=OUTWARD, in_line=True)
    found["healthcheck"] = _checked(proxy.health)
    found |= _waits(proxy.needs)
    found["restart"] = Entry("unless-stopped", why=RUNS_ALWAYS)
    if proxy.grace_seconds != DOCKERS_GRACE:
        found["stop_grace_period"] = f"{proxy.grace_seconds}s"
    return {**found, **_hardened(proxy.writable, proxy.capabilities), **_limited(proxy.limits)}


def _checked(health: Health) -> Value:
    return Entry(
        {
            "test": Entry(["CMD", *(_literal(word) for word in health.command)], in_line=True),
            "interval": "30s",
            "timeout": f"{health.seconds}s",
            "start_period": "60s",
            "start_interval": "1s",
        },
        why=health.why,
    )


def _word(word: str | Asked) -> str:
    return _literal(word) if isinstance(word, str) else interpolated(word) or ""


def _literal(text: str) -> str:
    """Return a text in which compose replaces nothing."""
    return text.replace("$", "$$")


def _environment(stack: Stack, variables: Iterable[Variable]) -> dict[str, Value]:
    found: Mapping[str, Value] = {
        each.name: Entry(interpolated(each.value, stack.env_example), why=each.why) for each in variables
    }
    return {"environment": found} if found else {}
