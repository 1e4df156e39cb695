"""Under which address browsers reach each service, as the proxy's host names say."""

from collections.abc import Mapping

from bayplan.model.config import Config
from bayplan.model.parts import Value
from bayplan.passes import images


def reached_at(config: Config) -> Mapping[str, Value]:
    """Return the address of each service that all of a host name leads to: the first one, and no wildcard."""
    if config.proxy is None:
        return {}
    scheme = "http" if config.proxy.tls == "off" else "https"
    found: dict[str, Value] = {}
    for host, site in config.proxy.sites.items():
        name = next((each for each in (host, *site.also) if not each.startswith("*")), None)
        if site.to is not None and name is not None:
            found.setdefault(site.to, images.filled(f"{scheme}://{name}"))
    return found
