"""The queues a package adds jobs to and takes jobs from."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bayplan.model.code import QueueUse
from bayplan.model.workspace import Package
from bayplan.readers.javascript.environment import Environment
from bayplan.readers.javascript.meanings import Expr, External
from bayplan.readers.javascript.program import Program
from bayplan.readers.javascript.syntax import argument, arguments, callee, method_of, receiver

if TYPE_CHECKING:
    from tree_sitter import Node

MARKS = (
    b"bull",
    b"bee-queue",
    b"amqp",
    b"pg-boss",
    b"PgBoss",
    b"boss",
    b"kafka",
    b"agenda",
    b"RMQ",
    b".consume(",
    b".process(",
)
LIBRARIES = frozenset(
    {
        "bullmq",
        "@taskforcesh/bullmq-pro",
        "bull",
        "bee-queue",
        "@nestjs/bullmq",
        "@nestjs/bull",
        "@nestjs/microservices",
        "amqplib",
        "amqp-connection-manager",
        "pg-boss",
        "kafkajs",
        "agenda",
        "@hokify/agenda",
    }
)
_CONSTRUCTED = {
    ("bullmq", "Worker"): True,
    ("bullmq", "Queue"): False,
    ("@taskforcesh/bullmq-pro", "QueuePro"): False,
    ("@taskforcesh/bullmq-pro", "WorkerPro"): True,
    ("bull", ""): False,
    ("bee-queue", ""): False,
}
_CALLED = {"Processor": True, "InjectQueue": False, "registerQueue": False, "registerQueueAsync": False}
_METHODS = {
    "process": (("bull", "bee-queue"), True),
    "consume": (("amqplib", "amqp-connection-manager"), True),
    "sendToQueue": (("amqplib", "amqp-connection-manager"), False),
    "work": (("pg-boss",), True),
    "send": (("pg-boss", "kafkajs"), False),
    "subscribe": (("kafkajs",), True),
    "define": (("agenda", "@hokify/agenda"), True),
}


def read_queues(program: Program, env: Environment, package: Package) -> tuple[QueueUse, ...]:
    """Return each use of a queue once, in the order of files and lines."""
    root = program.packages.get(".", package)
    if LIBRARIES.isdisjoint(each.name for one in (package, root) for each in one.dependencies):
        return ()
    sources = program.having(package.folder, *MARKS)
    return tuple(dict.fromkeys(use for source in sources for use in _in_file(Expr(source.root, source), env)))


def _in_file(file: Expr, env: Environment) -> "Iterator[QueueUse]":
    source = file.source
    for made in source.nodes("new_expression"):
        called = env.resolver.called(made, source)
        known = (called.module, called.path[-1] if called.path else "")
        if known in _CONSTRUCTED:
            yield from _uses(Expr(made, source), _first(made, file), called.module, env, consumes=_CONSTRUCTED[known])
    for call in source.nodes("call_expression"):
        method = method_of(call, source)
        if method in _CALLED:
            yield from _nest(Expr(call, source), method, env)
        elif method in _METHODS:
            yield from _by_method(Expr(call, source), method, env)
        elif method == "createMicroservice":
            yield from _microservice(Expr(call, source), env)


def _uses(at: Expr, name: Expr | None, library: str, env: Environment, *, consumes: bool) -> "Iterator[QueueUse]":
    """Yield one use for each name an expression may stand for, and one without a name where nobody can say."""
    texts = [] if name is None else [text for text, _ in env.resolver.texts(name.node, name.source)]
    place = at.source.at(at.node)
    for text in dict.fromkeys(texts) or [""]:
        yield QueueUse(text, library, consumes, place)


def _nest(at: Expr, method: str, env: Environment) -> "Iterator[QueueUse]":
    called = env.resolver.called(at.node, at.source)
    if called.module not in ("@nestjs/bullmq", "@nestjs/bull"):
        return
    library = called.module.removeprefix("@nestjs/")
    given = arguments(at.node)
    if not given:
        yield from _uses(at, None, library, env, consumes=_CALLED[method])
    for each in given[:1] if method in ("Processor", "InjectQueue") else given:
        options = env.resolver.members(each, at.source)
        name = options.get("name", Expr(each, at.source))
        if "name" in options or not options:
            yield from _uses(at, name, library, env, consumes=_CALLED[method])


def _library(at: Expr, env: Environment) -> str:
    """Return the library whose object a method is called on, by its constructor or by what the file imports."""
    before = receiver(at.node)
    meaning = None if before is None else env.resolver.resolve(before, at.source)
    if isinstance(meaning, Expr):
        made = callee(meaning.node) if meaning.node.type in ("new_expression", "call_expression") else None
        external = None if made is None else env.resolver.external(made, meaning.source)
        if isinstance(external, External) and external.module != "global":
            return external.module
    return ""


def _by_method(at: Expr, method: str, env: Environment) -> "Iterator[QueueUse]":
    libraries, consumes = _METHODS[method]
    library = _library(at, env)
    if library not in libraries:
        names = env.resolver.names(at.source)
        library = next(
            (each for each in libraries if each not in ("bull", "bee-queue") and names.imports_from(each)), ""
        )
    if not library:
        return
    if library == "kafkajs":
        options = env.resolver.members(argument(at.node, 0), at.source)
        for topic in [each for each in (options.get("topic"), options.get("topics")) if each is not None]:
            for element in env.resolver.elements(topic.node, topic.source) or [topic]:
                yield from _uses(at, element, library, env, consumes=consumes)
        return
    if method == "process":
        before = receiver(at.node)
        made = None if before is None else env.resolver.resolve(before, at.source)
        name = _first(made.node, made) if isinstance(made, Expr) else None
        yield from _uses(at, name, library, env, consumes=consumes)
        return
    shown = library.replace("amqp-connection-manager", "amqplib")
    yield from _uses(at, _first(at.node, at), shown, env, consumes=consumes)


def _first(call: "Node", at: Expr) -> Expr | None:
    first = argument(call, 0)
    return None if first is None else Expr(first, at.source)


def _microservice(at: Expr, env: Environment) -> "Iterator[QueueUse]":
    """Yield the queue of a Nest microservice that RabbitMQ carries."""
    if b"RMQ" not in at.source.data:
        return
    options = env.resolver.members(argument(at.node, 1), at.source)
    inner = options.get("options")
    named = env.resolver.members(inner.node, inner.source).get("queue") if inner is not None else None
    if named is not None:
        yield from _uses(at, named, "amqplib", env, consumes=True)
