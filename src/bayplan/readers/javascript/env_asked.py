"""Variables that are asked for by name, of Nest's ConfigService and of the library env-var."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bayplan.formats.typescript import unwrapped
from bayplan.readers.javascript.functions import returned
from bayplan.readers.javascript.meanings import Expr
from bayplan.readers.javascript.names import Resolver
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.source_file import FUNCTIONS, Source
from bayplan.readers.javascript.syntax import argument, chain, method_of, properties, receiver

if TYPE_CHECKING:
    from tree_sitter import Node

LONGEST_NAME = 100


def config_service_key(call: "Node", source: Source, resolver: Resolver) -> str | None:
    """Return the name that a call like `config.get("PORT")` asks Nest's ConfigService for."""
    if method_of(call, source) not in ("get", "getOrThrow") or b"ConfigService" not in source.data:
        return None
    before = receiver(call)
    if before is None or not _is_config_service(before, source):
        return None
    return resolver.text_of(argument(call, 0), source)


def _is_config_service(node: "Node", source: Source) -> bool:
    text = source.text(unwrapped(node))
    if re.search(r"\.get\(\s*ConfigService\b", text):
        return True
    name = re.escape(text.removeprefix("this."))
    if len(name) > LONGEST_NAME:
        return False
    made = r"(?:await\s+)?[\w.]+\.(?:get|resolve)\(\s*|new\s+|inject\(\s*"
    return re.search(rf"\b{name}\s*[?!]?\s*(?::\s*|=\s*(?:{made}))ConfigService\b", source.content) is not None


def namespaces(program: Program, resolver: Resolver) -> Mapping[str, list[Expr]]:
    """Return the objects that ConfigService answers from: those of `registerAs` by name, of `load` without one."""
    found: dict[str, list[Expr]] = defaultdict(list)
    for source in [each for package in program.by_package for each in program.having(package, b"registerAs", b"load:")]:
        for call in source.nodes("call_expression"):
            method = method_of(call, source)
            if method == "registerAs":
                name = resolver.text_of(argument(call, 0), source)
                found[name or ""] += _made(argument(call, 1), source, resolver)
            elif method == "forRoot":
                load = properties(argument(call, 0), source).get("load")
                for each in resolver.elements(load, source) if load is not None else ():
                    found[""] += _made(each.node, each.source, resolver)
    return found


def _made(node: "Node | None", source: Source, resolver: Resolver) -> list[Expr]:
    meaning = None if node is None else resolver.resolve(node, source)
    if not isinstance(meaning, Expr) or meaning.node.type not in FUNCTIONS:
        return []
    result = returned(meaning)
    return [] if result is None else [Expr(result, meaning.source)]


def env_var(call: "Node", source: Source, resolver: Resolver) -> tuple[str, Expr | None, bool] | None:
    """Return (name, default, required) of `env.get("PORT").default(3000).required().asPortNumber()`."""
    if b"env-var" not in source.data or method_of(call, source) != "get":
        return None
    before = receiver(call)
    external = None if before is None else resolver.external(before, source)
    name = resolver.text_of(argument(call, 0), source)
    if external is None or external.module != "env-var" or name is None:
        return None
    default, required = None, False
    outer = call
    while outer.parent is not None and outer.parent.type in ("member_expression", "call_expression"):
        outer = outer.parent
    for method, each in chain(outer, source)[1]:
        first = argument(each, 0)
        default = Expr(first, source) if method == "default" and first is not None else default
        required = required or method == "required"
    return name, default, required and default is None


def env_var_inside(node: "Node", source: Source, resolver: Resolver) -> tuple[str, Expr | None, bool] | None:
    """Return what `env_var` says about the `get` that a chain of calls begins with."""
    calls = chain(node, source)[1]
    return env_var(calls[0][1], source, resolver) if calls else None
