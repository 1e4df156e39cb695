"""Every place where code reads an environment variable, as `EnvUse`."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.model.code import SKIPS_VALIDATION, EnvUse, Use
from bayplan.readers.javascript.bindings import pattern_names
from bayplan.readers.javascript.env_asked import config_service_key, env_var
from bayplan.readers.javascript.env_context import CONNECTIONS, GIVES_UP, Context, context, guarded_names
from bayplan.readers.javascript.environment import NAME, WHOLE, EnvField, Environment, constant_text, environment
from bayplan.readers.javascript.functions import enclosing_function, parameter_index
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.program import Program, is_build_config
from bayplan.readers.javascript.source_file import Source
from bayplan.readers.javascript.syntax import argument, arguments, method_of, string_value

if TYPE_CHECKING:
    from tree_sitter import Node

MARKS = (
    b"process.env",
    b"import.meta.env",
    b"Bun.env",
    b"Deno.env",
    b"node:process",
    b"} = process",
    b"ConfigService",
    b"env-var",
    b"'process'",
    b'"process"',
)
MOST_READS = 2_000
"""More reads in one file than any hand wrote: the rest says nothing new."""
PLATFORM = re.compile(
    r"^(?:NODE_ENV|NODE_OPTIONS|CI|PWD|HOME|PATH|USER|SHELL|INIT_CWD|FORCE_COLOR|NO_COLOR|npm_.*|VERCEL|VERCEL_.*|"
    r"NEXT_PUBLIC_VERCEL_.*|TURBO_.*|NEXT_RUNTIME|NEXT_PHASE|__NEXT_.*|JEST_WORKER_ID|VITEST.*|RENDER|RENDER_EXTERNAL_.*|"
    r"RAILWAY_.*|FLY_(?:APP_NAME|REGION|MACHINE_ID|ALLOC_ID)|KUBERNETES_.*)$"
)
_VITE_OWN = frozenset({"MODE", "DEV", "PROD", "SSR", "BASE_URL"})


def read_env(program: Program, env: Environment) -> dict[str, list[EnvUse]]:
    """Return every plain read of a variable by package, in the order of files and lines.

    What a function reads by the name it is given, its callers read.
    """
    found: dict[str, dict[EnvUse, None]] = defaultdict(dict)
    for package in program.by_package:
        sources = {source.path: source for source in program.having(package, *MARKS)}
        for alias in sorted(_exported_aliases(env, sources.values())):
            sources |= {each.path: each for each in program.having(package, f"{alias}.".encode(), f"{alias}[".encode())}
        for source in sources.values():
            for use in _in_file(source, env):
                found[program.sources[use.at.file].package][use] = None
    return {package: sorted(uses, key=lambda use: use.at) for package, uses in found.items()}


def is_platform_name(name: str) -> bool:
    """Say whether a name belongs to the platform or a tool and is nobody's to configure."""
    return PLATFORM.match(name) is not None


def as_use(field: EnvField) -> EnvUse:
    """Return what a schema says about a variable."""
    return EnvUse(
        field.name,
        field.at.source.at(field.at.node),
        field.required,
        field.default,
        Use.BUILD if field.at_build or _at_build(field.name, field.at.source, field.via) else Use.RUN,
        field.via,
        field.purpose,
        field.kind,
    )


def _exported_aliases(env: Environment, sources: "Iterable[Source]") -> "Iterator[str]":
    """Return the names by which other files get the environment as a whole."""
    for source in sources:
        if b"export" not in source.data or (b"node:process" not in source.data and not WHOLE.search(source.content)):
            continue
        for name, node in env.resolver.names(source).exports.nodes.items():
            if environment(env.resolver.resolve(node, source)) is not None and NAME.match(name):
                yield name


def _in_file(source: Source, env: Environment) -> "Iterator[EnvUse]":
    guarded = guarded_names(source, env)
    budget = MOST_READS
    for node in source.nodes("member_expression", "subscript_expression"):
        if budget <= 0:
            return
        for use in _member_uses(node, source, env, guarded):
            budget -= 1
            yield use
    yield from _destructured(source, env, guarded)
    yield from _asked(source, env)


def _member_uses(node: "Node", source: Source, env: Environment, guarded: frozenset[str]) -> "Iterator[EnvUse]":
    inner = node.child_by_field_name("object")
    if inner is None or not _may_be_environment(unwrapped(inner), node, source):
        return
    via = environment(env.resolver.resolve(inner, source))
    if via is None:
        return
    if node.type == "member_expression":
        named = node.child_by_field_name("property")
        name = "" if named is None else source.text(named)
        if NAME.match(name):
            yield from _use(name, node, via, source, env, guarded)
        return
    index = node.child_by_field_name("index")
    if index is None:
        return
    if env.resolver.varies(unwrapped(index), source):
        yield from _by_name(node, unwrapped(index), via, source, env)
        return
    text = env.resolver.text_of(index, source)
    if text is not None and NAME.match(text):
        yield from _use(text, node, via, source, env, guarded)


