"""The certificate that a proxy is given: there, its key's, valid today, and for the names it is to answer."""

import re
import shlex
import ssl
from collections.abc import Mapping
from pathlib import Path

from bayplan.errors import BayplanError
from bayplan.model.front import Proxy, TlsKind
from bayplan.model.stack import Stack
from bayplan.model.values import hosts

MEANINGS = {
    9: "is not valid yet",
    10: "has expired",
    20: "is signed by none of them",
    62: "is not for {host}",
    64: "is not for {host}",
}
"""What OpenSSL's numbers mean where a user can do something about it."""
PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
LARGEST = 1_000_000
PORT = re.compile(r":\d+$")


def refuse_unusable(stack: Stack, root: Path, values: Mapping[str, str]) -> None:
    """Raise before anything is started when the proxy could not answer with the certificate it is given.

    A key that only root may read is no mistake, and hides from anybody else what is wrong with it.
    """
    proxy = stack.proxy
    if proxy is None or proxy.tls.kind is not TlsKind.FILES:
        return
    for name in (proxy.tls.certificate, proxy.tls.key):
        _refuse_missing(proxy, root, name, values)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        chain = _chain(root / proxy.tls.certificate)
        server.load_cert_chain(root / proxy.tls.certificate, root / proxy.tls.key, password=lambda: b"")
    except PermissionError:
        return
    except (ssl.SSLError, OSError) as error:
        raise BayplanError(
            f"{proxy.tls.certificate} and {proxy.tls.key} are no certificate with its key: {_said(error)}",
            at=proxy.tls.why.at,
            remedy="both must be PEM files that belong together, the certificate before those that signed it,"
            " the key without a password",
        ) from error
    wanted = [host for host in hosts(proxy, values) if "$" not in host]
    for host in wanted:
        if (wrong := _judged(server, chain, host)) is not None:
            raise BayplanError(
                f"the certificate {proxy.tls.certificate} {wrong}",
                at=proxy.tls.why.at,
                remedy=f"get one for {', '.join(wanted)}, and put it and its key there",
            )


def _refuse_missing(proxy: Proxy, root: Path, name: str, values: Mapping[str, str]) -> None:
    try:
        what = "is a folder" if (root / name).is_dir() else "" if (root / name).is_file() else "is not there"
    except PermissionError:
        return
    if what:
        raise BayplanError(
            f"{name} {what}, and {proxy.name} cannot answer without it",
            at=proxy.tls.why.at,
            remedy=f"put it there, out of git; to try the stack out: {_made(proxy, root, values)}",
        )


def _chain(path: Path) -> list[str]:
    """Return the certificates of a file as the proxy reads them, of which OpenSSL knows older spellings."""
    with path.open("rb") as file:
        found = PEM.findall(file.read(LARGEST).decode("utf-8", errors="replace"))
    if not found:
        raise ssl.SSLError("PEM: no certificate")
    return found


def _said(error: OSError) -> str:
    reason = getattr(error, "reason", None)
    if "PEM" in str(reason or error):
        return "one of them is empty, of another format, or has a password"
    if reason == "KEY_VALUES_MISMATCH":
        return "the key is another certificate's"
    return str(reason or error.strerror or error).replace("_", " ").lower()


def _judged(server: ssl.SSLContext, chain: list[str], host: str) -> str | None:
    """Return what is wrong with it for a browser that trusts its maker; with all of its chain, where it has one."""
    wrong = _refused(server, chain[0], host)
    if len(chain) == 1:
        return wrong
    if wrong is not None:
        return f"{wrong}, or another one in its file"
    of_chain = _refused(server, "".join(chain[1:]), host)
    return None if of_chain is None else f"does not fit the others in its file: it {of_chain}"


def _refused(server: ssl.SSLContext, trusted: str, host: str) -> str | None:
    """Return why a client that trusts these certificates refuses the server: a handshake in memory tells."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        client.load_verify_locations(cadata=trusted)
        client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        asking = client.wrap_bio(back, there, server_hostname=PORT.sub("", host).replace("*", "any", 1))
    except (ssl.SSLError, ValueError):
        return None  # no name that a certificate could be for, or a chain of other things than certificates
    answering = server.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for side in (asking, answering):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return MEANINGS.get(error.verify_code, error.verify_message).format(host=host)
            except ssl.SSLError as error:
                return f"cannot be used: {_said(error)}"
    return None


def _made(proxy: Proxy, root: Path, values: Mapping[str, str]) -> str:
    folders = sorted({str(Path(name).parent) for name in (proxy.tls.certificate, proxy.tls.key)} - {"."})
    missing = [folder for folder in folders if not (root / folder).is_dir()]
    names = ",".join(f"DNS:{PORT.sub('', host)}" for host in hosts(proxy, values))
    return (
        (f"mkdir -p {shlex.join(missing)} && " if missing else "")
        + "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=trial"
        f" -addext subjectAltName={shlex.quote(names)} -out {shlex.quote(proxy.tls.certificate)}"
        f" -keyout {shlex.quote(proxy.tls.key)}"
    )
