"""Which services run Caddy, what their Caddyfiles say, and where those send requests."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bayplan.catalog.images import named
from bayplan.errors import BrokenFileError
from bayplan.formats.caddyfile_addresses import upstream
from bayplan.formats.caddyfile_lexer import Word
from bayplan.model.deployment import BuildStage, ComposeFile, DeployedService, Deployment, ImageFile, Mount
from bayplan.model.proxy import ProxyAddress, ProxyFile, ProxyRoute, ProxySite, ProxyUpstream
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import image_file, stage_of
from bayplan.rules.facts.layout import Layout, below
from bayplan.rules.facts.networks import kin
from bayplan.rules.facts.once import once
from bayplan.rules.facts.stages import base_name, environment_of
from bayplan.rules.facts.values import Values
from bayplan.source import At, Located

USUAL = "/etc/caddy/Caddyfile"
CONFIG = re.compile(r"--config[= ](\S+)")
OFFICIAL = re.compile(r"(?:docker\.io/)?(?:library/)?caddy")
VARIABLE = re.compile(r"\{(?:\$|env\.)(?P<name>\w+)(?::(?P<default>[^{}]*))?\}")
OF_AUTHORITIES = ("email", "acme_dns", "acme_ca", "cert_issuer")
DOMAIN = re.compile(r"DOMAIN|HOST_?NAME")
HTTPS = 443
UNREAD = ("configs", "secrets", "volumes_from", "extends.file")
NOT_PUBLIC = re.compile(
    r"(?:^|\.)(?:localhost|local|localdomain|internal|test|example|invalid|home\.arpa|lan|home|corp|dev\.local)$"
)


@dataclass(frozen=True)
class Front:
    """A service that runs Caddy, the Caddyfile that it reads, and the place that brings it there."""

    deployment: Deployment
    compose: ComposeFile
    service: DeployedService
    proxy: ProxyFile
    at: At
    layout: Layout | None = None
    stage: BuildStage | None = None

    @property
    def image(self) -> ImageFile | None:
        return self.layout.image if self.layout else None

    @cached_property
    def kin(self) -> tuple[DeployedService, ...]:
        """What the files beside its own say of it, too."""
        return kin(self.deployment, self.compose, self.service)

    @cached_property
    def image_name(self) -> Located[str] | None:
        """The public image it runs, or that its own is built on."""
        if self.image is not None and self.stage is not None:
            return Located(base_name(self.image, self.stage), self.image.lineage(self.stage)[0].base.at)
        return next((each.image for each in self.kin if each.image is not None), None)

    @property
    def is_official(self) -> bool:
        """Whether it is Caddy's own image, or one that is built on it."""
        return self.image_name is not None and bool(OFFICIAL.fullmatch(named(self.image_name.value)[0]))

    @cached_property
    def mounts(self) -> tuple[Mount, ...]:
        return tuple(mount for each in self.kin for mount in each.mounts)

    def brings(self, path: str) -> bool:
        """Say whether a mount or its own image may put something at or below a path; what cannot be told may."""
        if any("$" in mount.target or _meet(path, mount.target) for mount in self.mounts):
            return True
        if any(key.startswith(UNREAD) for each in self.kin for key in each.settings):
            return True
        if self.layout is None or self.stage is None:
            return not self.is_official or any(each.context is not None for each in self.kin)
        steps = self.layout.image.instructions(self.stage, "COPY", "ADD", "RUN")
        if any(each.word == "RUN" or each.flag("from") is not None for each in steps):
            return True
        return any(_meet(path, piece.target) for piece in self.layout.pieces(self.stage))

    def given(self, name: str) -> Located[str] | None:
        """Return what a variable is given, as it is written."""
        said = (each.environment.get(name) for each in self.kin)
        found = next((each for each in said if each is not None), None)
        if found is None and self.image is not None and self.stage is not None:
            value = environment_of(self.image, self.stage).get(name)
            return Located(value, self.stage.at) if value is not None else None
        return found

    def filled(self, text: str) -> str | None:
        """Return a text with its variables filled in as the service has them; None when one is not known."""
        unknown = False

        def value(match: re.Match[str]) -> str:
            nonlocal unknown
            given = self.given(match["name"])
            said = Values(self.deployment, self.service).text(given.value) if given else match["default"]
            unknown = unknown or not said
            return said or ""

        done = VARIABLE.sub(value, text)
        return None if unknown or "{" in done else done


