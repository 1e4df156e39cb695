"""Evidence on the terminal."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from shutil import get_terminal_size
from socket import getaddrinfo
from textwrap import wrap
from threading import Thread

from bayplan.cli.terminal import is_terminal, paint, printable
from bayplan.model.evidence import Evidence, Status
from bayplan.model.front import Proxy, TlsKind
from bayplan.model.stack import Stack
from bayplan.model.values import address_of, filled
from bayplan.model.workspace import Workspace
from bayplan.probes.http import PAGES
from bayplan.probes.machine import HERE, own_address
from bayplan.run import shown

COLOURS = {Status.PROVED: "green", Status.FAILED: "red", Status.IMPOSSIBLE: "yellow", Status.SKIPPED: "dim"}
WIDTH = 10
INDENT = WIDTH + 4
PATIENCE = 2.0


def show(evidence: Sequence[Evidence]) -> None:
    """Print a table, subject by subject, and the sum; what did not hold comes last, where the eye is."""
    for subject in dict.fromkeys(each.subject for each in evidence):
        print(f"\n{paint(printable(subject), 'bold')}")
        for each in evidence:
            if each.subject == subject:
                status = paint(f"{each.status:<{WIDTH}}", COLOURS[each.status])
                print(_wrapped(f"  {status}  ", f"{printable(each.claim)}: {printable(each.measured)}"))
    print(f"\n{total(evidence)}")


def _wrapped(start: str, text: str) -> str:
    """Return a text beside its status; on a terminal its lines are broken so that the status stays readable."""
    if not is_terminal():
        return start + text
    room = max(40, get_terminal_size().columns - INDENT)
    lines = wrap(text, room, break_on_hyphens=False) or [""]
    return f"\n{' ' * INDENT}".join([start + lines[0], *lines[1:]])


def total(evidence: Sequence[Evidence]) -> str:
    """Return how many claims of each status there are: `41 proved, 1 impossible`."""
    counts = {status: sum(each.status is status for each in evidence) for status in Status}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "nothing was proved"


def failed(evidence: Sequence[Evidence]) -> bool:
    return any(each.status is Status.FAILED for each in evidence)


def address(stack: Stack, workspace: Workspace, values: Mapping[str, str] | None = None) -> str | None:
    """Return where to look at the stack: the proxy's first host, its page, or else whatever it publishes."""
    if stack.proxy is not None and (found := _of_proxy(stack.proxy, values or {})):
        return found
    published = [service for service in stack.services if service.binding is not None]
    for service in published:
        located = workspace.package_at(service.package)
        framework = located[1].code.framework if located else None
        if framework is not None and framework.value in PAGES:
            return _url(service.binding.port if service.binding else 0)
    return _url(published[0].binding.port) if published and published[0].binding else None


def _url(port: int) -> str:
    return f"http://localhost:{port}"


def _of_proxy(proxy: Proxy, values: Mapping[str, str]) -> str | None:
    """Return the address of the first host name, with a way to it from here where the name leads elsewhere."""
    named = [host for site in proxy.sites if site.answers for host in site.hosts if "*" not in host]
    is_plain = proxy.tls.kind is TlsKind.OFF
    port = 80 if is_plain else 443
    binding = next((each for each in proxy.bindings if (each.inside or each.port) == port), None)
    if not named or binding is None:
        return None
    host = filled(named[0], values)
    url = f"{'http' if is_plain else 'https'}://{host}" + ("" if binding.port == port else f":{binding.port}")
    here = address_of(binding, values) or HERE
    if "$" in host or {here, own_address()} & _leads_to(host):
        return url
    trusted = f" --cacert {shown((proxy.tls.certificate,))}" if proxy.tls.certificate else ""
    curl = f"curl{trusted} --resolve {host}:{binding.port}:{here} {url}"
    return f"{url}\nthat name does not lead to this machine; from here: {curl}"


def _leads_to(host: str) -> set[str]:
    """Return the addresses of a host name; none where nobody answers within a moment."""
    found: set[str] = set()

    def resolve() -> None:
        with suppress(OSError, ValueError):
            found.update(str(each[4][0]) for each in getaddrinfo(host, None))

    asking = Thread(target=resolve, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return set(found)
