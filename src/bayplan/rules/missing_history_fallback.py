"""A single-page app is served without a fallback to its page.

What it means: Caddy serves the build of an app that has a router in the browser, and nothing leads paths that are no
files to `index.html`.

Why it is bad: the app's pages exist in the browser only. Following links works; opening one of its pages by its
address, or reloading it, is answered with 404.

Bad:

```json apps/shop/package.json
{
  "name": "@shop/shop",
  "scripts": { "build": "vite build" },
  "dependencies": { "react-router-dom": "^7.0.0" },
  "devDependencies": { "vite": "^7.0.0" }
}
```

```html apps/shop/index.html
<script type="module" src="/src/main.ts"></script>
```

```caddyfile Caddyfile
shop.example.com {
        root * /srv/site/dist
        file_server
}
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["80:80", "443:443"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - ./apps/shop:/srv/site:ro
      - caddy-data:/data
volumes:
  caddy-data:
```

Good:

```json apps/shop/package.json
{
  "name": "@shop/shop",
  "scripts": { "build": "vite build" },
  "dependencies": { "react-router-dom": "^7.0.0" },
  "devDependencies": { "vite": "^7.0.0" }
}
```

```html apps/shop/index.html
<script type="module" src="/src/main.ts"></script>
```

```caddyfile Caddyfile
shop.example.com {
        root * /srv/site/dist
        try_files {path} /index.html
        file_server
}
```

```yaml compose.yaml
services:
  caddy:
    image: caddy:2.10-alpine
    ports: ["80:80", "443:443"]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - ./apps/shop:/srv/site:ro
      - caddy-data:/data
volumes:
  caddy-data:
```
"""

import posixpath
from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.proxy import ProxyRoute, ProxySite
from bayplan.model.workspace import Dependency, Package, Workspace
from bayplan.rules.facts.apps import app_of, apps
from bayplan.rules.facts.layout import below
from bayplan.rules.facts.proxies import Front, fronts, mounted

ROUTERS = frozenset({"react-router", "react-router-dom", "vue-router", "@tanstack/react-router", "@solidjs/router"})
RENDERED = frozenset({"vite-ssg", "vike", "vite-plugin-ssr", "vite-react-ssg", "@react-router/node", "react-snap"})


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for front in fronts(workspace, deployment):
        for site in front.proxy.sites:
            for route in site.routes:
                router = _router(workspace, front, route) if _is_plain(site, route) else None
                if router is not None:
                    yield Finding(
                        "missing-history-fallback",
                        Effect.NOT_REACHABLE,
                        f"{site.addresses[0].written if site.addresses else 'a site'} has no fallback to index.html",
                        (
                            Place(route.at, "answers 404 for every path that is no file"),
                            Place(router.at, "has its pages in the browser"),
                        ),
                        "a page that is opened by its address, or reloaded, is answered with 404",
                        "add `try_files {path} /index.html`",
                    )


def _is_plain(site: ProxySite, route: ProxyRoute) -> bool:
    guarded = route.fallback or route.rewritten or site.errors or route.directive.child("pass_thru")
    narrow = any(matcher.paths or matcher.others for matcher in route.matchers)
    return route.kind == "files" and not guarded and not narrow


def _router(workspace: Workspace, front: Front, route: ProxyRoute) -> Dependency | None:
    package = _package(workspace, front, route)
    if package is None or package.code.framework is None or package.code.framework.value != "vite":
        return None
    names = {each.name: each for each in package.dependencies}
    if RENDERED & names.keys():
        return None
    return next((names[name] for name in sorted(ROUTERS & names.keys())), None)


def _package(workspace: Workspace, front: Front, route: ProxyRoute) -> Package | None:
    """Return the package whose build is served."""
    root = route.root.value if route.root else "/srv"
    paths = [mounted(front.deployment, front.compose, front.service, mount, root) for mount in front.mounts]
    if front.layout is not None and front.stage is not None:
        paths += front.layout.origins(front.stage, root)
    for path in filter(None, paths):
        for package in workspace.packages:
            if package.folder != "." and below(path, package.folder):
                return package
    return _filling(workspace, front, root)


def _filling(workspace: Workspace, front: Front, root: str) -> Package | None:
    """Return the package whose image fills the volume that the files stand on."""
    every = apps(workspace, front.deployment)
    volumes = {
        mount.source for mount in front.mounts if mount.kind == "volume" and below(root, mount.target) is not None
    }
    for service in front.compose.services:
        if service is not front.service and any(mount.source in volumes for mount in service.mounts):
            app = app_of(every, service)
            named = (each for each in workspace.packages if posixpath.basename(each.folder) == service.name)
            return app.package if app else next(named, None)
    return None
