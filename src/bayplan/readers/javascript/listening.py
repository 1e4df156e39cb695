"""Where a package listens: its port, the variable that decides it, and the address it binds to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from bayplan.model.workspace import Package
from bayplan.readers.javascript.environment import Environment, Reading, constant_text
from bayplan.readers.javascript.functions import enclosing_function
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.syntax import arguments, method_of, receiver
from bayplan.source import At, Fact, Located, Why

MARKS = (b".listen(", b"serve(", b"fetch:")
START_SCRIPTS = ("start:prod", "start:production", "start", "serve", "prod")
LAST_PORT = 65_535
_SERVE_DEFAULT = {"@hono/node-server": 3000, "Bun.serve": 3000, "Deno.serve": 8000}
_SERVERS = re.compile(r"(?i)^(app|server|httpserver|fastify|express|api|instance|http|hono|koa|listener)$")
_ENTRY = re.compile(r"(^|/)(main|server|index|app|bootstrap|start)\.[cm]?[jt]sx?$")
_SHELL_DEFAULT = re.compile(r"\$\{(\w+):?-([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Listening:
    """One call that listens."""

    call: Expr
    port: Reading | None = None
    host: Reading | None = None

    @property
    def at(self) -> At:
        return self.call.source.at(self.call.node)

    @property
    def rank(self) -> tuple[bool, bool, bool, str, int]:
        """What comes first is most likely the package's own port, not that of its metrics."""
        name = self.port.variable if self.port is not None else None
        odd = name is not None and name != "PORT"
        entry = _ENTRY.search(self.call.source.path) is None
        return (self.port is None, odd, entry, self.call.source.path, self.call.node.start_byte)


def find_listening(program: Program, env: Environment, package: Package) -> Listening | None:
    """Return the call by which a package listens: in its own files, or in a function of another package it calls."""
    own = [
        each for source in program.having(package.folder, *MARKS) for each in _in_file(Expr(source.root, source), env)
    ]
    if own:
        return min(own, key=lambda each: each.rank)
    found = []
    for other in program.closure(package)[1:]:
        for source in program.having(other.folder, *MARKS):
            each_call = _in_file(Expr(source.root, source), env)
            found += [each for each in each_call if called_from(package.folder, each.call, env)]
    return min(found, key=lambda each: each.rank, default=None)


def called_from(folder: str, place: Expr, env: Environment) -> bool:
    """Say whether a package calls the function in which something happens."""
    function = enclosing_function(place.node)
    while function is not None:
        if any(call.source.package == folder for call in env.resolver.calls(Expr(function, place.source))):
            return True
        function = enclosing_function(function)
    return False


def _in_file(file: Expr, env: Environment) -> "Iterator[Listening]":
    source = file.source
    for call in source.nodes("call_expression"):
        method = method_of(call, source)
        if method == "listen" and receiver(call) is not None:
            found = _listen(Expr(call, source), env)
        elif method == "serve":
            found = _serve(Expr(call, source), env)
        else:
            found = None
        if found is not None:
            yield found
    yield from _exported_server(file, env)


def _listen(call: Expr, env: Environment) -> Listening | None:
    given = arguments(call.node)
    options = env.resolver.members(given[0], call.source) if given else {}
    if "port" in options:
        port = env.read(options["port"].node, options["port"].source)
        return Listening(call, port, _host(options, env))
    port = env.read(given[0], call.source) if given else None
    host = env.read(given[1], call.source) if len(given) > 1 else None
    if port is None or (port.number is None and port.variable is None):
        return Listening(call) if _is_server(call) else None
    if port.number == 0 and port.variable is None:
        return None
    return Listening(call, port, host if host is None or host.number is None else None)


def _is_server(call: Expr) -> bool:
    """Say whether what listens is a server, though nobody can say where."""
    before = receiver(call.node)
    return before is not None and _SERVERS.match(call.source.text(before).rpartition(".")[2]) is not None


