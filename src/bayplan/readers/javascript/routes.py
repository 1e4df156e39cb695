"""The routes of Express, Fastify, Hono and Koa: what is registered on which router, and where that is mounted."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.model.code import Route
from bayplan.model.workspace import Package
from bayplan.readers.javascript.environment import Environment, constant_text
from bayplan.readers.javascript.functions import enclosing_function
from bayplan.readers.javascript.meanings import Expr, Module
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.redirecting import redirects
from bayplan.readers.javascript.routes_plain import compared_urls
from bayplan.readers.javascript.source_file import FUNCTIONS, PARAMETERS
from bayplan.readers.javascript.syntax import argument, arguments, method_of, parameter_nodes, receiver

if TYPE_CHECKING:
    from tree_sitter import Node

VERBS = {
    "get": "GET",
    "post": "POST",
    "put": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "del": "DELETE",
    "head": "HEAD",
    "options": "OPTIONS",
    "all": "ALL",
}
MARKS = (
    b".get(",
    b".post(",
    b".put(",
    b".patch(",
    b".delete(",
    b".all(",
    b".on(",
    b".use(",
    b".route(",
    b".register(",
    b".url",
    b"createTerminus",
)
MODULES = (
    "express",
    "fastify",
    "hono",
    "@hono/zod-openapi",
    "koa",
    "@koa/router",
    "koa-router",
    "express-promise-router",
    "polka",
    "restify",
)
DEEPEST = 8
MOST = 5_000
Key = tuple[str, int]
"""The place where a router is made, or where the function stands that is handed one."""


@dataclass(frozen=True, slots=True)
class Router:
    key: Key
    prefix: str = ""
    is_app: bool = False
    package: str = ""


@dataclass(slots=True)
class Registered:
    """Everything that is registered anywhere: routes by router, routers by the router they are mounted on."""

    routes: dict[Key, list[tuple[str, str, Expr]]] = field(default_factory=lambda: defaultdict(list))
    mounts: dict[Key, list[tuple[str, Key]]] = field(default_factory=lambda: defaultdict(list))
    apps: dict[Key, Router] = field(default_factory=dict)


def server_routes(program: Program, env: Environment, package: Package) -> tuple[Route, ...]:
    """Return every route that the apps made in this package answer, with the paths they are mounted under."""
    registered = Registered()
    plain: list[Route] = []
    for member in program.closure(package):
        for source in program.having(member.folder, *MARKS):
            for call in source.nodes("call_expression"):
                _register(Expr(call, source), env, registered)
            if member.folder == package.folder and b"createServer" in source.data:
                plain += compared_urls(Expr(source.root, source))
    mounted = {child for children in registered.mounts.values() for _, child in children}
    roots = [app for key, app in registered.apps.items() if key not in mounted]
    return tuple(dict.fromkeys([*_reached(roots, registered), *plain]))


def _reached(roots: list[Router], registered: Registered) -> "Iterator[Route]":
    waiting = [(root.key, "", 0) for root in reversed(roots)]
    for _ in range(MOST):
        if not waiting:
            return
        key, prefix, depth = waiting.pop()
        for method, path, place in registered.routes.get(key, ()):
            handler = Expr(arguments(place.node)[-1], place.source) if arguments(place.node) else place
            yield Route(method, _joined(prefix, path), place.source.at(place.node), redirects(handler))
        if depth < DEEPEST:
            waiting.extend((child, _joined(prefix, path), depth + 1) for path, child in registered.mounts.get(key, ()))


def _register(call: Expr, env: Environment, registered: Registered) -> None:
    method, before, given = method_of(call.node, call.source), receiver(call.node), arguments(call.node)
    if method == "createTerminus" and given:
        _terminus(call, env, registered)
    if before is None or (method not in VERBS and method not in ("use", "route", "register", "on")):
        return
    target = _chained_route(before, call, env) if method in VERBS else None
    router = _router(before, call, env) if target is None else target[0]
    if router is None:
        return
    if router.is_app:
        registered.apps.setdefault(router.key, router)
    if target is not None:
        registered.routes[router.key].append((VERBS[method], _joined(router.prefix, target[1]), call))
    elif method in VERBS:
        for path in _paths(given[0], call, env) if len(given) > 1 else ():
            registered.routes[router.key].append((VERBS[method], _joined(router.prefix, path), call))
    elif method == "on":
        _on(router, call, env, registered)
    elif method == "register":
        _plugin(router, call, env, registered)
    else:
        _mount(router, call, env, registered)


def _paths(node: "Node", at: Expr, env: Environment) -> list[str]:
    """Return the constant paths of a first argument: a text, a list of them, or what the environment defaults to."""
    elements = env.resolver.elements(node, at.source) or [Expr(node, at.source)]
    texts = [
        env.resolver.text_of(each.node, each.source) or constant_text(env.read(each.node, each.source))
        for each in elements
    ]
    return [text for text in texts if text is not None and (not text or text.startswith(("/", "*")))]


def _router(node: "Node", at: Expr, env: Environment) -> Router | None:
    """Return the router that an expression is, through chains of calls that give it back."""
    prefix = ""
    source = at.source
    for _ in range(MOST):
        meaning = env.resolver.resolve(node, source)
        if not isinstance(meaning, Expr):
            return None
        node, source = meaning.node, meaning.source
        if node.type in PARAMETERS or node.type == "identifier":
            function = enclosing_function(node)
            first = function is not None and parameter_nodes(function)[:1] == [node]
            return Router((source.path, function.start_byte), prefix) if function is not None and first else None
        if node.type not in ("call_expression", "new_expression"):
            return None
        called = env.resolver.called(node, source)
        if called.module.startswith("hono/") or called.module in MODULES:
            is_app = called.path[-1:] != ("Router",) and "router" not in called.module
            own = env.resolver.members(argument(node, 0), source).get("prefix")
            above = (env.resolver.text_of(own.node, own.source) or "") if own is not None else ""
            return Router((source.path, node.start_byte), _joined(above, prefix), is_app, source.package)
        before = receiver(node)
        if before is None:
            return None
        if method_of(node, source) == "basePath":
            prefix = _joined(env.resolver.text_of(argument(node, 0), source) or "", prefix)
        node = before
    return None


def _chained_route(before: "Node", at: Expr, env: Environment) -> tuple[Router, str] | None:
    """Return the router and the path of `router.route("/x").get(h).post(h)`."""
    node = unwrapped(before)
    for _ in range(DEEPEST):
        inner = receiver(node) if node.type == "call_expression" else None
        if inner is None:
            return None
        if method_of(node, at.source) == "route" and len(arguments(node)) == 1:
            path = env.resolver.text_of(argument(node, 0), at.source)
            router = _router(inner, at, env)
            return None if path is None or router is None else (router, path)
        if method_of(node, at.source) not in VERBS:
            return None
        node = unwrapped(inner)
    return None


def _on(router: Router, call: Expr, env: Environment, registered: Registered) -> None:
    """Hono's `app.on(["GET"], "/x", handler)`."""
    given = arguments(call.node)
    if len(given) < 3:  # noqa: PLR2004 - method, path, handler
        return
    for each in env.resolver.elements(given[0], call.source):
        text = env.resolver.text_of(each.node, each.source)
        for path in _paths(given[1], call, env) if text is not None else ():
            registered.routes[router.key].append(((text or "").upper(), _joined(router.prefix, path), call))


