"""What the source of every package does, as facts: nothing here runs it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bayplan.model.code import Code, EnvUse, NextConfig, Route
from bayplan.model.workspace import Package
from bayplan.readers.databases import read_databases, read_schema_variables
from bayplan.readers.javascript.devices import installed_on
from bayplan.readers.javascript.env_asked import namespaces
from bayplan.readers.javascript.env_schemas import read_schemas
from bayplan.readers.javascript.env_use import as_use, is_platform_name, read_env
from bayplan.readers.javascript.environment import Environment
from bayplan.readers.javascript.frameworks import framework, nest_call
from bayplan.readers.javascript.listening import (
    Listening,
    find_listening,
    host_facts,
    next_port,
    port_facts,
    script_port,
)
from bayplan.readers.javascript.names import Resolver
from bayplan.readers.javascript.nest import nest_routes
from bayplan.readers.javascript.next_config import read_next_config
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.queues import read_queues
from bayplan.readers.javascript.reads_files import read_folders, read_of_others
from bayplan.readers.javascript.routes import server_routes
from bayplan.readers.javascript.routes_next import next_routes
from bayplan.readers.javascript.signals import handles
from bayplan.readers.javascript.vite_config import read_out_dir
from bayplan.tree import Tree


def read_code(tree: Tree, packages: Sequence[Package]) -> Mapping[str, Code]:
    """Return what the code of each package does, by the package's folder."""
    return read_program(Program(tree, packages), packages)


def read_program(program: Program, packages: Sequence[Package]) -> Mapping[str, Code]:
    """Return the same of sources that are there already."""
    env = Environment(Resolver(program))
    validated = read_schemas(program, env)
    env.namespaces = namespaces(program, env.resolver)
    read = read_env(program, env)
    found: dict[str, Code] = {}
    for package in packages:
        fields = [as_use(field) for field in validated.get(package.folder, ()) if not is_platform_name(field.name)]
        uses = (*fields, *read.get(package.folder, ()), *read_schema_variables(program, package))
        found[package.folder] = _code(program, env, package, uses)
    return found


def _code(program: Program, env: Environment, package: Package, uses: tuple[EnvUse, ...]) -> Code:
    queues = read_queues(program, env, package)
    listening = find_listening(program, env, package)
    device = installed_on(program.tree, package)
    kind = None if device else framework(program, env.resolver, package, listening, queues)
    config = read_next_config(program, env.resolver, package)
    code = Code(
        framework=kind,
        installed_on=device,
        env=uses,
        queues=queues,
        next=config,
        out_dir=read_out_dir(program, env.resolver, package) if kind is not None and kind.value == "vite" else None,
        reads_files=read_folders(program, env.resolver, package),
        reads_others=read_of_others(program, env.resolver, package),
        databases=read_databases(program, package),
    )
    if kind is None:
        return code
    is_next = kind.value == "next"
    terminated, interrupted = (
        package.at if is_next else handles(signal, program, env, package) for signal in ("SIGTERM", "SIGINT")
    )
    routed = replace(
        code,
        handles_sigterm=terminated,
        handles_sigint=interrupted,
        routes=_routes(program, env, package, kind.value, config),
    )
    return _with_port(routed, program, env, package, listening)


def _routes(
    program: Program, env: Environment, package: Package, kind: str, config: NextConfig | None
) -> tuple[Route, ...]:
    if kind == "next":
        base = config.base_path.value if config is not None and config.base_path is not None else ""
        return next_routes(program, env.resolver, package, base)
    if kind == "nest":
        return (*nest_routes(program, env, package), *server_routes(program, env, package))
    return () if kind == "vite" else server_routes(program, env, package)


def _with_port(code: Code, program: Program, env: Environment, package: Package, listening: Listening | None) -> Code:
    kind = "" if code.framework is None else code.framework.value
    nest = nest_call(program, env.resolver, package) if kind == "nest" else None
    if kind == "vite" or (nest is not None and nest[0] != "create"):
        return code
    if kind == "next" and listening is None:
        port, variable, host = next_port(package)
        return replace(code, port=port, port_variable=variable, host=host)
    if listening is None:
        return code
    port_found, variable_found = port_facts(listening)
    told = script_port(package, variable_found.value) if variable_found is not None else None
    host, host_variable = host_facts(listening)
    return replace(code, port=told or port_found, port_variable=variable_found, host=host, host_variable=host_variable)
