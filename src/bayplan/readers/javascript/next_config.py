"""What a Next.js config says, and where a property can be added to it."""

import posixpath
from collections.abc import Mapping

from bayplan.model.code import NextConfig
from bayplan.model.workspace import Package
from bayplan.readers.javascript.exported import constant, exported, members
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.names import Resolver
from bayplan.readers.javascript.program import Program
from bayplan.source import At, Located

NAMES = tuple(f"next.config.{extension}" for extension in ("ts", "mts", "mjs", "js", "cjs"))


def read_next_config(program: Program, resolver: Resolver, package: Package) -> NextConfig | None:
    """Return a package's Next.js config, or None when it has none."""
    path = next((path for name in NAMES if (path := package.path(name)) in program.sources), None)
    if path is None:
        return None
    source = program.sources[path]
    literal = exported(source, resolver)
    if literal is None:
        return NextConfig(path, At(path, 1, 1), editable=False)
    settings = members(literal, resolver)
    experimental = (
        resolver.members(settings["experimental"].node, settings["experimental"].source)
        if "experimental" in settings
        else {}
    )
    tracing = settings.get("outputFileTracingRoot") or experimental.get("outputFileTracingRoot")
    place = literal.source.at(literal.node)
    return NextConfig(
        path,
        At(place.file, place.line, place.column, 1),
        output=constant(settings.get("output"), resolver),
        tracing_root=None if tracing is None else Located(tracing.text, tracing.source.at(tracing.node)),
        base_path=constant(settings.get("basePath"), resolver),
        transpiled=_texts(settings.get("transpilePackages"), resolver),
        editable=literal.source is source,
        trailing_slash=_trailing_slash(settings, resolver),
        dist_dir=_inside(constant(settings.get("distDir"), resolver)),
    )


def _trailing_slash(settings: Mapping[str, Expr], resolver: Resolver) -> Located[str] | None:
    """Return what is said about slashes at the end; where nothing is redirected, the name of the key that says so."""
    skips = settings.get("skipTrailingSlashRedirect")
    if skips is not None:
        return Located("skipTrailingSlashRedirect", skips.source.at(skips.node))
    return constant(settings.get("trailingSlash"), resolver)


def _inside(folder: Located[str] | None) -> Located[str] | None:
    """Return a folder that lies inside the package; Next.js refuses any other."""
    path = posixpath.normpath(folder.value) if folder is not None else "."
    return None if path.startswith(("..", "/")) or path == "." else folder


def _texts(value: Expr | None, resolver: Resolver) -> tuple[str, ...]:
    elements = [] if value is None else resolver.elements(value.node, value.source)
    return tuple(text for each in elements if (text := resolver.text_of(each.node, each.source)) is not None)
