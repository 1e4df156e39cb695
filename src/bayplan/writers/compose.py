"""docker-compose.prod.yml: the whole stack on one machine."""

from collections.abc import Mapping

from bayplan.formats import compose
from bayplan.formats.compose import Entry, Value
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Asked, Condition, Given, Limits, Need, Role, Service, Stack, Store, Variable
from bayplan.model.stack import Value as Supplied
from bayplan.source import Why

PATH = "docker-compose.prod.yml"
PRIVATE = "data"
DOCKERS_GRACE = 10
RUNS_ALWAYS = Why("compose", "it comes back after a crash and after a restart of the machine")
RUNS_ONCE = Why("compose", "it runs to its end, once for each start of the stack")
CONDITIONS = {
    Condition.HEALTHY: "service_healthy",
    Condition.DONE: "service_completed_successfully",
    Condition.STARTED: "service_started",
}


def write(stack: Stack) -> dict[str, Rendered]:
    document: dict[str, Value] = {
        "name": stack.name,
        "services": {
            **{service.name: Entry(_service(stack, service), why=service.role.why) for service in stack.services},
            **{store.name: Entry(_store(store), why=store.why) for store in stack.stores},
        },
    }
    if stack.stores:
        why = Why("compose", "databases are reached by the services that use them, and by nobody else")
        document["networks"] = {PRIVATE: Entry({"internal": True}, why=why)}
        document["volumes"] = {store.volume: Entry(None, why=store.why) for store in stack.stores}
    if stack.build_secrets:
        document["secrets"] = {
            each.name: Entry({"environment": each.name}, why=each.why) for each in stack.build_secrets
        }
    return {PATH: compose.render(document)}


def interpolated(value: Supplied) -> str | None:
    """Return a value as compose reads it; None passes a variable through only when it is set."""
    if isinstance(value, Given):
        return _literal(value.text)
    if isinstance(value, Asked):
        if value.default is not None:
            return f"${{{value.name}:-{_literal(value.default)}}}"
        return f"${{{value.name}:?see .env.example}}" if value.required else None
    return "".join(interpolated(part) or f"${{{getattr(part, 'name', '')}:-}}" for part in value.parts)


def _service(stack: Stack, service: Service) -> dict[str, Value]:
    carrier = stack.service(service.image_of) if service.image_of else service
    found: dict[str, Value] = {"image": f"{stack.name}-{carrier.name if carrier else service.name}"}
    if service.image_of is None:
        found["build"] = _build(service)
    else:
        found["pull_policy"] = Entry("never", why=Why("compose", f"its image is built here, for {service.image_of}"))
    if service.init is not None:
        found["init"] = Entry(value=True, why=service.init)
    if service.workdir:
        found["working_dir"] = _literal(service.workdir)
    if service.image_of is not None:
        found["command"] = Entry(
            [_literal(word) for word in service.command.value], why=service.command.why, in_line=True
        )
    environment = {
        each.name: Entry(interpolated(each.value), why=each.why) for each in service.variables if not each.at_build
    }
    if environment:
        found["environment"] = environment
    if service.binding is not None and service.port is not None:
        address = f"{service.binding.address}:" if service.binding.address else ""
        found["ports"] = [Entry(f"{address}{service.binding.port}:{service.port.value}", why=service.binding.why)]
    if any(need.name in {store.name for store in stack.stores} for need in service.needs):
        why = Why("compose", "it uses a database, and what is outside")
        found["networks"] = Entry(
            ["default", PRIVATE] if service.role.value is not Role.JOB else [PRIVATE], why=why, in_line=True
        )
    found |= _waits(service.needs)
    again = RUNS_ONCE if service.role.value is Role.JOB else RUNS_ALWAYS
    found["restart"] = Entry("no" if service.role.value is Role.JOB else "unless-stopped", why=again)
    if service.grace_seconds != DOCKERS_GRACE:
        found["stop_grace_period"] = f"{service.grace_seconds}s"
    return {**found, **_hardened(service.tmpfs), **_limited(service.limits)}


def _build(service: Service) -> dict[str, Value]:
    found: dict[str, Value] = {
        "context": _literal(service.image.context),
        "dockerfile": _literal(service.image.dockerfile),
    }
    arguments = {
        each.name: Entry(interpolated(each.value), why=each.why) for each in service.variables if each.at_build
    }
    if arguments:
        found["args"] = arguments
    if service.image.secrets:
        why = Why("registries", "its installs read them; no layer keeps them")
        found["secrets"] = Entry(list(service.image.secrets), why=why, in_line=True)
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


def _limited(limits: Limits) -> dict[str, Value]:
    most: dict[str, Value] = {"cpus": str(limits.cpus), "memory": f"{limits.memory_mb}M", "pids": limits.pids}
    logs = Why("compose", "Docker's own default never shortens a log, and fills the disk")
    return {
        "deploy": Entry({"resources": {"limits": most}}, why=Why("limits", "one service cannot starve the others")),
        "logging": Entry({"driver": "local"}, why=logs),
    }


def _store(store: Store) -> dict[str, Value]:
    found: dict[str, Value] = {"image": Entry(store.image.value, why=store.image.why)}
    if store.command:
        settings = Why(
            "catalog", "kept on disk, and refusing writes before memory runs out: a queue must not lose jobs"
        )
        found["command"] = Entry([_word(word) for word in store.command], why=settings, in_line=True)
    if store.variables:
        found["environment"] = _environment(store.variables)
    found["volumes"] = [f"{store.volume}:{store.data}"]
    found["networks"] = Entry([PRIVATE], in_line=True)
    found["healthcheck"] = Entry(
        {
            "test": Entry(["CMD", *store.health.command], in_line=True),
            "interval": "30s",
            "timeout": "5s",
            "start_period": "60s",
            "start_interval": "1s",
        },
        why=store.health.why,
    )
    found["restart"] = Entry("unless-stopped", why=RUNS_ALWAYS)
    if store.shared_memory_mb:
        found["shm_size"] = f"{store.shared_memory_mb}m"
    found["stop_grace_period"] = f"{store.grace_seconds}s"
    return {**found, **_hardened(store.tmpfs, store.capabilities), **_limited(store.limits)}


def _word(word: str | Asked) -> str:
    return _literal(word) if isinstance(word, str) else interpolated(word) or ""


def _literal(text: str) -> str:
    """Return a text in which compose replaces nothing."""
    return text.replace("$", "$$")


def _environment(variables: tuple[Variable, ...]) -> Mapping[str, Value]:
    return {each.name: Entry(interpolated(each.value), why=each.why) for each in variables}
