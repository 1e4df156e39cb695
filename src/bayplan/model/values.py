"""What the operator's values make of what a plan leaves open: texts, addresses, host names."""

import re
from collections.abc import Iterator, Mapping

from bayplan.model.front import Proxy
from bayplan.model.parts import Asked, Binding, Given, Value
from bayplan.model.stack import Service, Stack, Store

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def text_of(value: Value, values: Mapping[str, str]) -> str:
    """Return what a value is, given what the operator supplied; compose's `${NAME:-default}` for an empty one too."""
    if isinstance(value, Given):
        return value.text
    if isinstance(value, Asked):
        return values.get(value.name) or value.default or ""
    return "".join(text_of(part, values) for part in value.parts)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with every `${NAME}` filled in; one that nobody supplied stays, for it says what is missing."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[0], text)


def address_of(binding: Binding, values: Mapping[str, str]) -> str:
    """Return the address a port is bound to, without the brackets of IPv6; empty for every one."""
    address = binding.address if isinstance(binding.address, str) else text_of(binding.address, values)
    return address.strip("[]")


def bindings_of(part: Service | Store | Proxy) -> tuple[Binding, ...]:
    """Return where a part is published."""
    if isinstance(part, Service):
        return (part.binding,) if part.binding is not None else ()
    return part.bindings


def bindings(stack: Stack) -> Iterator[tuple[str, Binding]]:
    """Go through every port of the machine that a stack takes, with the name of what it leads to."""
    parts = (*stack.services, *stack.stores, *((stack.proxy,) if stack.proxy else ()))
    yield from ((part.name, binding) for part in parts for binding in bindings_of(part))


def hosts(proxy: Proxy, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the host names a proxy answers."""
    return tuple(filled(host, values) for site in proxy.sites for host in site.hosts)
