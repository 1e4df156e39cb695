"""Whose certificates are trusted when a proxy is asked, and how long one of them holds."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection
from time import monotonic, sleep, time

from bayplan.model.front import Proxy, TlsKind
from bayplan.model.running import Container
from bayplan.probes.subject import Subject
from bayplan.probes.web import SECONDS, Server

ROOT = "/data/caddy/pki/authorities/local/root.crt"
PATIENCE = 5.0
"""How long a proxy that signs by itself may take for a name's first certificate."""
NONE_YET = "no handshake"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Authority:
    """Who may have signed a certificate; only a public one is known to every browser."""

    name: str
    context: ssl.SSLContext
    is_public: bool = False
    patience: float = 0.0


def authorities(subject: Subject, proxy: Proxy, container: Container) -> tuple[Authority, ...]:
    """Return those that a proxy's certificates may be signed by, the likeliest first."""
    if proxy.tls.kind is TlsKind.FILES:
        return tuple(_given(subject.root / proxy.tls.certificate))
    public = Authority("a public authority", ssl.create_default_context(), is_public=True)
    code, text = subject.engine.execute(container, ("cat", ROOT), "")
    if code or "BEGIN CERTIFICATE" not in text:
        return (public,)
    own = Authority(f"{proxy.name}'s own authority", _trusting(text), patience=PATIENCE)
    return (own,) if proxy.tls.kind is TlsKind.INTERNAL else (public, own)


def _given(certificate: Path) -> Iterator[Authority]:
    try:
        text = certificate.read_text(encoding="utf-8", errors="replace")
        yield Authority("those in its own file", _trusting(text))
    except (OSError, ssl.SSLError):
        return


def _trusting(text: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=text)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def careless() -> ssl.SSLContext:
    """Return the context of a client that takes any certificate: only to learn what such a one is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def days_left(server: Server, host: str, authority: Authority) -> tuple[int, str]:
    """Return for how many days the certificate for a host name still holds, or what is wrong with it.

    Only where there is none yet, waiting for it helps.
    """
    until = monotonic() + authority.patience
    while True:
        days, problem = _asked(server, host, authority.context)
        if not problem.startswith(NONE_YET) or monotonic() > until:
            return days, problem
        sleep(0.3)


def _asked(server: Server, host: str, context: ssl.SSLContext) -> tuple[int, str]:
    try:
        with (
            create_connection((server.address, server.port), SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            about = secure.getpeercert() or {}
            return int((ssl.cert_time_to_seconds(str(about.get("notAfter"))) - time()) // DAY), ""
    except ssl.SSLCertVerificationError as error:
        return 0, error.verify_message
    except ssl.SSLError as error:
        return 0, f"{NONE_YET}: {(error.reason or str(error)).replace('_', ' ').lower()}"
    except (OSError, ValueError) as error:
        return 0, f"{server.address}:{server.port} does not answer: {error}"
