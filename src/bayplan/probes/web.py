"""One request to a web server, at an address and under a name of the asker's choice."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from time import monotonic

SECONDS = 10
MOST = 1 << 18
REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Server:
    """Where requests go; with a context they are encrypted, for the name of the host that is asked."""

    address: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; without a status nothing did, and `problem` says why."""

    status: int = 0
    headers: Mapping[str, str] | None = None
    body: bytes = b""
    seconds: float = 0.0
    problem: str = ""

    def header(self, name: str) -> str:
        return (self.headers or {}).get(name.lower(), "")

    @property
    def kind(self) -> str:
        return self.header("content-type").partition(";")[0].strip()

    @property
    def is_redirect(self) -> bool:
        return self.status in REDIRECTS

    @property
    def described(self) -> str:
        if self.problem:
            return self.problem
        where = f" to {self.header('location')}" if self.is_redirect else ""
        return f"{self.status} {self.kind}".rstrip() + where


def get(server: Server, path: str = "/", host: str = "") -> Reply:
    """Ask for a path; no redirect is followed, and no proxy of this machine takes part."""
    began = monotonic()
    name = host or server.address
    connection = HTTPConnection(name, server.port, timeout=SECONDS)
    try:
        plain = socket.create_connection((server.address, server.port), SECONDS)
        connection.sock = plain
        if server.tls is not None:
            connection.sock = server.tls.wrap_socket(plain, server_hostname=name)
        connection.putrequest("GET", path, skip_host=True)
        usual = 443 if server.tls is not None else 80
        connection.putheader("Host", name if not host or server.port == usual else f"{name}:{server.port}")
        connection.putheader("Accept", "text/html, application/json, */*")
        connection.putheader("User-Agent", "bayplan")
        connection.endheaders()
        response = connection.getresponse()
        body = response.read(MOST)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
        return Reply(problem=f"{server.address}:{server.port} does not answer: {reason}")
    finally:
        connection.close()
    headers = {key.lower(): value for key, value in response.getheaders()}
    return Reply(response.status, headers, body, round(monotonic() - began, 3))