def _serve(call: Expr, env: Environment) -> Listening | None:
    called = env.resolver.called(call.node, call.source)
    default = _SERVE_DEFAULT.get(called.module) or _SERVE_DEFAULT.get(called.name)
    if default is None:
        return None
    for given in arguments(call.node):
        options = env.resolver.members(given, call.source)
        if "port" in options:
            return Listening(call, env.read(options["port"].node, options["port"].source), _host(options, env))
    return Listening(call, Reading(call, value=float(default)))


def _host(options: "dict[str, Expr]", env: Environment) -> Reading | None:
    named = options.get("host") or options.get("hostname")
    return None if named is None else env.read(named.node, named.source)


def _exported_server(file: Expr, env: Environment) -> "Iterator[Listening]":
    """Yield `export default { port, fetch }`, which Bun serves."""
    if b"fetch" not in file.source.data or b"default" not in file.source.data:
        return
    node = env.resolver.names(file.source).exports.nodes.get("default")
    options = env.resolver.members(node, file.source) if node is not None else {}
    if node is not None and "fetch" in options and "port" in options:
        yield Listening(
            Expr(node, file.source), env.read(options["port"].node, options["port"].source), _host(options, env)
        )


def port_facts(found: Listening) -> tuple[Fact[int] | None, Fact[str] | None]:
    """Return the port of a call that listens and the variable that decides it, each with its reason."""
    port = found.port
    number = None if port is None else port.number
    name = None if port is None else port.variable
    if name is not None:
        said = f"the code listens on {name}" + (f", or {number} when that is not set" if number is not None else "")
    else:
        said = f"the code listens on {number}"
    why = Why("listening", said, found.at)
    return (
        None if number is None or not 0 < number <= LAST_PORT else Fact(number, why),
        None if name is None else Fact(name, why),
    )


def host_facts(found: Listening) -> tuple[Fact[str] | None, Fact[str] | None]:
    """Return the address that a call binds to and the variable that decides it, each with its reason."""
    host = constant_text(found.host)
    name = None if found.host is None else found.host.variable
    return (
        None if not host else Fact(host, Why("listening", f"the code binds to {host}", found.at)),
        None if name is None else Fact(name, Why("listening", f"the code binds to what {name} says", found.at)),
    )


def start_script(package: Package) -> Located[str] | None:
    """Return the script that starts a package in production, as far as its name says so."""
    return next((package.scripts[name] for name in START_SCRIPTS if name in package.scripts), None)


def next_port(package: Package) -> tuple[Fact[int], Fact[str], Fact[str] | None]:
    """Return where `next start` listens: what its script says, else 3000, and PORT overrules the default."""
    script = start_script(package)
    why = Why("next", "Next.js listens on PORT, or 3000 when that is not set", package.at)
    port, host = 3000, None
    if script is not None:
        words = _SHELL_DEFAULT.sub(r"\2", script.value).replace("=", " ").split()
        for option, value in pairwise(words):
            if option in ("-p", "--port", "PORT") and value.isdigit() and 0 < int(value[:6]) <= LAST_PORT:
                port, why = int(value[:6]), Why("next", f"its start script says {option} {value}", script.at)
            if option in ("-H", "--hostname"):
                host = Fact(value, Why("next", f"its start script says {option} {value}", script.at))
    return Fact(port, why), Fact("PORT", why), host


def script_port(package: Package, name: str) -> Fact[int] | None:
    """Return the port that the start script itself sets, as in `PORT=5000 node dist/main.js`."""
    script = start_script(package)
    found = None if script is None else re.search(rf"(?<![\w-]){re.escape(name)}=(\d{{1,5}})\b", script.value)
    if script is None or found is None or not 0 < int(found[1]) <= LAST_PORT:
        return None
    return Fact(int(found[1]), Why("listening", f"its start script sets {name}={found[1]}", script.at))
