"""Whether a package ends in order when it is asked to."""

from bayplan.model.workspace import Package
from bayplan.readers.javascript.environment import Environment
from bayplan.readers.javascript.listening import called_from
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.syntax import argument, method_of, receiver
from bayplan.source import At

LIBRARIES = frozenset(
    {
        "close-with-grace",
        "@godaddy/terminus",
        "stoppable",
        "http-graceful-shutdown",
        "fastify-graceful-shutdown",
        "lightship",
        "async-exit-hook",
        "node-graceful-shutdown",
        "@tygra/nestjs-graceful-shutdown",
        "nestjs-graceful-shutdown",
    }
)
MARKS = (b"enableShutdownHooks", *(name.encode() for name in LIBRARIES))
_LISTENS = frozenset({"on", "once", "addListener", "prependListener"})


def handles(signal: str, program: Program, env: Environment, package: Package) -> At | None:
    """Return where a package listens for a signal: in its own files, or in a function of another that it calls."""
    for member in program.closure(package):
        for source in program.having(member.folder, signal.encode(), *MARKS):
            for call in source.nodes("call_expression"):
                place = Expr(call, source)
                own = member.folder == package.folder
                if _handles(signal, place, env) and (own or called_from(package.folder, place, env)):
                    return source.at(call)
    return None


def _handles(signal: str, call: Expr, env: Environment) -> bool:
    method = method_of(call.node, call.source)
    if method == "enableShutdownHooks":
        return True
    if method in _LISTENS:
        before, first = receiver(call.node), argument(call.node, 0)
        external = None if before is None else env.resolver.external(before, call.source)
        if external is None or first is None or (external.path[-1:] or (external.module,))[0] not in _PROCESS:
            return False
        return any(text == signal for text, _ in env.resolver.texts(first, call.source))
    return env.resolver.called(call.node, call.source).module in LIBRARIES


_PROCESS = ("process", "node:process")
