"""What a reverse proxy's file says: from a host name to the service, the files or the answer behind it."""

import re
from dataclasses import dataclass
from functools import cache

from bayplan.source import At, Located


@dataclass(frozen=True, slots=True)
class ProxyDirective:
    """A directive or option as it stands, imports and defaults of variables filled in; a matcher is an argument."""

    name: str
    arguments: tuple[Located[str], ...]
    at: At
    block: tuple["ProxyDirective", ...] = ()

    @property
    def text(self) -> str:
        """The arguments in one line."""
        return " ".join(argument.value for argument in self.arguments)

    def child(self, name: str) -> "ProxyDirective | None":
        return next((each for each in self.block if each.name == name), None)


@dataclass(frozen=True, slots=True)
class ProxyAddress:
    """Where a site listens. `host` is empty for every host; `port` is None when only a variable knows it.

    `scheme` is what clients speak there, `http` or `https`, also where the file leaves it to Caddy. A variable without
    a default stays `{$NAME}` in the parts.
    """

    written: str
    scheme: str
    host: str
    port: int | None
    path: str
    at: At

    def serves(self, host: str) -> bool:
        """Say whether requests for a host name come here; a `*` stands for one label."""
        labels, own = host.lower().split("."), self.host.split(".")
        return not self.host or (
            len(labels) == len(own) and all(each in ("*", label) for each, label in zip(own, labels, strict=True))
        )


@dataclass(frozen=True, slots=True)
class ProxyMatcher:
    """A condition on requests; everything that is given must hold.

    A path pattern matches exactly, but for `*`; `/api/*` is not `/api`. Letters match in either case. Patterns are of
    the path as the client sends it, also after a part of it was taken off.
    """

    at: At
    paths: tuple[Located[str], ...] = ()
    """One of these; empty when any path will do."""
    not_paths: tuple[Located[str], ...] = ()
    """None of these."""
    hosts: tuple[Located[str], ...] = ()
    others: tuple[str, ...] = ()
    """What else is asked, as written: `header Connection *Upgrade*`, `not remote_ip 10.0.0.0/8`."""

    def takes(self, path: str, host: str = "") -> bool | None:
        """Say whether a request is taken; None when that depends on more than its path and host."""
        if self.paths and not any(_pattern(each.value).fullmatch(path) for each in self.paths):
            return False
        if any(_pattern(each.value).fullmatch(path) for each in self.not_paths):
            return False
        if host and self.hosts and not any(_pattern(each.value).fullmatch(host) for each in self.hosts):
            return False
        unknown = self.others or (self.hosts and not host) or any("{" in each.value for each in self.paths)
        return None if unknown else True


@cache
def _pattern(text: str) -> "re.Pattern[str]":
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", text))), re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class ProxyUpstream:
    """A service that requests go to. `scheme` is `http`, `https`, `h2c`, `fastcgi` or `unix`.

    `host` is a path for `unix`, and holds `{...}` where only the running proxy knows it; then `port` may be None.
    """

    written: str
    scheme: str
    host: str
    port: int | None
    at: At


