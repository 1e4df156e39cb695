"""A path that the proxy is told to refuse is answered all the same.

What it means: a Caddyfile refuses a path by `respond`, `error` or `abort`, but a `handle` or `route` block that takes
the same path comes first. Caddy sorts directives: `handle` and `route` come before those, wherever they stand. Of
several blocks, and inside of `route`, the first counts.

Why it is bad: the refusal never runs. Who asks for the path gets what it was to hide. Where files are
served, those may not even be there: it is a warning only.

Bad:

```caddyfile Caddyfile
shop.example.com {
        respond /metrics 403
        handle {
                reverse_proxy api:4000
        }
}
```

Good:

```caddyfile Caddyfile
shop.example.com {
        handle /metrics {
                respond 403
        }
        handle {
                reverse_proxy api:4000
        }
}
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.proxy import ProxyMatcher, ProxyRoute, ProxySite
from bayplan.model.workspace import Workspace
from bayplan.source import Located

UNUSUAL = ("any-path", "any/path.txt")
"""What no other pattern names by chance; stands for the `*` of a pattern."""
EFFECTS = {"proxy": Effect.EXPOSES_DATA, "php": Effect.EXPOSES_DATA, "files": Effect.UNTIDY}
"""Of files, those that are refused may well not be there."""
DENIALS = range(400, 500)
"""Later numbers say that something is out of order, and hide nothing."""


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for proxy in deployment.proxies:
        for site in proxy.sites:
            for route in site.routes:
                if _hides_something(route):
                    yield from _judged(site, route)


def _hides_something(route: ProxyRoute) -> bool:
    """Say whether a refusal is meant for certain requests, whose path is known."""
    changed = route.rewritten or route.shadowed or route.fallback
    return (
        route.kind == "refuse"
        and (route.status is None or route.status in DENIALS)
        and bool(route.matchers)
        and not changed
    )


def _judged(site: ProxySite, refusal: ProxyRoute) -> Iterator[Finding]:
    refused = refusal.matchers[-1]
    for pattern in refused.paths:
        overtaking = _overtaking(site, refusal, pattern.value)
        if overtaking is not None and refused not in overtaking.matchers:
            yield _finding(refusal, pattern, overtaking)
            return
    if not refused.paths:
        first = next(route for route in site.routes if route is refusal or _takes_everything(route))
        if first is not refusal and refused not in first.unless:
            yield _finding(refusal, None, first)


def _overtaking(site: ProxySite, refusal: ProxyRoute, pattern: str) -> ProxyRoute | None:
    """Return what surely answers every request of a pattern before the refusal is asked."""
    paths = list(dict.fromkeys(pattern.replace("*", each) for each in ("", *UNUSUAL)))
    if "{" in pattern or not pattern.strip("/*"):  # the latter refuses what nothing else takes
        return None
    paths = [each for each in paths if each.startswith("/") and _may_take(refusal.matchers, each)]
    found = [_first(site, refusal, each) for each in paths]
    return found[0] if found and None not in found else None


def _may_take(matchers: tuple[ProxyMatcher, ...], path: str) -> bool:
    return all(each.takes(path) is not False for each in matchers)


def _first(site: ProxySite, refusal: ProxyRoute, path: str) -> ProxyRoute | None:
    asked = site.answers(path)
    if not asked or refusal in asked or site.routes.index(asked[-1]) > site.routes.index(refusal):
        return None
    guarded = any(each.kind in ("refuse", "authorize") for each in asked)
    return None if guarded or not _answers_all(asked[-1]) else asked[-1]


def _takes_everything(route: ProxyRoute) -> bool:
    return not route.matchers and not route.unless and not route.shadowed and _answers_all(route)


def _answers_all(route: ProxyRoute) -> bool:
    """Say whether nothing is left over for what comes later; files may be told to pass on what they have not."""
    return route.kind in EFFECTS and route.directive.child("pass_thru") is None


def _finding(refusal: ProxyRoute, pattern: Located[str] | None, overtaking: ProxyRoute) -> Finding:
    requests = f"requests for {pattern.value}" if pattern else "such requests"
    refused = refusal.matchers[-1].at
    places = [Place(refusal.at, "never runs for them")]
    if refused.line != refusal.at.line:
        places.append(Place(pattern.at if pattern else refused, "what is to be refused"))
    return Finding(
        "overtaken-refusal",
        EFFECTS[overtaking.kind],
        f"{requests} are not refused: a block that takes them comes first",
        (*places, Place(overtaking.at, "answers them")),
        "who asks gets what was to be hidden",
        "refuse them in a `handle` block of their own, before the block that takes them",
    )
