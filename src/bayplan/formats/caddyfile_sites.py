"""The sites of a Caddyfile and what they mean."""

from collections.abc import Iterable, Mapping, Sequence

from bayplan.formats.caddyfile_addresses import port_number, site_address
from bayplan.formats.caddyfile_answers import Scope
from bayplan.formats.caddyfile_imports import Imports, Load, nothing
from bayplan.formats.caddyfile_matchers import directive, located, named_matchers
from bayplan.formats.caddyfile_parser import Statement
from bayplan.formats.caddyfile_routes import order_of, other_directives, routes
from bayplan.model.proxy import ProxyDirective, ProxyFile, ProxySite, ProxyTls
from bayplan.source import Located

CERTIFICATE_AND_KEY = 2


def parse(text: str, path: str, load: Load = nothing) -> ProxyFile:
    """Return what a Caddyfile says, or raise `BrokenFileError` with the place where Caddy would stop.

    `load` finds the files that an import names; without it, only snippets of the file itself are found.
    """
    imports = Imports(load)
    found = imports.file(text, path)
    options = tuple(directive(line) for each in found if not each.words for line in each.block or ())
    site = _Sites(options, imports.routes)
    return ProxyFile(
        path,
        tuple(site.read(each) for each in found if each.words),
        options,
        tuple(dict.fromkeys(imports.variables)),
        tuple(dict.fromkeys(imports.files)),
        tuple(dict.fromkeys(imports.missing)),
    )


class _Sites:
    """The global options, as far as they change what a site means."""

    def __init__(self, options: Sequence[ProxyDirective], named_routes: Mapping[str, Sequence[Statement]]) -> None:
        by_name = {option.name: option.text for option in options}
        self.ports = (port_number(by_name.get("http_port")) or 80, port_number(by_name.get("https_port")) or 443)
        self.automatic = by_name.get("auto_https") != "off"
        self.order = order_of(options)
        self.named_routes = named_routes

    def read(self, block: Statement) -> ProxySite:
        lines = block.block or ()
        tls = _tls([line for line in lines if line.name == "tls"])
        scope = Scope(self.order, self.named_routes, named=named_matchers(lines, {}))
        roots = [line for line in lines if line.name == "root"]
        errors = [line.block or () for line in lines if line.name == "handle_errors"]
        return ProxySite(
            tuple(
                site_address(word, self.ports, with_tls=tls is not None, automatic=self.automatic)
                for word in block.words
                if word.text not in {"", ","}
            ),
            block.at,
            routes([line for line in lines if line.name != "handle_errors"], scope),
            tuple(route for inside in errors for route in routes([*roots, *inside], scope)),
            tls,
            tuple(other_directives(lines)),
        )


def _tls(lines: Sequence[Statement]) -> ProxyTls | None:
    """Return what the `tls` lines of a site say together."""
    if not lines:
        return None
    arguments = [each for line in lines for each in located(line.arguments)]
    pair = next((located(line.arguments) for line in lines if len(line.arguments) == CERTIFICATE_AND_KEY), None)
    settings = tuple(directive(each) for line in lines for each in line.block or ())
    named = {setting.name: setting for setting in _with_issuers(settings)}
    dns = named.get("dns")
    return ProxyTls(
        lines[0].at,
        certificate=pair[0] if pair else None,
        key=pair[1] if pair else None,
        internal=any(each.value == "internal" for each in arguments) or _issues_itself(settings),
        email=next((each for each in arguments if "@" in each.value), None),
        dns=dns.arguments[0] if dns and dns.arguments else None,
        dns_arguments=tuple(_values(dns)) if dns else (),
        on_demand="on_demand" in named,
        settings=settings,
    )


def _with_issuers(settings: Iterable[ProxyDirective]) -> Iterable[ProxyDirective]:
    """Yield the settings and those of `issuer acme { ... }`; its `dns` is as good as one outside."""
    for setting in settings:
        if setting.name == "issuer":
            yield from setting.block
        yield setting


def _issues_itself(settings: Iterable[ProxyDirective]) -> bool:
    return any(each.name == "issuer" and each.text.startswith("internal") for each in settings)


def _values(setting: ProxyDirective) -> Iterable[Located[str]]:
    """Yield what a DNS provider is given, in line or in a block."""
    yield from setting.arguments[1:]
    for each in setting.block:
        yield from each.arguments
