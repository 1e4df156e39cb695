"""The contract of a stack: what its parts say of each variable, and what is known about variables of that name."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bayplan.catalog import load
from bayplan.model.contract import Contract, Term
from bayplan.model.front import Proxy
from bayplan.model.parts import Asked, Binding, Composed, Given, Value, Variable, fixed, parts_of
from bayplan.model.stack import Backups, Service, Stack, Store

REFERENCE = re.compile(r"\$\{(\w+)")
SECRET_WORDS = ("PASSWORD", "PASS", "SECRET", "TOKEN", "KEY")
PUBLIC = re.compile(r"^(NEXT_PUBLIC|VITE|PUBLIC|REACT_APP)_(?!IP)")
RANDOM = "openssl rand -hex 32"
OTHER = "Other"
OWNER = "acme-corp"
"""Whose images a registry may hold, in the form that it takes."""
COMPOSE = "compose"
"""Who reads what is part of the compose file itself."""


def contract(stack: Stack) -> Contract:
    """Return every variable that the stack asks for or sets. What is secret or required anywhere is so everywhere."""
    found: dict[str, Term] = {}
    for term in _mentions(stack):
        found[term.name] = _merged(found[term.name], term) if term.name in found else term
    terms = tuple(_known(_told(found[name], stack)) for name in sorted(found))
    usual = [row["heading"] for row in load("variables")["group"]]
    own = sorted({term.group for term in terms} - {*usual, OTHER})
    used = {term.group for term in terms}
    return Contract(terms, tuple(heading for heading in (*usual, *own, OTHER) if heading in used))


def _mentions(stack: Stack) -> Iterator[Term]:
    for store in stack.stores:
        yield from _of_store(store)
    for service in stack.services:
        yield from _of_service(service)
    if stack.proxy is not None:
        yield from _of_proxy(stack.proxy)
    if stack.backups is not None:
        yield from _of_backups(stack.backups)
    for variable in stack.build_secrets:
        readers = [own.name for own in stack.built if own.pulled is None and variable.name in own.image.secrets]
        for reader in readers:
            yield from (replace(term, only_theirs=True, at_build=True) for term in _of_variable(variable, reader))


def _of_store(store: Store) -> Iterator[Term]:
    for variable in store.variables:
        if fixed(variable.value) is None:
            yield from (term for term in _of_variable(variable, store.name) if term.asked)
    for word in store.command:
        if isinstance(word, Asked):
            yield _asked(word, store.name)
    yield from _of_bindings(store.bindings, store.name)


def _of_service(service: Service) -> Iterator[Term]:
    is_built = service.pulled is None and service.image_of is None
    for variable in service.variables:
        if is_built or not variable.at_build:
            yield from _of_variable(variable, service.name)
    yield from _of_bindings((service.binding,) if service.binding else (), service.name)
    yield from _of_image(service.pulled)


def _of_proxy(proxy: Proxy) -> Iterator[Term]:
    for site in proxy.sites:
        for name in REFERENCE.findall(" ".join(site.hosts)):
            term = Term(name, required=True, kind="host", group="DNS", readers=(proxy.name,), why=site.why)
            yield replace(term, purpose=f"the domain in {' and '.join(site.hosts)}")
        for name in REFERENCE.findall(" ".join(text for pair in (*site.redirects, *site.headers) for text in pair)):
            yield Term(name, required=True, readers=(proxy.name,), why=site.why)
    for variable in proxy.variables:
        yield from _of_variable(variable, proxy.name)
    yield from _of_bindings(proxy.bindings, proxy.name)
    yield from _of_image(proxy.pulled)
    if proxy.tls.token is not None:
        proof = f"lets {proxy.name} prove to the certificate authority that the domain is yours"
        token = _asked(proxy.tls.token, proxy.name)
        yield replace(token, secret=True, purpose=proof, group="DNS", why=proxy.tls.why)


def _of_backups(backups: Backups) -> Iterator[Term]:
    for name in REFERENCE.findall(f"{backups.to} {backups.age} {backups.gpg}"):
        yield Term(name, required=True, group="Backups", readers=("backup",), why=backups.why)


def _of_bindings(bindings: Iterable[Binding], reader: str) -> Iterator[Term]:
    for binding in bindings:
        if isinstance(binding.address, Asked):
            purpose = f"the address of the machine that {reader} is reached at"
            term = _asked(binding.address, COMPOSE)
            yield replace(
                term, kind="address", purpose=purpose, group="DNS", why=binding.why, example="203.0.113.7", secret=False
            )


def _of_image(value: Value | None) -> Iterator[Term]:
    before = ""
    for part in value.parts if isinstance(value, Composed) else (value,):
        if isinstance(part, Asked):
            kind = "tag" if ":" in before.rpartition("/")[2] else "image"
            example = OWNER if kind == "image" and before.endswith("/") else ""
            yield replace(_asked(part, COMPOSE), secret=False, kind=kind, group="Images", example=example)
        elif isinstance(part, Given):
            before += part.text


def _of_variable(variable: Variable, reader: str) -> Iterator[Term]:
    """Yield a variable under the operator's name, and under the code's own where that is another."""
    value = variable.value
    if isinstance(value, Asked):
        term = _asked(value, reader)
        yield replace(
            _described(term, variable),
            example=variable.example,
            kind=variable.kind,
            for_browsers=variable.for_browsers,
            secret=term.secret or variable.secret,
            command=RANDOM if variable.made_up and variable.secret else "",
        )
        if variable.name == value.name:
            return
    if isinstance(value, Composed):
        in_url = any(isinstance(part, Given) and "://" in part.text for part in value.parts)
        yield from (replace(_asked(part, reader), in_url=in_url) for part in value.parts if isinstance(part, Asked))
    own = Term(variable.name, asked=False, secret=variable.secret, example=_shown(value), readers=(reader,))
    yield _described(own, variable)


def _described(term: Term, variable: Variable) -> Term:
    return replace(
        term,
        purpose=variable.purpose,
        group=variable.group,
        at_build=variable.at_build,
        fallback=variable.fallback,
        why=variable.why,
    )


def _asked(value: Asked, reader: str) -> Term:
    looks_secret = value.default is None and value.name.upper().split("_")[-1] in SECRET_WORDS
    required = value.required and value.default is None
    return Term(value.name, required=required, default=value.default, secret=looks_secret, readers=(reader,))


def _shown(value: Value) -> str:
    return "".join(part.text if isinstance(part, Given) else "PASSWORD" for part in parts_of(value))


def _merged(one: Term, other: Term) -> Term:
    """Return what two readers say of a variable; of what only one of them knows, that."""
    asked = other if other.asked and not one.asked else one
    return replace(
        asked,
        required=one.required or other.required,
        secret=one.secret or other.secret,
        only_theirs=one.only_theirs or other.only_theirs,
        at_build=one.at_build and other.at_build,
        in_url=one.in_url or other.in_url,
        for_browsers=one.for_browsers or other.for_browsers,
        default=one.default if one.default is not None else other.default,
        fallback=one.fallback if one.fallback is not None else other.fallback,
        example=asked.example or other.example,
        command=one.command or other.command,
        purpose=one.purpose or other.purpose,
        group=one.group or other.group,
        kind=one.kind or other.kind,
        why=one.why or other.why,
        readers=tuple(dict.fromkeys((*one.readers, *other.readers))),
    )


def _told(term: Term, stack: Stack) -> Term:
    """Let `bayplan.yaml` have the last word."""
    said = stack.told.get(term.name)
    if said is None:
        return term
    return replace(
        term,
        purpose=said.purpose or term.purpose,
        group=said.group or term.group,
        example=said.example or term.example,
        secret=term.secret if said.secret is None else said.secret,
    )


def _known(term: Term) -> Term:
    """Add what is known about variables of that name."""
    name = PUBLIC.sub("", term.name.upper())
    command = term.command or _row("source", name, "command")
    return replace(
        term,
        purpose=term.purpose or _row("purpose", term.name, "text") or _row("purpose", name, "text"),
        group=_heading(term.group) or _group(name),
        command=command if term.secret else "",
        origin="" if command else _row("source", name, "origin"),
    )


def _row(table: str, name: str, key: str) -> str:
    return next((str(row.get(key, "")) for row in load("variables")[table] if re.fullmatch(row["name"], name)), "")


def _heading(chosen: str) -> str:
    """Return a heading as the catalog writes it, or as it was chosen, with a capital letter."""
    usual = {str(row["heading"]).casefold(): str(row["heading"]) for row in load("variables")["group"]}
    text = " ".join(chosen.split())
    return usual.get(text.casefold(), text[:1].upper() + text[1:])


def _group(name: str) -> str:
    rows = load("variables")["group"]
    found = next((row for key in ("name", "else") for row in rows if re.fullmatch(row.get(key, "(?!)"), name)), None)
    return str(found["heading"]) if found else OTHER