def _mount(router: Router, call: Expr, env: Environment, registered: Registered) -> None:
    """`app.use("/api", router)`, Hono's `app.route("/api", router)` and Fastify's `app.route({ method, url })`."""
    given = arguments(call.node)
    options = env.resolver.members(given[0], call.source) if given else {}
    if "method" in options and ("url" in options or "path" in options):
        _object_route(router, call, options, env, registered)
        return
    prefixes = _paths(given[0], call, env) if given else []
    mounted = [element.node for each in (given[1:] if prefixes else given) for element in _flat(each, call)]
    children = [_router(each, call, env) for each in mounted]
    for child in [child for child in children if child is not None and child.key != router.key]:
        if child.is_app:
            registered.apps.setdefault(child.key, child)
        for prefix in prefixes or [""]:
            registered.mounts[router.key].append((_joined(router.prefix, prefix), child.key))
    if prefixes and len(given) > 1 and not any(children) and _answers(given[-1], call, env):
        registered.routes[router.key].extend(("ALL", _joined(router.prefix, prefix), call) for prefix in prefixes)


def _flat(node: "Node", at: Expr) -> list[Expr]:
    """Return the elements of an array that is written in place, or the expression itself."""
    return [Expr(each, at.source) for each in (node.named_children if node.type == "array" else [node])]


def _answers(node: "Node", at: Expr, env: Environment) -> bool:
    """Say whether a function takes a request and a response and nothing more: it answers, and passes nothing on."""
    meaning = env.resolver.resolve(node, at.source)
    return isinstance(meaning, Expr) and meaning.node.type in FUNCTIONS and len(parameter_nodes(meaning.node)) == 2  # noqa: PLR2004


def _object_route(
    router: Router, call: Expr, options: "dict[str, Expr]", env: Environment, registered: Registered
) -> None:
    url = options.get("url") or options["path"]
    path = env.resolver.text_of(url.node, url.source)
    for each in env.resolver.elements(options["method"].node, options["method"].source):
        text = env.resolver.text_of(each.node, each.source)
        if path is not None and text is not None:
            registered.routes[router.key].append((text.upper(), _joined(router.prefix, path), call))


def _plugin(router: Router, call: Expr, env: Environment, registered: Registered) -> None:
    """Fastify's `app.register(plugin, { prefix })`."""
    given = arguments(call.node)
    if not given:
        return
    meaning = env.resolver.resolve(given[0], call.source)
    if isinstance(meaning, Module):
        meaning = env.resolver.exported(meaning.source, "default")
    shares = isinstance(meaning, Expr) and env.resolver.called(meaning.node, meaning.source).module == "fastify-plugin"
    if isinstance(meaning, Expr) and shares:
        inner = argument(meaning.node, 0)
        meaning = meaning if inner is None else env.resolver.resolve(inner, meaning.source)
    named = env.resolver.members(given[1], call.source).get("prefix") if len(given) > 1 and not shares else None
    prefix = constant_text(env.read(named.node, named.source)) if named is not None else ""
    if isinstance(meaning, Expr) and meaning.node.type in FUNCTIONS and prefix is not None:
        key = (meaning.source.path, meaning.node.start_byte)
        registered.mounts[router.key].append((_joined(router.prefix, prefix), key))


def _terminus(call: Expr, env: Environment, registered: Registered) -> None:
    """`createTerminus(server, { healthChecks: { "/healthz": check } })`."""
    checks = env.resolver.members(argument(call.node, 1), call.source).get("healthChecks")
    key = (call.source.path, call.node.start_byte)
    for path in env.resolver.members(checks.node, checks.source) if checks is not None else ():
        if path.startswith("/"):
            registered.apps[key] = Router(key, "", is_app=True, package=call.source.package)
            registered.routes[key].append(("GET", path, call))


def _joined(*parts: str) -> str:
    return "/" + "/".join(part.strip("/") for part in parts if part.strip("/"))