def _meet(one: str, other: str) -> bool:
    other = other.rstrip("/") or "/"
    return below(one, other) is not None or below(other, one) is not None


@dataclass(frozen=True, slots=True)
class Sent:
    """Requests that a front sends on: to which host and port, as far as that can be told."""

    front: Front
    site: ProxySite
    route: ProxyRoute
    upstream: ProxyUpstream


@once
def fronts(workspace: Workspace, deployment: Deployment) -> tuple[Front, ...]:
    """Return every service that is known to run Caddy with a Caddyfile of the repository."""
    if not deployment.proxies:
        return ()
    found = (
        _front(workspace, deployment, compose, service)
        for compose in deployment.composes
        for service in compose.services
    )
    return tuple(each for each in found if each is not None)


def _front(
    workspace: Workspace, deployment: Deployment, compose: ComposeFile, service: DeployedService
) -> Front | None:
    files = {each.path: each for each in deployment.proxies}
    image = next((each for one in kin(deployment, compose, service) if (each := image_file(deployment, one))), None)
    stage = stage_of(image, service) if image else None
    context = next((one.context for one in kin(deployment, compose, service) if one.context), None)
    layout = Layout(workspace, image, context.value) if image and stage and context else None
    config = config_path(service)
    for mount in service.mounts:
        source = mounted(deployment, compose, service, mount, config)
        if source in files:
            return Front(deployment, compose, service, files[source], mount.at, layout, stage)
    for origin in layout.origins(stage, config) if layout and stage else ():
        if origin in files and stage is not None:
            return Front(deployment, compose, service, files[origin], stage.at, layout, stage)
    return None


def config_path(service: DeployedService) -> str:
    """Return the path of the Caddyfile inside a service that runs Caddy."""
    match = CONFIG.search(" ".join(service.command.value)) if service.command else None
    return match[1] if match and match[1].startswith("/") else USUAL


def mounted(
    deployment: Deployment, compose: ComposeFile, service: DeployedService, mount: Mount, path: str
) -> str | None:
    """Return the file of the repository that a bind mount puts at a path of the container."""
    inner = below(path, mount.target.rstrip("/") or "/") if mount.kind == "bind" else None
    source = Values(deployment, service).text(mount.source) if inner is not None else None
    if inner is None or source is None or source.startswith(("/", "~")):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(compose.path), source, inner))


@once
def sent(front: Front) -> tuple[Sent, ...]:
    """Return where a front sends requests, each variable filled in."""
    return tuple(_sent(front))


def _sent(front: Front) -> Iterator[Sent]:
    for site in front.proxy.sites:
        for route in (*site.routes, *site.errors):
            for each in route.upstreams:
                known = _filled(front, each)
                if known is not None and known.scheme != "unix" and "{" not in known.host:
                    yield Sent(front, site, route, known)


def _filled(front: Front, each: ProxyUpstream) -> ProxyUpstream | None:
    if not VARIABLE.search(each.written):
        return each
    text = front.filled(each.written)
    try:
        return upstream(Word(text, each.at, first=False), each.scheme) if text else None
    except BrokenFileError:
        return None


def is_public(address: ProxyAddress) -> bool:
    """Say whether an address is a name for which Caddy asks a public authority for a certificate."""
    host = address.host
    if address.scheme != "https" or not host or "{" in host or ":" in host or "." not in host:
        return False
    return not re.fullmatch(r"[\d.]+", host) and not NOT_PUBLIC.search(host)


def is_meant_for_public(front: Front, site: ProxySite, address: ProxyAddress) -> bool:
    """Say the same of an address that a variable holds: what authorities are told, or its name, shows it."""
    if "{" not in address.host:
        return is_public(address)
    told = any(front.proxy.option(name) for name in OF_AUTHORITIES) or (site.tls and (site.tls.email or site.tls.dns))
    published = any(port.container == HTTPS for each in front.kin for port in each.published)
    named = published and DOMAIN.search(address.host)
    return bool(told or named) and address.scheme == "https" and address.port in (None, HTTPS)


def automatic(front: Front) -> list[ProxyAddress]:
    """Return the addresses whose certificates Caddy gets and keeps by itself."""
    option = front.proxy.option("auto_https")
    if (option is not None and option.text.startswith(("off", "disable_certs"))) or front.proxy.option("local_certs"):
        return []
    return [
        address
        for site in front.proxy.sites
        if site.tls is None or not (site.tls.internal or site.tls.certificate)
        for address in site.addresses
        if is_meant_for_public(front, site, address)
    ]
