"""Which services of compose files find each other, and by which names."""

import posixpath
import re

from bayplan.model.deployment import ComposeFile, DeployedService, Deployment
from bayplan.rules.facts.once import once

DEFAULT = "default"
VARIABLE = re.compile(r"\$(?:\{[^}]*\}|\w+)")
NAMES = ("container_name", "hostname", "networks.", "domainname")
LINKS = ("links", "external_links", "extra_hosts")


@once
def beside(deployment: Deployment, compose: ComposeFile) -> tuple[ComposeFile, ...]:
    """Return a compose file and those in its folder, which may be used together with it."""
    folder = posixpath.dirname(compose.path)
    others = (each for each in deployment.composes if each is not compose)
    return compose, *(each for each in others if posixpath.dirname(each.path) == folder)


@once
def kin(deployment: Deployment, compose: ComposeFile, service: DeployedService) -> tuple[DeployedService, ...]:
    """Return everything that a file and those beside it say of a service, its own definition first."""
    same = (each for file in beside(deployment, compose) for each in file.services if each.name == service.name)
    return service, *(each for each in same if each is not service)


def networks(deployment: Deployment, compose: ComposeFile, service: DeployedService) -> frozenset[str]:
    """Return every network that a service can be on."""
    found = ([network.value for network in each.networks] or [DEFAULT] for each in kin(deployment, compose, service))
    return frozenset(name for names in found for name in names)


def has_strangers(deployment: Deployment, compose: ComposeFile, service: DeployedService) -> bool:
    """Say whether services that no file here names can be on the networks of a service."""
    mine = networks(deployment, compose, service)
    declared = (network for file in beside(deployment, compose) for network in file.networks)
    links = any(key.startswith("external_links") for key in service.settings)
    return links or any(network.shared and network.name in mine for network in declared)


def mode(deployment: Deployment, compose: ComposeFile, service: DeployedService) -> str:
    """Return the `network_mode` of a service; empty when it is on networks of its own."""
    said = (each.settings.get("network_mode") for each in kin(deployment, compose, service))
    return next((each.value for each in said if each is not None), "")


def is_inherited(service: DeployedService) -> bool:
    """Say whether another file, which is not read, says more about a service."""
    return "extends.file" in service.settings


def answering(deployment: Deployment, compose: ComposeFile, host: str) -> tuple[DeployedService, ...]:
    """Return the services that a host name leads to, those of the file itself first."""
    found = [each for file in beside(deployment, compose) for each in file.services if _answers(each, host.lower())]
    own = [each for each in found if each in compose.services]
    return tuple(own or found)


def _answers(service: DeployedService, host: str) -> bool:
    name = re.escape(service.name.lower())
    if host == service.name.lower() or re.fullmatch(rf"(?:tasks\.|[\w-]+_){name}|.*[-_]{name}[-_]\d+", host):
        return True
    return any(_may_be(each.value.lower(), host) for key, each in service.settings.items() if _is_name(key))


def _may_be(name: str, host: str) -> bool:
    """Say whether a name can be a host, whatever its variables hold."""
    return bool(re.fullmatch(".*".join(map(re.escape, VARIABLE.split(name))), host))


def _is_name(key: str) -> bool:
    return key.startswith(NAMES) and not key.endswith(("ipv4_address", "ipv6_address", "mac_address", "priority"))


def linked(service: DeployedService, host: str) -> bool:
    """Say whether a service is told by itself where a host name leads."""
    entries = (each.value for key, each in service.settings.items() if key.startswith(LINKS))
    keys = (key.rpartition(".")[2] for key in service.settings if key.startswith("extra_hosts."))
    return host in keys or any(host in re.split(r"[:=]", entry) for entry in entries)
