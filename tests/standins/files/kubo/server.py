"""The daemon: RPC API, gateway and a swarm port that listens and knows nobody."""

import json
import mimetypes
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import dag
from commands import COMMANDS, Call
from repository import ApiError, Repository


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the base class's
        """Quiet, as the real daemon is."""

    def answer(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(chunks)


class Api(Handler):
    def do_POST(self) -> None:  # the name is the base class's
        body = self.body()
        asked = urlsplit(self.path)
        origin = self.headers.get("Origin")
        if origin and not self.allowed(origin):
            self.answer(403, b"403 - Forbidden\n")
            return
        name = asked.path.removeprefix("/api/v0/").strip("/")
        if name == "shutdown":
            self.answer(200, b"")
            signal.raise_signal(signal.SIGTERM)
            return
        if not asked.path.startswith("/api/v0/") or name not in COMMANDS:
            self.answer(404, b"404 page not found\n")
            return
        query = parse_qs(asked.query, keep_blank_values=True)
        arguments = query.pop("arg", [])
        needed, command = COMMANDS[name]
        if len(arguments) < needed:
            self.fail(400, 'argument "ipfs-path" is required', 1)
            return
        files = uploaded(self.headers.get("Content-Type", ""), body)
        if name == "add" and not files:
            self.fail(400, 'file argument "path" is required', 1)
            return
        options = {key: values[-1] for key, values in query.items()}
        try:
            made = b"".join(command(Call(self.server.repository, arguments, options, files, self.server.agent_suffix)))
        except ApiError as error:
            self.fail(500, str(error), 0)
            return
        except ValueError as error:
            self.fail(400, str(error), 1)
            return
        plain = name in {"cat", "block/get"}
        self.answer(200, made, "text/plain" if plain else "application/json", X_Chunked_Output="1")

    def fail(self, status: int, message: str, code: int) -> None:
        said = {"Message": message, "Code": code, "Type": "error"}
        self.answer(status, json.dumps(said).encode() + b"\n", "application/json")

    def allowed(self, origin: str) -> bool:
        """Pages of other hosts are kept out until the configuration lets them in."""
        headers = self.server.repository.config()["API"].get("HTTPHeaders") or {}
        named = headers.get("Access-Control-Allow-Origin") or []
        return "*" in named or origin in named or urlsplit(origin).hostname in {"localhost", "127.0.0.1"}

    def do_GET(self) -> None:
        self.answer(405, b"405 - Method Not Allowed\n", Allow="OPTIONS, POST")

    do_HEAD = do_PUT = do_DELETE = do_GET  # noqa: N815


class Gateway(Handler):
    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if not path.startswith("/ipfs/"):
            self.answer(404, b"404 page not found\n")
            return
        repository = self.server.repository
        try:
            cid = repository.resolve(path)
            node = repository.node(cid)
            if node.kind == dag.DIRECTORY:
                index = [link.cid for link in node.links if link.name == "index.html"]
                names = "\n".join(link.name for link in node.links)
                content = b"".join(repository.content(index[0])) if index else names.encode()
                kind = "text/html" if index else "text/plain; charset=utf-8"
            else:
                content = b"".join(repository.content(cid))
                kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        except ApiError as error:
            self.answer(400 if "invalid" in str(error) else 404, f"{error}\n".encode())
            return
        immutable = "public, max-age=29030400, immutable"
        self.answer(200, content, kind, Etag=f'"{cid}"', Cache_Control=immutable, X_Ipfs_Path=path)

    do_HEAD = do_GET  # noqa: N815


class Server(ThreadingHTTPServer):
    daemon_threads = True
    repository: Repository
    agent_suffix = ""

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


class Server6(Server):
    address_family = socket.AF_INET6


def uploaded(content_type: str, body: bytes) -> list[tuple[str, bytes | None]]:
    if not content_type.startswith("multipart/") or "boundary=" not in content_type:
        return []
    boundary = content_type.split("boundary=", 1)[1].split(";", maxsplit=1)[0].strip().strip('"')
    files: list[tuple[str, bytes | None]] = []
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        headers = head.decode(errors="replace").lower()
        name = ""
        for word in head.decode(errors="replace").replace("\r\n", ";").split(";"):
            key, _, value = word.strip().partition("=")
            if key.lower() == "filename":
                name = unquote(value.strip('"'))
        files.append((name, None if "application/x-directory" in headers else content))
    return files


def address_of(multiaddress: str) -> tuple[str, int]:
    """/ip4/HOST/tcp/PORT or /ip6/HOST/tcp/PORT, which is all that is understood here."""
    _, _, host, _, port, *_ = multiaddress.split("/")
    return host, int(port)


def listed(addresses: str | list[str]) -> list[str]:
    """The API and the gateway have one address or several."""
    return [addresses] if isinstance(addresses, str) else addresses


def serve(repository: Repository, agent_suffix: str) -> None:
    addresses = repository.config()["Addresses"]
    Server.repository, Server.agent_suffix = repository, agent_suffix
    swarm = []
    for multiaddress in addresses["Swarm"]:
        kind = socket.SOCK_DGRAM if "/udp/" in multiaddress else socket.SOCK_STREAM
        listening = socket.socket(socket.AF_INET, kind)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address_of(multiaddress))
        swarm.append(listening)
        if kind == socket.SOCK_STREAM:
            listening.listen()
            threading.Thread(target=greet, args=(listening,), daemon=True).start()
        tell(f"Swarm listening on {multiaddress}")
    for title, key, handler in (("RPC API", "API", Api), ("Gateway", "Gateway", Gateway)):
        for multiaddress in listed(addresses[key]):
            kind_of_server = Server6 if multiaddress.startswith("/ip6/") else Server
            server = kind_of_server(address_of(multiaddress), handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            tell(f"{title} server listening on {multiaddress}")
    repository.write("api", listed(addresses["API"])[0])
    tell("Daemon is ready")


def greet(listening: socket.socket) -> None:
    while True:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"\x13/multistream/1.0.0\n")


def tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
