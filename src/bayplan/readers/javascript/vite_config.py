"""Where Vite builds to, as far as its configuration says."""

from bayplan.model.workspace import Package
from bayplan.readers.folders import inside, joined
from bayplan.readers.javascript.exported import exported, members
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.names import Resolver
from bayplan.readers.javascript.program import Program
from bayplan.source import Located

NAMES = tuple(f"vite.config.{extension}" for extension in ("ts", "mts", "mjs", "js", "cjs"))
USUAL = "dist"


def read_out_dir(program: Program, resolver: Resolver, package: Package) -> Located[str] | None:
    """Return the folder, relative to the package, where it is not the usual one."""
    path = next((path for name in NAMES if (path := package.path(name)) in program.sources), None)
    literal = exported(program.sources[path], resolver) if path else None
    if literal is None:
        return None
    settings = members(literal, resolver)
    build = settings.get("build")
    root = settings.get("root")
    out = resolver.members(build.node, build.source).get("outDir") if build is not None else None
    stated = out or root
    if stated is None:
        return None
    below = joined(_text(root, resolver) or ".", _text(out, resolver) or USUAL)
    found = inside(package.folder, joined(package.folder, below) or "..") if below else None
    return None if found in (None, ".", USUAL) else Located(found, stated.source.at(stated.node))


def _text(value: Expr | None, resolver: Resolver) -> str | None:
    return resolver.text_of(value.node, value.source) if value is not None else None
