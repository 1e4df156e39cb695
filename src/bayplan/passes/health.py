"""How to see that a service works."""

from bayplan.model.code import Route
from bayplan.model.config import Config
from bayplan.model.parts import Health, Note
from bayplan.model.stack import Role
from bayplan.passes.apps import App
from bayplan.source import Fact, Why

# Best first.
ALL_WELL = ("health", "healthz", "healthcheck", "health-check", "_health")
READY = ("readyz", "ready", "readiness", "status")
ALIVE = ("livez", "live", "liveness", "alive", "ping", "up")
USUAL = (*ALL_WELL, *READY, *ALIVE)


def _rank(route: Route) -> tuple[int, int, str]:
    last = route.path.rstrip("/").rsplit("/", 1)[-1].lower()
    return (USUAL.index(last) if last in USUAL else len(USUAL), len(route.path), route.path)


def _fetch(port: int, path: str) -> tuple[str, ...]:
    return ("wget", "-qO", "/dev/null", f"http://127.0.0.1:{port}{path}")


def _connect(port: int) -> tuple[str, ...]:
    connect = f"require('net').connect({port}, '127.0.0.1')"
    script = f"{connect}.on('connect', () => process.exit(0)).on('error', () => process.exit(1))"
    return ("node", "-e", script)


def health(app: App, port: Fact[int] | None, config: Config) -> tuple[Health | None, Note | None]:
    """Return the check of a web service; a worker answers nobody, so its process is its health."""
    if app.role.value is not Role.WEB or port is None:
        return None, None
    if app.settings.health is not None:
        why = Why("bayplan.yaml", "bayplan.yaml says so", config.at("services", app.name, "health"))
        return Health(why, app.settings.health, _fetch(port.value, app.settings.health)), None
    gets = [route for route in app.package.code.routes if route.method in ("GET", "ALL") and not _has_holes(route.path)]
    best = min((route for route in gets if _rank(route)[0] < len(USUAL)), key=_rank, default=None)
    if best is not None:
        return Health(
            Why("health", f"GET {best.path} is answered there", best.at), best.path, _fetch(port.value, best.path)
        ), None
    framework = app.package.code.framework
    if framework is not None and framework.value == "next":
        base = app.package.code.next.base_path if app.package.code.next else None
        path = base.value if base else "/"
        why = Why("health", "it has no health route, so its start page is asked for", framework.why.at)
        note = Note(
            app.name,
            f"it has no health route; its start page {path} is asked for instead",
            framework.why.at,
        )
        return Health(why, path, _fetch(port.value, path)), note
    why = Why("health", "it has no health route, so only its port is tried", port.why.at)
    note = Note(
        app.name,
        f"it has no health route; the check only sees that port {port.value} is open",
        port.why.at,
    )
    return Health(why, None, _connect(port.value)), note


def _has_holes(path: str) -> bool:
    return any(mark in path for mark in ":*[{(")
