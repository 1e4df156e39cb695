"""A variable of the Caddyfile is not given to Caddy.

What it means: the Caddyfile uses `{$NAME}` or `{env.NAME}`, and the service that runs Caddy is not given NAME; or it is
given an empty text, for which the default in `{$NAME:default}` does not stand in.

Why it is bad: Caddy puts nothing in its place. A site without an address is read as global options and the file is
refused, an upstream without a host is never reached.

Bad:

```caddyfile Caddyfile
{$SITE_HOST} {
        reverse_proxy api:4000
}
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["80:80", "443:443"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - caddy-data:/data
  api:
    image: example.com/shop/api:1
volumes:
  caddy-data:
```

Good:

```caddyfile Caddyfile
{$SITE_HOST} {
        reverse_proxy api:4000
}
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["80:80", "443:443"]
    environment:
      SITE_HOST: ${SITE_HOST:?the host name of the shop}
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - caddy-data:/data
  api:
    image: example.com/shop/api:1
volumes:
  caddy-data:
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.proxy import ProxyDirective, ProxyFile, ProxyVariable
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.proxies import Front, fronts
from bayplan.rules.facts.values import stand_in
from bayplan.source import At, Located

OF_THE_IMAGE = frozenset({"HOME", "HOSTNAME", "PATH", "CADDY_VERSION", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "PWD"})
EMPTY = re.compile(r"\$\{(?P<name>\w+):?-\}")
REFUSED = frozenset({"basic_auth", "basicauth", "tls"})
HARMLESS = frozenset({"header", "request_header", "log", "respond", "encode", "vars", "templates", "header_up"})
ADDRESS = "the address of a site"
OPTION = "a global option"


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        uses = _uses(front.proxy)
        for variable in front.proxy.variables:
            use = next((name for at, name in uses if _holds(at, variable.at)), None)
            if use is None or variable.name in OF_THE_IMAGE:
                continue
            given = front.given(variable.name)
            if given is not None and variable.when_read and EMPTY.fullmatch(given.value):
                yield _emptied(front, variable, given, use)
            elif given is None and variable.default is None and not _in_env_files(front, variable.name):
                yield _missing(front, variable, use)


def _in_env_files(front: Front, name: str) -> bool:
    """Say whether an env file gives a variable, or may do so."""
    files = [stand_in(front.deployment, file.value) for each in front.kin for file in each.env_files]
    inherited = any("extends.file" in each.settings for each in front.kin)
    return inherited or any(file is None or any(line.name == name for line in file.lines) for file in files)


def _uses(proxy: ProxyFile) -> list[tuple[At, str]]:
    """Return the place of each argument and what it is part of; a variable alone on its line may be empty."""
    found = [(address.at, ADDRESS) for site in proxy.sites for address in site.addresses]
    for option in proxy.options:
        found += [(at, OPTION) for at, _ in _within(option)]
    for site in proxy.sites:
        for directive in (*site.directives, *(route.directive for route in (*site.routes, *site.errors))):
            found += _within(directive)
        if site.tls is not None:
            words = (site.tls.certificate, site.tls.key, site.tls.email, site.tls.dns, *site.tls.dns_arguments)
            found += [(word.at, "tls") for word in words if word is not None]
        for route in (*site.routes, *site.errors):
            words = (route.root, route.target, *(host for each in route.matchers for host in each.hosts))
            found += [(word.at, route.kind) for word in words if word is not None]
    return found


def _within(directive: ProxyDirective) -> Iterator[tuple[At, str]]:
    yield from ((argument.at, directive.name) for argument in directive.arguments)
    for child in directive.block:
        yield from ((at, name if name in HARMLESS else directive.name) for at, name in _within(child))


def _holds(outer: At, inner: At) -> bool:
    same = outer.file == inner.file and outer.line == inner.line
    return same and outer.column <= inner.column < outer.column + max(outer.length, 1)


def _effect(use: str) -> Effect:
    if use in HARMLESS:
        return Effect.UNTIDY
    return Effect.WILL_NOT_START if use in (ADDRESS, OPTION) or use in REFUSED else Effect.NOT_REACHABLE


CONSEQUENCES = {
    Effect.WILL_NOT_START: "Caddy refuses the file or asks for no usable certificate",
    Effect.NOT_REACHABLE: "what depends on it is answered with an error",
    Effect.UNTIDY: "nothing stands in its place",
}


def _missing(front: Front, variable: ProxyVariable, use: str) -> Finding:
    effect = _effect(use)
    return Finding(
        "missing-proxy-variable",
        effect,
        f"{variable.name} is not given to `{front.service.name}`, whose Caddyfile uses it",
        (
            Place(variable.at, "nothing stands in its place" if use not in (ADDRESS, OPTION) else f"empty: {use}"),
            Place(front.service.at, "is given no such variable"),
        ),
        CONSEQUENCES[effect],
        f"add {variable.name} to the environment of `{front.service.name}`",
    )


def _emptied(front: Front, variable: ProxyVariable, given: Located[str], use: str) -> Finding:
    effect = _effect(use)
    default = variable.default is not None
    return Finding(
        "missing-proxy-variable",
        effect,
        f"{variable.name} of `{front.service.name}` is empty unless it is set"
        + (", and its default in the Caddyfile does not count then" if default else ""),
        (
            Place(given.at, "an empty text when nobody sets it"),
            Place(variable.at, "Caddy takes the default only for a variable that is not there" if default else "used"),
        ),
        CONSEQUENCES[effect],
        f"write `${{{variable.name}:-{variable.default}}}`" if default else f"write `${{{variable.name}:?}}`",
    )
