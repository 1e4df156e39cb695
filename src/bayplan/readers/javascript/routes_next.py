"""The routes of a Next.js app, which are its files."""

import re
from collections.abc import Iterator

from bayplan.model.code import Route
from bayplan.model.workspace import Package
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.names import Resolver
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.redirecting import redirects
from bayplan.readers.javascript.source_file import Source
from bayplan.source import At

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_APP = re.compile(r"^(?:src/)?app/(?:(?P<folder>.+)/)?(?P<kind>route|page)\.[cm]?[jt]sx?$")
_PAGES = re.compile(r"^(?:src/)?pages/(?P<page>.+)\.[cm]?[jt]sx?$")
_OWN = frozenset({"_app", "_document", "_error", "404", "500"})


def next_routes(program: Program, resolver: Resolver, package: Package, base: str) -> tuple[Route, ...]:
    """Return the route handlers and pages of both routers, under the config's `basePath`."""
    return tuple(
        route
        for source in program.by_package.get(package.folder, ())
        for route in _in_file(source, resolver, package, base.strip("/"))
    )


def _in_file(source: Source, resolver: Resolver, package: Package, base: str) -> "Iterator[Route]":
    inside = source.path if package.folder == "." else source.path[len(package.folder) + 1 :]
    place = At(source.path, 1, 1)
    found = _APP.match(inside)
    if found is not None:
        path = _app_path(found["folder"] or "", base)
        if path is not None and found["kind"] == "page":
            yield Route("GET", path, place, _redirects(source, resolver))
        elif path is not None:
            exports = resolver.names(source).exports
            for method in METHODS:
                node = exports.nodes.get(method)
                if node is not None or method in exports.passed_on:
                    yield Route(
                        method, path, place if node is None else source.at(node.child_by_field_name("name") or node)
                    )
        return
    page = _PAGES.match(inside)
    if page is not None and page["page"] not in _OWN:
        path = re.sub(r"(^|/)index$", "", page["page"])
        yield Route("ALL" if path.startswith("api/") or path == "api" else "GET", _joined(base, _segments(path)), place)


def _redirects(source: Source, resolver: Resolver) -> bool:
    page = resolver.names(source).exports.nodes.get("default") if b"edirect(" in source.data else None
    meaning = resolver.resolve(page, source) if page is not None else None
    return isinstance(meaning, Expr) and redirects(meaning)


def _app_path(folder: str, base: str) -> str | None:
    """Return the path of a folder of the app router; None for what is private or shown inside another page."""
    parts = folder.split("/") if folder else []
    if any(part.startswith(("_", "@", "(.")) for part in parts):
        return None
    shown = [part for part in parts if not (part.startswith("(") and part.endswith(")"))]
    return _joined(base, _segments("/".join(shown)))


def _segments(path: str) -> str:
    path = re.sub(r"\[\[?\.\.\.[^\]/]*\]\]?", "*", path)
    return re.sub(r"\[([^\]/]+)\]", r":\1", path)


def _joined(*parts: str) -> str:
    return "/" + "/".join(part for part in parts if part)
