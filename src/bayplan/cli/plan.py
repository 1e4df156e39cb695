"""Show what would run: services, stores, variables, and what you should know. Nothing is written."""

import argparse
import json
from collections.abc import Iterator

from bayplan.catalog import load
from bayplan.cli.parser import add_environment
from bayplan.cli.terminal import paint, printable, table
from bayplan.model.contract import Term
from bayplan.model.front import Proxy, Site
from bayplan.model.parts import Asked, Given, Health, Variable
from bayplan.model.stack import Service, Stack, Store
from bayplan.reports.differences import besides, certificates, published
from bayplan.source import Why

EXAMPLES = """examples:
  bayplan plan          a summary
  bayplan plan --why    with the reason of every decision, and the line that shows it
  bayplan plan --json   everything, for programs
  bayplan plan --env staging
"""
HIDDEN = "(secret)"
SERVICE_HEAD = ("SERVICE", "ROLE", "REPLICAS", "PORT", "PUBLISHED", "HEALTH", "NEEDS", "BASE", "COMMAND")
VARIABLE_HEAD = ("VARIABLE", "FOR", "VALUE", "KIND", "PURPOSE")
STORE_HEAD = ("STORE", "IMAGE", "PORT", "PUBLISHED", "HEALTH", "DATA")
SITE_HEAD = ("HOST", "ANSWERED BY", "BESIDES")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_environment(parser)
    parser.add_argument(
        "folder", nargs="?", metavar="FOLDER", help="the repository, where it is not the current folder"
    )
    parser.add_argument("--why", action="store_true", help="show the reason of every decision")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the plan."""
    from bayplan import pipeline

    planned = pipeline.plan(arguments.directory, arguments.environment)
    if arguments.json:
        print(as_json(planned.stack, sorted(planned.files)))
        return 0
    print("\n\n".join(sections(planned.stack)))
    if arguments.why:
        print("\n" + "\n".join(reasons(planned.stack)))
    return 0


def as_json(stack: Stack, files: list[str]) -> str:
    """Return the whole stack as JSON, secrets left out, with the files that would be written."""
    from dataclasses import asdict

    document = asdict(stack)
    for kind, owners in (("services", stack.services), ("stores", stack.stores)):
        for owner, entry in zip(_owners(owners), document[kind], strict=True):
            for variable, shown in zip(owner.variables, entry["variables"], strict=True):
                if variable.secret:
                    shown["value"] = _hidden(variable)
    return json.dumps({**document, "files": files}, indent=2, ensure_ascii=True)


def _owners(owners: tuple[Service, ...] | tuple[Store, ...]) -> tuple[Service | Store, ...]:
    return owners


def _hidden(variable: Variable) -> dict[str, object]:
    value = variable.value
    return {"name": value.name, "required": value.required} if isinstance(value, Asked) else {"secret": True}


def sections(stack: Stack) -> Iterator[str]:
    """Yield each part of the summary."""
    where = f"{stack.environment}: {stack.compose}"
    yield f"{paint(printable(stack.name), 'bold')} on Node.js {printable(stack.node.value)}, {printable(where)}"
    if stack.targets.chosen:
        titles = [load(f"platforms/{each}")["title"] for each in stack.targets.chosen]
        yield f"also written for {', '.join(titles)}"
    if stack.proxy is not None:
        yield _proxy(stack.proxy)
    if not stack.services and not stack.stores:
        yield "Nothing that could run was found."
    if stack.services:
        yield table(SERVICE_HEAD, [_service(each) for each in stack.services], indent="")
    if stack.stores:
        yield table(STORE_HEAD, [_store(each) for each in stack.stores], indent="")
    variables = list(_variables(stack))
    if variables:
        yield table(VARIABLE_HEAD, variables, indent="")
    if stack.notes:
        yield "\n".join(_note(note.about, note.text, str(note.at or "")) for note in stack.notes)


def _proxy(proxy: Proxy) -> str:
    """Show the host names, what answers them, and how the world comes to them."""
    rows = [(host, _answered(site), "; ".join(besides(site))) for site in proxy.sites for host in site.hosts]
    ports = published(proxy.bindings, 0) or "published nowhere"
    about = f"{proxy.name}: {ports}; certificates: {certificates(proxy.tls)}"
    return f"{table(SITE_HEAD, rows, indent='')}\n{printable(about)}"


def _answered(site: Site) -> str:
    return ", ".join(f"{answer.path} {answer.service}".strip() for answer in site.answers) or "nobody"


def _service(service: Service) -> tuple[str, ...]:
    port = service.port.value if service.port else 0
    return (
        service.name,
        str(service.role.value),
        str(service.replicas) if service.replicas != 1 else "",
        str(service.port.value) if service.port else "",
        published([service.binding], port) if service.binding else "",
        _health(service.health),
        ", ".join(f"{need.name} ({need.condition})" for need in service.needs),
        service.image.stages[-1].base if service.image.stages else "",
        " ".join(service.command.value),
    )


def _store(store: Store) -> tuple[str, ...]:
    ports = published(store.bindings, store.port)
    return store.name, store.image.value, str(store.port), ports, _health(store.health), store.volume


def _health(health: Health | None) -> str:
    if health is None:
        return ""
    return health.path or ("its port is open" if health.command[:2] == ("node", "-e") else " ".join(health.command))


def _variables(stack: Stack) -> Iterator[tuple[str, ...]]:
    """Yield one row for each variable with one value, however many read it, and for what only compose asks for."""
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for owner in (*_owners(stack.services), *_owners(stack.stores)):
        for variable in owner.variables:
            key = (variable.name, _value(variable), ", ".join(_marks(variable)))
            rows.setdefault(key, {})[owner.name] = variable.purpose
    for term in _only_asked(stack):
        key = (term.name, _asked(term, secret=term.secret), ", ".join(_marks(term)))
        rows[key] = dict.fromkeys(term.readers, term.purpose)
    for (name, value, marked), purposes in sorted(rows.items()):
        yield name, ", ".join(purposes), value, marked, next(filter(None, purposes.values()), "")


def _only_asked(stack: Stack) -> Iterator[Term]:
    """Yield what is asked for and no service or store reads under a name of its own: parts of files and of images."""
    from bayplan.catalog.contract import contract

    variables = [each for owner in (*_owners(stack.services), *_owners(stack.stores)) for each in owner.variables]
    shown = {
        name for each in variables for name in (each.name, each.value.name if isinstance(each.value, Asked) else "")
    }
    yield from (term for term in contract(stack).asked if term.name not in shown)


def _marks(one: Variable | Term) -> list[str]:
    return [word for word, on in (("secret", one.secret), ("at build", one.at_build)) if on]


def _asked(one: Asked | Term, name: str = "", *, secret: bool = False) -> str:
    if one.default is not None:
        return HIDDEN if secret else one.default
    return ("you give it" if one.required else "you may give it") + name


def _value(variable: Variable) -> str:
    value = variable.value
    if isinstance(value, Asked):
        name = f" as {value.name}" if value.name != variable.name else ""
        return _asked(value, name, secret=variable.secret)
    if isinstance(value, Given):
        return HIDDEN if variable.secret else value.text
    return "".join(part.text if isinstance(part, Given) else f"${{{part.name}}}" for part in value.parts)


def _note(about: str, text: str, at: str) -> str:
    place = paint(f" ({printable(at)})", "dim") if at else ""
    return f"{paint('note', 'cyan', 'bold')}: {printable(about)}: {printable(text)}{place}"


def reasons(stack: Stack) -> Iterator[str]:
    """Yield every decision with its reason."""
    yield _reason(f"Node.js {stack.node.value}", stack.node.why)
    for service in stack.services:
        yield f"\n{paint(printable(service.name), 'bold')}"
        yield from (_reason(what, why) for what, why in _decisions(service))
    for store in stack.stores:
        yield f"\n{paint(printable(store.name), 'bold')}"
        yield _reason(store.kind, store.why)
        yield _reason(store.image.value, store.image.why)
        yield from (_reason(variable.name, variable.why) for variable in store.variables)


def _decisions(service: Service) -> Iterator[tuple[str, Why]]:
    yield str(service.role.value), service.role.why
    yield " ".join(service.command.value), service.command.why
    if service.port:
        yield f"port {service.port.value}", service.port.why
    if service.binding:
        yield f"published on {service.binding.port}", service.binding.why
    if service.health:
        yield f"health {_health(service.health)}", service.health.why
    for need in service.needs:
        yield f"after {need.name} is {need.condition}", need.why
    for variable in service.variables:
        yield variable.name, variable.why


def _reason(what: str, why: Why) -> str:
    return f"  {printable(what)}: {printable(str(why))}"
