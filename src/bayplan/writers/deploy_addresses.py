"""The addresses that show whether a deployed stack answers the world, and what they may answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.model.front import Answer, Proxy, Site, TlsKind
from bayplan.model.parts import Variable
from bayplan.model.stack import Stack

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
GOOD, ANY = 400, 500
"""The first status that is wrong: for a path that is known to answer, and for one of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Address:
    url: str
    """With `${NAME}` where only the operator knows."""
    below: int

    @property
    def word(self) -> str:
        """The address as a word of a shell, in which its variables are replaced."""
        text = re.sub(r'([\\"`]|\$(?!\{\w+\}))', r"\\\1", self.url)
        plain = re.fullmatch(r"[\w:/.,@%+=-]+", self.url, re.ASCII)
        return text if plain else f'"{text}"'


def addresses(stack: Stack) -> tuple[Address, ...]:
    """Return an address for everything that each host name answers; a wildcard has no name that can be asked."""
    proxy = stack.proxy
    if proxy is None or not proxy.bindings:
        return ()
    found = (
        Address(f"{scheme(proxy)}://{host}{path}", below)
        for site in proxy.sites
        for host in site.hosts
        if not host.startswith("*")
        for path, below in _asked(stack, site)
    )
    return tuple(dict.fromkeys(found))


def scheme(proxy: Proxy) -> str:
    return "http" if proxy.tls.kind is TlsKind.OFF else "https"


def placeholders(stack: Stack) -> tuple[Variable, ...]:
    """Return what the operator fills in, of the host names that are asked."""
    used = {name for address in addresses(stack) for name in PLACEHOLDER.findall(address.url)}
    return tuple(each for each in stack.proxy.variables if each.name in used) if stack.proxy is not None else ()


def _asked(stack: Stack, site: Site) -> Iterator[tuple[str, int]]:
    if not site.answers:
        yield "/", GOOD
    for answer in site.answers:
        service = stack.service(answer.service)
        health = service.health.path if service is not None and service.health is not None else None
        if answer.files:
            yield f"{_folder(answer.path)}/", GOOD
        elif health is not None and _leads(site, health) is answer:
            yield health, GOOD
        else:
            yield _folder(answer.path) or "/", ANY


def _leads(site: Site, path: str) -> Answer | None:
    """Return what answers a path; nothing where it is refused or has moved."""
    moved = [source for source, _ in site.redirects]
    if any(not source or _covers(source, path) for source in (*site.refused, *moved)):
        return None
    return next((answer for answer in site.answers if not answer.path or _covers(answer.path, path)), None)


def _covers(pattern: str, path: str) -> bool:
    folder = _folder(pattern)
    return path == folder or path.startswith(folder[:-1] if folder.endswith("*") else f"{folder}/")


def _folder(pattern: str) -> str:
    return pattern.removesuffix("/*").rstrip("/")
