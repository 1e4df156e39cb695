"""What the chosen platforms cannot express of a stack, and the nearest way there: none of it is dropped in silence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bayplan.catalog import load
from bayplan.model.front import Proxy, Site, TlsKind
from bayplan.model.image import Image, Run
from bayplan.model.parts import Asked, Binding, Condition, Note
from bayplan.model.stack import Role, Service, Stack, Store
from bayplan.model.values import bindings_of
from bayplan.passes import git_ignored

WAITED_FOR = (Condition.HEALTHY, Condition.STARTED)
LONG = 300
"""The seconds that platforms wait for a service to end, at most."""
KEEPS = "noeviction"
"""What a store is told that must never drop a job to make room."""


def with_limits(stack: Stack, ignored: Sequence[str]) -> Stack:
    """Return a stack with a note for everything that a platform its files are written for cannot do.

    `ignored` are the patterns of the root's .gitignore: values for platforms are filled in beside their templates.
    """
    hosts = platforms(stack.targets.chosen)
    notes = [note for platform, cannot in hosts.items() for note in _about(platform, cannot, stack)]
    return replace(stack, notes=(*stack.notes, *git_ignored.about_platforms(stack, ignored, [*hosts]), *notes))


def platforms(targets: Iterable[str]) -> dict[str, Mapping[str, Mapping[str, str]]]:
    """Return those targets that a stack runs on, each with what it cannot do."""
    tables = {target: load(f"platforms/{target}").get("cannot", {}) for target in targets}
    return {target: cannot for target, cannot in tables.items() if cannot}


def needs_server(targets: Iterable[str]) -> bool:
    """Say whether any of these runs programs alone, so that an app of files needs one that serves them."""
    return any(not load(f"platforms/{each}").get("serves_files", False) for each in platforms(targets))


def _about(platform: str, cannot: Mapping[str, Mapping[str, str]], stack: Stack) -> Iterator[Note]:
    """Yield what the table of a platform says of each trait that the stack has."""
    for trait, what in _traits(stack):
        if trait in cannot:
            entry = cannot[trait]
            yield Note(platform, f"{entry['text']}; {entry['instead']}".replace("{what}", what))


def _traits(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield what a stack asks for beyond programs that run, by the name it has in the tables, and what of it."""
    for trait, found in (
        ("hardening", (each.name for each in stack.services)),
        ("order", (each.name for each in stack.services if _waits(each))),
        ("network", (each.name for each in stack.stores if not each.needs_outside)),
        ("init", (each.name for each in stack.services if each.init is not None)),
        ("apart", (each.name for each in stack.jobs_apart)),
        ("replicas", (f"{each.replicas} of {each.name}" for each in stack.services if _has_others(each))),
        ("off", (each.name for each in stack.services if each.replicas == 0)),
        ("long", (f"{each.grace_seconds} s of {each.name}" for each in stack.services if each.grace_seconds > LONG)),
        ("kept", _kept(stack.services)),
        ("files", (each.name for each in stack.services if each.role.value is Role.FILES)),
        ("pulled", (own.name for own in stack.built if own.pulled is not None)),
        ("secrets", (each.name for each in stack.build_secrets)),
        ("json", ("railway.json",) if stack.targets.railway is not None and stack.targets.railway.json else ()),
        ("caches", (own.name for own in stack.built if _has_caches(own.image))),
        ("queues", (each.name for each in stack.stores if any(KEEPS in str(word) for word in each.command))),
        ("stores", (each.name for each in stack.stores)),
        ("local", _published(stack, is_local=True)),
        ("open", _published(stack, is_local=False)),
        ("backups", stack.backups.stores if stack.backups is not None else ()),
        *_of_proxy(stack.proxy),
    ):
        what = _list(found)
        if what:
            yield trait, what


def _of_proxy(proxy: Proxy | None) -> Iterator[tuple[str, Iterable[str]]]:
    if proxy is None:
        return
    named = [(site, host) for site in proxy.sites for host in site.hosts]
    yield "refused", (f"{path} of {site.hosts[0]}" for site in proxy.sites for path in site.refused)
    yield "redirects", (f"{path or '/'} of {site.hosts[0]}" for site in proxy.sites for path, _ in site.redirects)
    yield "headers", (f"{name} of {site.hosts[0]}" for site in proxy.sites for name, _ in site.headers)
    yield "paths", (f"{path} of {site.hosts[0]}" for site in proxy.sites for path in _elsewhere(site))
    yield "wildcards", (host for _, host in named if host.startswith("*"))
    yield "unknown", (host for _, host in named if "$" in host)
    yield "certificate", [proxy.tls.certificate] if proxy.tls.kind is TlsKind.FILES else []
    yield "signed", [host for _, host in named] if proxy.tls.kind is TlsKind.INTERNAL else []
    yield "address", dict.fromkeys(_address(each) for each in proxy.bindings if each.address and not each.is_local)


def _waits(service: Service) -> bool:
    """Say whether a service that goes on running waits for another one that does."""
    return service.role.value is not Role.JOB and any(need.condition in WAITED_FOR for need in service.needs)


def _has_others(service: Service) -> bool:
    """Say whether more than one of a service runs, or none, wherever it runs: what keeps files is one on a platform."""
    return service.replicas != 1 and not any(mount.is_volume for mount in service.mounts)


def _has_caches(image: Image) -> bool:
    steps = [step for stage in image.stages for step in stage.steps]
    return any(isinstance(step, Run) and step.caches for step in steps)


def _elsewhere(site: Site) -> Iterator[str]:
    """Yield the paths of a site that another service answers than the one that answers the rest."""
    return (answer.path for answer in site.answers if answer.path)


def _kept(services: Iterable[Service]) -> Iterator[str]:
    for service in services:
        if service.role.value is not Role.FILES:
            yield from (f"{mount.target} of {service.name}" for mount in service.mounts if mount.is_volume)


def _published(stack: Stack, *, is_local: bool) -> Iterator[str]:
    """Yield the ports that only the machine itself reaches, or those besides the web that the world does."""
    owners: list[Service | Store] = [*stack.services, *stack.stores]
    for owner in owners:
        for binding in bindings_of(owner):
            if binding.is_local is is_local and (is_local or isinstance(owner, Store)):
                port = binding.inside or (owner.port if isinstance(owner, Store) else binding.port)
                yield f"{owner.name} {port}" + ("/udp" if binding.protocol == "udp" else "")


def _address(binding: Binding) -> str:
    return f"${{{binding.address.name}}}" if isinstance(binding.address, Asked) else binding.address


def _list(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