@dataclass(frozen=True, slots=True)
class ProxyRoute:
    """Something that answers requests, with everything that must hold for a request to come to it.

    `kind` is `proxy`, `php` (FastCGI), `files`, `redirect`, `respond`, `refuse` (an answer from 400 on, or none),
    `authorize` (asks `upstreams` whether a request may go on) or `other` (`metrics`, `acme_server`).
    """

    kind: str
    directive: ProxyDirective
    matchers: tuple[ProxyMatcher, ...] = ()
    """All hold, those of enclosing blocks first; none for every request."""
    unless: tuple[ProxyMatcher, ...] = ()
    """None holds: earlier `handle` blocks that take such requests."""
    upstreams: tuple[ProxyUpstream, ...] = ()
    root: Located[str] | None = None
    fallback: tuple[Located[str], ...] = ()
    """What `try_files` looks for, in order, before the files are served."""
    status: int | None = None
    """None when it is the upstream's, or not known, or the connection is closed."""
    target: Located[str] | None = None
    """Where a redirect leads, or what is answered."""
    stripped: str = ""
    """The start of the path that is taken off before."""
    rewritten: Located[str] | None = None
    """A rewriting in force: what path goes on is not known from `stripped` alone."""

    shadowed: Located[str] | None = None
    """The last word of a `try_files` that comes first and leads such requests away, so that none arrives here."""

    @property
    def at(self) -> At:
        return self.directive.at

    def setting(self, name: str) -> Located[str] | None:
        """Return a subdirective such as `health_uri`, its arguments in one line."""
        child = self.directive.child(name)
        return Located(child.text, child.arguments[0].at if child.arguments else child.at) if child else None


@dataclass(frozen=True, slots=True)
class ProxyTls:
    """Where a site's certificate comes from: files, `internal`, or a certificate authority."""

    at: At
    certificate: Located[str] | None = None
    key: Located[str] | None = None
    internal: bool = False
    email: Located[str] | None = None
    dns: Located[str] | None = None
    """The provider of the DNS challenge; Caddy needs its module `dns.providers.<provider>`."""
    dns_arguments: tuple[Located[str], ...] = ()
    """What the provider is given, mostly a token as `{env.NAME}`."""
    on_demand: bool = False
    settings: tuple[ProxyDirective, ...] = ()


@dataclass(frozen=True, slots=True)
class ProxySite:
    """A block of the file. `routes` stand in the order in which Caddy tries them; the first that matches answers."""

    addresses: tuple[ProxyAddress, ...]
    at: At
    routes: tuple[ProxyRoute, ...] = ()
    errors: tuple[ProxyRoute, ...] = ()
    """What answers when one of the routes fails (`handle_errors`)."""
    tls: ProxyTls | None = None
    directives: tuple[ProxyDirective, ...] = ()
    """Everything else (`header`, `encode`, `log`), wherever in the block it stands."""

    def answers(self, path: str, host: str = "") -> tuple[ProxyRoute, ...]:
        """Return the routes that a request may come to: those that perhaps take it, up to one that surely does."""
        found: list[ProxyRoute] = []
        for route in self.routes:
            takes = [each.takes(path, host) for each in route.matchers]
            earlier = [each.takes(path, host) for each in route.unless]
            if False in takes or True in earlier or route.shadowed:
                continue
            found.append(route)
            if None not in (*takes, *earlier) and route.kind != "authorize":
                break
        return tuple(found)


@dataclass(frozen=True, slots=True)
class ProxyVariable:
    """A use of a variable: `{$NAME:default}` is filled in before the file is read, `{env.NAME}` on each request."""

    name: str
    default: str | None
    when_read: bool
    at: At


@dataclass(frozen=True, slots=True)
class ProxyFile:
    """A Caddyfile with what it imports."""

    path: str
    sites: tuple[ProxySite, ...] = ()
    options: tuple[ProxyDirective, ...] = ()
    """The global options."""
    variables: tuple[ProxyVariable, ...] = ()
    imports: tuple[str, ...] = ()
    """The files of the repository that it imports."""
    missing: tuple[Located[str], ...] = ()
    """Imports of which neither a snippet nor a file is in the repository; for a pattern, Caddy only warns."""

    def option(self, name: str) -> ProxyDirective | None:
        return next((each for each in self.options if each.name == name), None)

    def site(self, host: str, scheme: str = "https") -> ProxySite | None:
        """Return the site that answers for a host name: of several, the one whose address says most."""
        found = [
            ((bool(address.host), -address.host.count("*"), len(address.host)), site)
            for site in self.sites
            for address in site.addresses
            if address.scheme == scheme and address.serves(host)
        ]
        return max(found, key=lambda each: each[0])[1] if found else None
