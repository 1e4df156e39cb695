"""The certificate that a proxy is given: there, readable, its key's, valid today, and for the names it is to answer."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from bayplan.errors import BayplanError
from bayplan.model.stack import Proxy, Stack, TlsKind

MEANINGS = {
    9: "is not valid yet",
    10: "has expired",
    62: "is not for {host}",
}
"""What OpenSSL's numbers mean where a user can do something about it."""


def refuse_unusable(stack: Stack, root: Path, values: Mapping[str, str]) -> None:
    """Raise before anything is started when the proxy could not answer with the certificate it is given."""
    proxy = stack.proxy
    if proxy is None or proxy.tls.kind is not TlsKind.FILES:
        return
    certificate, key = root / proxy.tls.certificate, root / proxy.tls.key
    for path, name in ((certificate, proxy.tls.certificate), (key, proxy.tls.key)):
        if not path.is_file():
            raise BayplanError(
                f"{name} is not there, and {proxy.name} cannot answer without it",
                at=proxy.tls.why.at,
                remedy=f"put it there, out of git; to try the stack out: {_made(proxy, values)}",
            )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        server.load_cert_chain(certificate, key, password=lambda: b"")
    except (ssl.SSLError, OSError) as error:
        raise BayplanError(
            f"{proxy.tls.certificate} and {proxy.tls.key} are no certificate with its key: {error.strerror or error}",
            at=proxy.tls.why.at,
            remedy="both must be PEM files that belong together, the key without a password",
        ) from error
    for host in _hosts(proxy, values):
        if (wrong := _judged(server, certificate, host)) is not None:
            raise BayplanError(
                f"the certificate {proxy.tls.certificate} {wrong}",
                at=proxy.tls.why.at,
                remedy=f"get one for {', '.join(_hosts(proxy, values))}, and put it and its key there",
            )


def _hosts(proxy: Proxy, values: Mapping[str, str]) -> Iterator[str]:
    for site in proxy.sites:
        for host in site.hosts:
            for name, text in values.items():
                host = host.replace(f"${{{name}}}", text)  # noqa: PLW2901 - filled in step by step
            yield host


def _judged(server: ssl.SSLContext, certificate: Path, host: str) -> str | None:
    """Return what is wrong with it for a browser that trusts its maker: a handshake in memory tells."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    name = host.replace("*", "any", 1)
    asking = client.wrap_bio(back, there, server_hostname=name)
    answering = server.wrap_bio(there, back, server_side=True)
    try:
        for _ in range(4):
            for side in (asking, answering):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
    except ssl.SSLCertVerificationError as error:
        return MEANINGS.get(error.verify_code, error.verify_message).format(host=host)
    return None


def _made(proxy: Proxy, values: Mapping[str, str]) -> str:
    names = ",".join(f"DNS:{host}" for host in _hosts(proxy, values))
    return (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=trial"
        f" -addext subjectAltName={names} -out {proxy.tls.certificate} -keyout {proxy.tls.key}"
    )
