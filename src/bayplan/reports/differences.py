"""What differs between two stacks, as a person would say it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from bayplan.model.config import TargetsConfig
from bayplan.model.front import Proxy, Site, Tls
from bayplan.model.parts import Asked, Binding, Composed, Given, Limits, Value, Variable, fixed
from bayplan.model.stack import Service, Stack, Store

HIDDEN = "(secret)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing, and how it is in each; empty where it is not there."""

    what: str
    first: str
    second: str


def differences(first: Stack, second: Stack) -> tuple[Difference, ...]:
    """Return what is not the same in both, in the order of the stack."""
    left, right = dict(_facts(first)), dict(_facts(second))
    return tuple(
        Difference(what, left.get(what, ""), right.get(what, ""))
        for what in dict.fromkeys([*left, *right])
        if left.get(what, "") != right.get(what, "")
    )


def _facts(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield everything that an environment can change, by a name that reads as in `bayplan.yaml`."""
    yield "compose", stack.compose
    yield "env file", stack.env_file
    yield "project", stack.project_name
    if stack.proxy is not None:
        yield from _of_proxy(stack.proxy)
    for service in stack.services:
        yield from ((f"{service.name} {what}", text) for what, text in _of_service(service))
    for store in stack.stores:
        yield from ((f"{store.name} {what}", text) for what, text in _of_store(store))
    if stack.backups is not None:
        yield "backups to", stack.backups.to
        yield "backups kept", f"{stack.backups.keep_days} days"
        yield "backups at", stack.backups.at
        yield "backups of", ", ".join(stack.backups.stores)
    yield from _of_targets(stack.targets)


def _of_targets(targets: TargetsConfig) -> Iterator[tuple[str, str]]:
    for target in fields(targets):
        chosen = getattr(targets, target.name)
        if chosen is not None:
            said = {each.name: getattr(chosen, each.name) for each in fields(chosen)}
            usual = {each.name: each.default for each in fields(chosen)}
            told = [
                f"{name} {'' if value is True else value}".strip()
                for name, value in said.items()
                if value != usual[name]
            ]
            yield f"targets.{target.name}", ", ".join(told) or "as it comes"


def _of_service(service: Service) -> Iterator[tuple[str, str]]:
    yield "runs", str(service.role.value)
    yield "image", text_of(service.pulled) if service.pulled else f"built from {service.image.dockerfile}"
    yield "command", " ".join(service.command.value)
    yield (
        "published",
        published([service.binding] if service.binding else [], service.port.value if service.port else 0),
    )
    yield "replicas", str(service.replicas) if service.replicas != 1 else ""
    yield "limits", _limits(service.limits)
    yield "stops within", f"{service.grace_seconds}s"
    yield "waits for", ", ".join(f"{need.name} ({need.condition})" for need in service.needs)
    yield from _of_variables(service.variables)


def _of_store(store: Store) -> Iterator[tuple[str, str]]:
    yield "image", store.image.value
    yield "volume", store.volume
    yield "published", published(store.bindings, store.port)
    yield "limits", _limits(store.limits)
    yield from _of_variables(store.variables)


def _of_proxy(proxy: Proxy) -> Iterator[tuple[str, str]]:
    yield f"{proxy.name} image", text_of(proxy.pulled) if proxy.pulled else proxy.base.value
    yield f"{proxy.name} published", published(proxy.bindings, 0)
    yield f"{proxy.name} certificates", certificates(proxy.tls)
    yield f"{proxy.name} limits", _limits(proxy.limits)
    for site in proxy.sites:
        yield site.hosts[0], "; ".join(_site(site))


def certificates(tls: Tls) -> str:
    """Say in a few words where certificates come from."""
    return tls.certificate or (f"{tls.kind} through {tls.dns}" if tls.dns else str(tls.kind))


def _site(site: Site) -> Iterator[str]:
    if site.hosts[1:]:
        yield f"also {', '.join(site.hosts[1:])}"
    for answer in site.answers:
        yield f"{answer.path or 'all'} to {answer.service}"
    yield from besides(site)


def besides(site: Site) -> Iterator[str]:
    """Say what else is special about a site."""
    yield from (f"refuses {path}" for path in site.refused)
    yield from (f"{source or 'all'} moved to {to}" for source, to in site.redirects)
    yield from (f"{name}: {value}" for name, value in site.headers)


def _of_variables(variables: Sequence[Variable]) -> Iterator[tuple[str, str]]:
    for variable in variables:
        hidden = variable.secret and fixed(variable.value) is not None
        yield variable.name, HIDDEN if hidden else text_of(variable.value)


def published(bindings: Sequence[Binding], usual: int) -> str:
    """Say on which addresses and ports of the host something can be reached."""
    shown = []
    for each in bindings:
        address = text_of(each.address) if isinstance(each.address, Asked) else each.address
        protocol = "" if each.protocol == "tcp" else f"/{each.protocol}"
        inside = each.inside or usual
        behind = f" to {inside}" if inside != each.port else ""
        shown.append(f"{address or 'public'}:{each.port}{protocol}{behind}")
    return ", ".join(shown)


def _limits(limits: Limits) -> str:
    return f"{limits.memory_mb} MB, {limits.cpus:g} CPU"


def text_of(value: Value) -> str:
    """Return a value with what the operator gives as `${NAME}`."""
    if isinstance(value, Given):
        return value.text
    if isinstance(value, Composed):
        return "".join(text_of(part) for part in value.parts)
    return f"${{{value.name}}}" if value.default is None else f"${{{value.name}:-{value.default}}}"
