"""The routes of a Nest application: its controllers, under prefix, version and module path."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bayplan.model.code import Route
from bayplan.model.workspace import Package
from bayplan.readers.javascript.environment import Environment, constant_text
from bayplan.readers.javascript.listening import called_from
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.source_file import CLASSES
from bayplan.readers.javascript.syntax import argument, decorator_call, decorators, method_of

if TYPE_CHECKING:
    from tree_sitter import Node

VERBS = {
    "Get": "GET",
    "Post": "POST",
    "Put": "PUT",
    "Patch": "PATCH",
    "Delete": "DELETE",
    "Options": "OPTIONS",
    "Head": "HEAD",
    "All": "ALL",
    "Sse": "GET",
}
NEUTRAL = "VERSION_NEUTRAL"
DEEPEST = 6
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Application:
    """What an application puts before the paths of its controllers."""

    prefix: str = ""
    excluded: tuple[tuple[str, str], ...] = ()
    """(method, path pattern); the method is `ALL` where the code names none."""
    by_uri: bool = False
    version_prefix: str = "v"
    versions: tuple[str, ...] = ()
    module_paths: Mapping[Place, str] = field(default_factory=dict)
    """The path that RouterModule gives to the module of a controller."""


def nest_routes(program: Program, env: Environment, package: Package) -> tuple[Route, ...]:
    """Return the routes of a Nest package, also those of controllers in packages it depends on."""
    application = _application(program, env, package)
    routes: list[Route] = []
    for member in program.closure(package):
        for source in program.having(member.folder, b"Controller"):
            for node in source.nodes(*CLASSES):
                routes += _controller(Expr(node, source), application, env)
    return tuple(dict.fromkeys(routes))


def _application(program: Program, env: Environment, package: Package) -> Application:
    application = Application()
    for call in _calls(program, env, package):
        method, first = method_of(call.node, call.source), argument(call.node, 0)
        if method == "setGlobalPrefix" and not application.prefix:
            prefix = constant_text(env.read(first, call.source)) or ""
            application = replace(application, prefix=prefix, excluded=tuple(_excluded(call, env)))
        elif method == "enableVersioning":
            application = _versioned(application, first, call, env)
        elif method == "register" and "RouterModule" in call.text[:40] and first is not None:
            paths = _module_paths(Expr(first, call.source), "", env, 0)
            application = replace(application, module_paths={**application.module_paths, **dict(paths)})
    return application


def _versioned(application: Application, first: "Node | None", call: Expr, env: Environment) -> Application:
    options = env.resolver.members(first, call.source)
    kind, prefix = options.get("type"), options.get("prefix")
    text = "v" if prefix is None else env.resolver.text_of(prefix.node, prefix.source) or ""
    by_uri = kind is None or kind.text.endswith("URI")
    versions = tuple(_versions(options.get("defaultVersion"), env))
    return replace(application, by_uri=by_uri, version_prefix=text, versions=versions)


def _calls(program: Program, env: Environment, package: Package) -> "Iterator[Expr]":
    marks = (b"setGlobalPrefix", b"enableVersioning", b"RouterModule")
    for member in program.closure(package):
        for source in program.having(member.folder, *marks):
            for call in source.nodes("call_expression"):
                if method_of(call, source) in ("setGlobalPrefix", "enableVersioning", "register"):
                    place = Expr(call, source)
                    if member.folder == package.folder or called_from(package.folder, place, env):
                        yield place


def _excluded(call: Expr, env: Environment) -> "Iterator[tuple[str, str]]":
    options = env.resolver.members(argument(call.node, 1), call.source)
    listed = options.get("exclude")
    for each in env.resolver.elements(listed.node, listed.source) if listed is not None else ():
        text = env.resolver.text_of(each.node, each.source)
        if text is not None:
            yield "ALL", text
        members = env.resolver.members(each.node, each.source)
        if "path" in members:
            path = env.resolver.text_of(members["path"].node, members["path"].source)
            method = members["method"].text.rpartition(".")[2] if "method" in members else "ALL"
            if path is not None:
                yield method, path


def _versions(named: Expr | None, env: Environment) -> list[str]:
    found = []
    for each in env.resolver.elements(named.node, named.source) if named is not None else ():
        text = constant_text(env.read(each.node, each.source))
        if text is not None:
            found.append(text)
    if named is not None and NEUTRAL in named.text:
        found.append(NEUTRAL)
    return found


def _module_paths(routes: Expr, above: str, env: Environment, depth: int) -> "Iterator[tuple[Place, str]]":
    for each in env.resolver.elements(routes.node, routes.source) if depth < DEEPEST else ():
        members = env.resolver.members(each.node, each.source)
        own = members.get("path")
        path = _joined(above, (env.resolver.text_of(own.node, own.source) or "") if own is not None else "")
        module = members.get("module")
        if module is not None:
            for controller in _controllers_of(module, env):
                yield (controller.source.path, controller.node.start_byte), path
        elif not members:
            for controller in _controllers_of(each, env):
                yield (controller.source.path, controller.node.start_byte), path
        if "children" in members:
            yield from _module_paths(members["children"], path, env, depth + 1)


def _controllers_of(module: Expr, env: Environment) -> "Iterator[Expr]":
    meaning = env.resolver.resolve(module.node, module.source)
    if not isinstance(meaning, Expr) or meaning.node.type not in CLASSES:
        return
    for decorator in decorators(meaning.node):
        name, call = decorator_call(decorator, meaning.source)
        listed = (
            env.resolver.members(argument(call, 0), meaning.source).get("controllers") if call is not None else None
        )
        if name == "Module" and listed is not None:
            for each in env.resolver.elements(listed.node, listed.source):
                controller = env.resolver.resolve(each.node, each.source)
                if isinstance(controller, Expr):
                    yield controller


def _controller(of: Expr, application: Application, env: Environment) -> "Iterator[Route]":
    found = [decorator_call(each, of.source) for each in decorators(of.node)]
    call = next((call for name, call in found if name == "Controller" and call is not None), None)
    body = of.node.child_by_field_name("body")
    if call is None or body is None or not env.resolver.called(call, of.source).module.startswith("@nestjs/"):
        return
    options = env.resolver.members(argument(call, 0), of.source)
    paths = _paths(options["path"] if "path" in options else None if options else _argument(call, of), env)
    versions = _versions(options.get("version"), env)
    above = application.module_paths.get((of.source.path, of.node.start_byte), "")
    for member in body.named_children:
        if member.type == "method_definition":
            for verb, below, own, place in _handlers(member, of, env):
                for path in paths:
                    yield from _routes(verb, _joined(above, path, below), own or versions, place, application)


def _argument(call: "Node", of: Expr) -> Expr | None:
    first = argument(call, 0)
    return None if first is None else Expr(first, of.source)


def _paths(named: Expr | None, env: Environment) -> list[str]:
    elements = [] if named is None else env.resolver.elements(named.node, named.source)
    texts = [env.resolver.text_of(each.node, each.source) for each in elements]
    return [text for text in texts if text is not None] or ([""] if named is None else [])


def _handlers(member: "Node", of: Expr, env: Environment) -> "Iterator[tuple[str, str, list[str], Expr]]":
    """Yield (method, path, versions, place) for each route decorator of a method."""
    found = [(decorator_call(each, of.source), each) for each in decorators(member)]
    versions: list[str] = []
    for (name, call), _ in found:
        first = argument(call, 0) if call is not None else None
        if name == "Version" and first is not None:
            versions = _versions(Expr(first, of.source), env)
    for (name, call), decorator in found:
        if name in VERBS and call is not None:
            for path in _paths(_argument(call, of), env):
                yield VERBS[name], path, versions, Expr(decorator, of.source)


def _routes(verb: str, path: str, versions: list[str], place: Expr, application: Application) -> "Iterator[Route]":
    wanted: list[str] = (versions or list(application.versions) or [NEUTRAL]) if application.by_uri else [NEUTRAL]
    prefix = "" if _is_excluded(verb, path, application) else application.prefix
    for version in wanted:
        below = "" if version == NEUTRAL else application.version_prefix + version
        yield Route(verb, _joined(prefix, below, path), place.source.at(place.node))


def _is_excluded(verb: str, path: str, application: Application) -> bool:
    return any(
        method in ("ALL", verb) and re.fullmatch(_pattern(pattern), path.strip("/")) is not None
        for method, pattern in application.excluded
    )


def _pattern(path: str) -> str:
    """Return the regular expression of a path with `*name`, `(.*)`, `{*rest}` and `:name` in it."""
    parts = re.split(r"(\(\.\*\)|\{?/?\*\w*\}?|:\w+)", path.strip("/"))
    return "".join(
        re.escape(part) if index % 2 == 0 else "[^/]+" if part.startswith(":") else ".*"
        for index, part in enumerate(parts)
    )


def _joined(*parts: str) -> str:
    return "/" + "/".join(part.strip("/") for part in parts if part.strip("/"))