def _may_be_environment(node: "Node", member: "Node", source: Source) -> bool:
    """Say whether it is worth while to ask what stands before a dot: most of what does is something else."""
    if node.type == "identifier":
        named = member.child_by_field_name("property")
        return named is None or source.data[named.start_byte : named.start_byte + 1].isupper()
    named = node.child_by_field_name("property") if node.type == "member_expression" else None
    return named is not None and source.text(named) == "env"


def _use(
    name: str, node: "Node", via: str, source: Source, env: Environment, guarded: frozenset[str]
) -> "Iterator[EnvUse]":
    around = context(node, source, env)
    if around.written or is_platform_name(name) or (via == "import.meta.env" and name in _VITE_OWN):
        return
    yield _made(name, Expr(node, source), via, around, guarded)


def _made(name: str, at: Expr, via: str, around: Context, guarded: frozenset[str]) -> EnvUse:
    likely = CONNECTIONS.match(name) is not None and not around.tested and around.fallback is None
    required = around.default is None and (around.required or name in guarded or likely)
    source = at.source
    skips = _skips_validation(at)
    return EnvUse(
        name,
        source.at(at.node),
        required,
        around.default,
        Use.BUILD if skips or _at_build(name, source, via) else Use.RUN,
        via,
        source.purpose(at.node),
        SKIPS_VALIDATION if skips else "",
    )


def _skips_validation(at: Expr) -> bool:
    """Say whether a variable decides about t3-env's `skipValidation`."""
    node, source = at.node.parent, at.source
    while node is not None and node.type not in ("object", "statement_block", "program"):
        if node.type == "pair":
            key = node.child_by_field_name("key")
            return key is not None and source.text(key) == "skipValidation"
        node = node.parent
    return False


def _at_build(name: str, source: Source, via: str) -> bool:
    prefixed = name.startswith(("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "EXPO_PUBLIC_"))
    return via == "import.meta.env" or prefixed or is_build_config(source.path)


def _by_name(node: "Node", index: "Node", via: str, source: Source, env: Environment) -> "Iterator[EnvUse]":
    """Yield what `process.env[name]` reads, where `name` is a parameter or runs over a list."""
    around = context(node, source, env)
    binding = env.resolver.names(source).find(source.text(index), index.start_byte)
    function = None if binding is None or binding.node is None else enclosing_function(binding.node)
    fallback = _fallback_index(around.fallback, function, source)
    demands = around.required or (
        function is not None
        and binding is not None
        and binding.kind == "parameter"
        and bool(GIVES_UP.search(source.text(function)))
    )
    if around.written:
        return
    for name, place in env.resolver.texts(index, source):
        if not NAME.match(name) or is_platform_name(name):
            continue
        default = around.default
        holder = place.node.parent
        call = holder.parent if fallback > 0 and holder is not None else None
        if call is not None and call.type in ("call_expression", "new_expression"):
            default = constant_text(env.read(argument(call, fallback), place.source))
        optional = call is not None and len(arguments(call)) > fallback
        yield _made(name, place, via, Context(node, demands and not optional, default, tested=optional), frozenset())


def _fallback_index(fallback: "Node | None", function: "Node | None", source: Source) -> int:
    """Return which parameter of a function is its default for a missing variable, or -1."""
    if fallback is None or function is None:
        return -1
    name = source.text(unwrapped(fallback))
    holder = function.child_by_field_name("parameters")
    for parameter in holder.named_children if holder is not None else ():
        pattern = parameter.child_by_field_name("pattern")
        if pattern is not None and source.text(pattern) == name:
            return parameter_index(parameter, function)
    return -1


def _destructured(source: Source, env: Environment, guarded: frozenset[str]) -> "Iterator[EnvUse]":
    for declarator in source.nodes("variable_declarator"):
        target, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
        if target is None or value is None or target.type != "object_pattern":
            continue
        via = environment(env.resolver.resolve(value, source))
        if via is None:
            continue
        for node, _, path, default in pattern_names(target, source):
            name = path[-1] if len(path) == 1 else ""
            if name and not is_platform_name(name):
                text = None if default is None else constant_text(env.read(default, source))
                yield _made(name, Expr(node, source), via, Context(node, default=text, fallback=default), guarded)


def _asked(source: Source, env: Environment) -> "Iterator[EnvUse]":
    """Yield what is asked by call: Nest's ConfigService, env-var and Deno."""
    if b"ConfigService" not in source.data and b"Deno.env" not in source.data and b"env-var" not in source.data:
        return
    for call in source.nodes("call_expression"):
        name, via, demanded = (
            config_service_key(call, source, env.resolver),
            "ConfigService",
            method_of(call, source) == "getOrThrow",
        )
        asked = env_var(call, source, env.resolver)
        if asked is not None:
            name, via, demanded = asked[0], "env-var", asked[2]
        if name is None and source.text(call).startswith("Deno.env.get("):
            name, via, demanded = string_value(argument(call, 0), source), "Deno.env", False
        if name is None or not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) or is_platform_name(name):
            continue
        reading = env.read(call, source)
        around = context(call, source, env)
        default = constant_text(reading) if reading is not None and reading.value is not None else around.default
        shown = Context(
            call, demanded or around.required, default, around.fallback, around.tested or via == "ConfigService"
        )
        yield _made(name, Expr(call, source), via, shown, frozenset())
