"""What the world reaches: host names to services, and where the certificates come from."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bayplan.catalog import load
from bayplan.errors import UsageError
from bayplan.model.config import Config, ProxyConfig, SiteConfig
from bayplan.model.front import Answer, Proxy, Site, Tls, TlsKind
from bayplan.model.image import Argument, Copy, Image, Run, Stage
from bayplan.model.parts import Asked, Binding, Condition, Health, Limits, Mount, Need, Note, Variable
from bayplan.model.stack import PRODUCTION, Role, Service
from bayplan.passes import images
from bayplan.passes.environments import Environment
from bayplan.passes.settings import megabytes, where
from bayplan.source import Fact, Why

LOCAL = "localhost"
HTTP, HTTPS = 80, 443
TRIAL_PORT = 8080
PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def proxy(environment: Environment, services: Sequence[Service], stack: str) -> Proxy | None:
    """Return the proxy that `bayplan.yaml` describes, or one that serves what nothing else would."""
    config = environment.config
    wanted = config.proxy or _implied(services)
    if wanted is None or not config.apps:
        return None
    known = load("proxy")
    why = Why("proxy", "an app that is nothing but files needs somebody who serves them")
    if config.proxy is not None:
        why = Why("bayplan.yaml", "bayplan.yaml puts a proxy in front", config.at("proxy"))
    tls = _tls(wanted, config)
    sites = tuple(_sites(wanted, config, services, known))
    caddyfile = wanted.caddyfile or _beside(environment, "Caddyfile")
    return Proxy(
        name=known["name"],
        base=Fact(wanted.image or known["image"], why),
        sites=sites,
        tls=tls,
        bindings=tuple(_bindings(wanted, config, tls, known)),
        caddyfile=caddyfile,
        why=why,
        limits=Limits(megabytes(wanted.memory) if wanted.memory else known["memory_mb"], known["cpus"]),
        health=Health(
            Why("catalog", "its own interface answers when it runs with its configuration"),
            command=tuple(known["health"]),
        ),
        image=_image(wanted, environment, tls, known) if tls.dns else None,
        pulled=images.name(environment, stack, known["name"]) if tls.dns else None,
        needs=tuple(_needs(sites, services)),
        variables=tuple(_variables(sites, tls, why)),
        mounts=tuple(_mounts(caddyfile, tls, sites, known)),
        capabilities=(*known["capabilities"], *(known["capabilities_for_files"] if tls.certificate else ())),
    )


def _implied(services: Sequence[Service]) -> ProxyConfig | None:
    """Serve the apps that are nothing but files on this machine; the world needs a host name."""
    names = [service.name for service in services if service.role.value is Role.FILES]
    hosts = {(LOCAL if len(names) == 1 else f"{name}.{LOCAL}"): SiteConfig(to=name) for name in names}
    return ProxyConfig(sites=hosts, tls="off") if hosts else None


def only_here(proxy: Proxy | None, config: Config) -> Iterator[Note]:
    """Say what a proxy that nobody described answers."""
    if proxy is not None and config.proxy is None:
        for site in proxy.sites:
            text = (
                f"is served as http://{site.hosts[0]}:{TRIAL_PORT}, on this machine only; the world needs a host name"
            )
            yield Note(site.answers[0].service, f"{text}: proxy.sites.<host>.to in bayplan.yaml")


def _beside(environment: Environment, name: str) -> str:
    """Return the path of a file beside the compose file; only production has it under its plain name."""
    named = name if environment.name == PRODUCTION else f"{name}.{environment.name}"
    return posixpath.join(posixpath.dirname(environment.compose), named)


def _tls(wanted: ProxyConfig, config: Config) -> Tls:
    email = wanted.email or ""
    if wanted.certificate or wanted.key:
        if not wanted.certificate or not wanted.key:
            given, missing = ("certificate", "key") if wanted.certificate else ("key", "certificate")
            raise UsageError(
                f"bayplan.yaml gives the proxy a {given} and no {missing}",
                at=config.at("proxy", given),
                remedy=f"name the file of the other too: proxy.{missing}",
            )
        at = config.at("proxy", "certificate")
        return Tls(TlsKind.FILES, Why("bayplan.yaml", "bayplan.yaml names them", at), wanted.certificate, wanted.key)
    if wanted.dns:
        at = config.at("proxy", "dns")
        provider = load("dns_providers").get(wanted.dns)
        if provider is None:
            raise UsageError(
                f"bayplan does not know the DNS provider {wanted.dns!r}",
                at=at,
                remedy=f"use one of {', '.join(sorted(load('dns_providers')))}, or a certificate of your own",
            )
        why = Why("bayplan.yaml", f"a wildcard is proved through {wanted.dns}", at)
        return Tls(TlsKind.AUTOMATIC, why, dns=wanted.dns, token=Asked(provider["token"]), email=email)
    kind = TlsKind(wanted.tls) if wanted.tls else TlsKind.AUTOMATIC
    for host, site in wanted.sites.items() if kind is TlsKind.AUTOMATIC else ():
        wild = next((each for each in (host, *site.also) if each.startswith("*")), None)
        if wild is not None:
            raise UsageError(
                f"{wild} is to have a certificate for every name below it, which only the DNS can prove",
                at=config.at("proxy", "sites", host),
                remedy="name the DNS provider, proxy.dns, or a certificate of your own, proxy.certificate and .key",
            )
    because = "bayplan.yaml says so" if wanted.tls else "Caddy asks for certificates by itself"
    return Tls(kind, Why("bayplan.yaml", because, config.at("proxy", "tls")), email=email)


def _sites(
    wanted: ProxyConfig, config: Config, services: Sequence[Service], known: Mapping[str, Any]
) -> Iterator[Site]:
    if not wanted.sites:
        raise UsageError(
            "bayplan.yaml describes a proxy without a host name",
            at=config.at("proxy"),
            remedy="name what it answers: proxy.sites.<host>.to: <service>",
        )
    met: dict[str, str] = {}
    for host, said in wanted.sites.items():
        hosts = tuple(each.lower() if "$" not in each else each for each in (host, *said.also))
        for each in hosts:
            if each in met:
                raise UsageError(
                    f"bayplan.yaml names the host {each} twice: for {met[each]} and for {host}",
                    at=config.at("proxy", "sites", host),
                    remedy="a host name has one site; give that one the paths of the other: proxy.sites.<host>.paths",
                )
            met[each] = host
        yield _site(hosts, said, host, config, services, known)


def _site(
    hosts: tuple[str, ...],
    said: SiteConfig,
    host: str,
    config: Config,
    services: Sequence[Service],
    known: Mapping[str, Any],
) -> Site:
    named = [*said.paths.items(), *([("", said.to)] if said.to else [])]
    if not named and said.redirect_to is None:
        raise UsageError(
            f"bayplan.yaml does not say what answers {host}",
            at=config.at("proxy", "sites", host),
            remedy=f"name a service, proxy.sites.{host}.to, or where it has moved, .redirect_to",
        )
    answers = []
    for path, name in named:
        service = next((each for each in services if each.name == name), None)
        at = config.at("proxy", "sites", host, *(("paths", path) if path else ("to",)))
        if service is None or (service.port is None and service.role.value is not Role.FILES):
            fit = [each.name for each in services if each.port is not None or each.role.value is Role.FILES]
            what = "listens on no port" if service else "is no service of this stack"
            raise UsageError(
                f"{host}{path} is to be answered by {name!r}, which {what}",
                at=at,
                remedy=f"use one of {', '.join(fit) or 'none: nothing here listens'}",
            )
        files = f"{known['files']}/{name}/current" if service.role.value is Role.FILES else ""
        why = Why("bayplan.yaml", f"{name} answers {host}{path}", at)
        answers.append(Answer(path, service.name, service.port.value if service.port else 0, files, why))
    moved = [*said.redirect.items(), *([("", said.redirect_to)] if said.redirect_to else [])]
    why = Why("bayplan.yaml", "bayplan.yaml names this host", config.at("proxy", "sites", host))
    return Site(hosts, why, tuple(answers), said.refuse, tuple(moved), tuple(said.headers.items()))


def _bindings(wanted: ProxyConfig, config: Config, tls: Tls, known: Mapping[str, Any]) -> Iterator[Binding]:
    if wanted.publish is False:
        return
    if config.proxy is None:
        why = Why("proxy", "a port of this machine that is seldom taken")
        yield Binding(TRIAL_PORT, where(config.publish or "loopback")[0], why, inside=HTTP)
        return
    address, number = where(wanted.publish) if wanted.publish else ("", None)
    because = "bayplan.yaml says so" if wanted.publish else "the world comes in here"
    why = Why("bayplan.yaml", because, config.at("proxy", "publish"))
    if number is not None:
        yield Binding(number, address, why, inside=HTTP if tls.kind is TlsKind.OFF else HTTPS)
        return
    for port, protocol in known["ports"]:
        if port == HTTP or tls.kind is not TlsKind.OFF:
            yield Binding(port, address, why, inside=port, protocol=protocol)


def _image(wanted: ProxyConfig, environment: Environment, tls: Tls, known: Mapping[str, Any]) -> Image:
    """Return the recipe of a Caddy with the module of a DNS provider, which its own image does not have."""
    module = load("dns_providers")[tls.dns]["module"]
    target = Argument("TARGETARCH", Why("proxy", "Go compiles for every platform, and slowly where it is emulated"))
    built = Run((f"GOARCH=$TARGETARCH xcaddy build --with {module}",), tls.why)
    build = Stage(
        "build", _builder(wanted.image or known["image"], known["builder"]), (target, built), tls.why, native=True
    )
    why = Why("proxy", f"the same, with the module that proves the domain through {tls.dns}")
    run = Stage(
        "run", wanted.image or known["image"], (Copy(("/usr/bin/caddy",), "/usr/bin/caddy", why, "build"),), why
    )
    dockerfile = wanted.dockerfile or posixpath.join(posixpath.dirname(environment.compose), "Dockerfile.caddy")
    return Image(dockerfile, posixpath.dirname(dockerfile) or ".", (build, run))


def _builder(image: str, usual: str) -> str:
    """Return the builder of the same version of Caddy."""
    named = re.fullmatch(r"caddy:(?P<version>\d[\d.]*)(?P<system>-alpine)?", image)
    return f"caddy:{named['version']}-builder{named['system'] or ''}" if named else usual


def _needs(sites: Sequence[Site], services: Sequence[Service]) -> Iterator[Need]:
    """Wait for what answers: a service that is well, files that are there."""
    answering = {answer.service for site in sites for answer in site.answers}
    for service in services:
        if service.name in answering:
            condition = Condition.HEALTHY if service.health else Condition.STARTED
            condition = Condition.DONE if service.role.value is Role.FILES else condition
            yield Need(service.name, condition, Why("proxy", "it answers nobody before that can"))


def _variables(sites: Sequence[Site], tls: Tls, why: Why) -> Iterator[Variable]:
    texts = [text for site in sites for text in (*site.hosts, *(to for _, to in site.redirects))]
    names = dict.fromkeys(name for text in (*texts, tls.email) for name in PLACEHOLDER.findall(text))
    for name in names:
        yield Variable(
            name, Asked(name), why, purpose="a part of the host names", example="example.com", group="addresses"
        )
    if tls.token is not None:
        purpose = load("dns_providers")[tls.dns]["purpose"]
        yield Variable(tls.token.name, tls.token, tls.why, secret=True, purpose=purpose, group="DNS")


def _mounts(caddyfile: str, tls: Tls, sites: Sequence[Site], known: Mapping[str, Any]) -> Iterator[Mount]:
    read = Why("proxy", "what it does; it only reads it")
    yield Mount(caddyfile, known["config"], read, is_volume=False, read_only=True)
    if tls.certificate:
        folder = posixpath.dirname(tls.certificate)
        if folder and folder == posixpath.dirname(tls.key):
            yield Mount(folder, known["certificates"], tls.why, is_volume=False, read_only=True)
        else:
            for path in (tls.certificate, tls.key):
                inside = f"{known['certificates']}/{posixpath.basename(path)}"
                yield Mount(path, inside, tls.why, is_volume=False, read_only=True)
    served = {answer.service: answer.files for site in sites for answer in site.answers if answer.files}
    for service, files in served.items():
        why = Why("proxy", f"the files of {service}: a new version appears without a restart")
        yield Mount(f"{service}_files", posixpath.dirname(files), why, read_only=True)
    kept = Why("proxy", "certificates, and what it knows of the authorities: asking anew runs into their limits")
    for name, path in known["volumes"].items():
        yield Mount(name, path, kept)
