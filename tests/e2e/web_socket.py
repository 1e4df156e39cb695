"""As much of a WebSocket client as tests need: one handshake, and the server's short frames."""

import base64
import contextlib
import hashlib
import secrets
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE = 1, 8


@dataclass(frozen=True)
class WebSocket:
    received: BinaryIO

    def frame(self) -> tuple[int, bytes]:
        """Return the kind of the next frame, and what it carries."""
        kind, length = self.received.read(2)
        assert length < 127, "these are neither masked nor longer than 64 KB"
        if length == 126:
            (length,) = struct.unpack(">H", self.received.read(2))
        return kind & 0x0F, self.received.read(length)

    def text(self) -> str:
        kind, payload = self.frame()
        while kind not in (TEXT, CLOSE):
            kind, payload = self.frame()
        assert kind == TEXT, payload
        return payload.decode()

    def closed(self) -> int:
        """Wait for the server's goodbye, and return its code."""
        kind, payload = self.frame()
        while kind != CLOSE:
            kind, payload = self.frame()
        return int(struct.unpack(">H", payload[:2])[0])


class RefusedError(Exception):
    """The server answered the handshake with something else."""


@contextlib.contextmanager
def connected(port: int, path: str, address: str = "127.0.0.1") -> Iterator[WebSocket]:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    head = (
        f"GET {path} HTTP/1.1\r\nHost: {address}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection((address, port), timeout=20) as plain, plain.makefile("rb") as received:
        plain.sendall(head.encode())
        status = received.readline().decode()
        if " 101 " not in status:
            raise RefusedError(status)
        lines = iter(received.readline, b"\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.decode().partition(":") for line in lines)}
        accepted = base64.b64encode(hashlib.sha1((key + MAGIC).encode(), usedforsecurity=False).digest()).decode()
        assert headers["sec-websocket-accept"] == accepted
        yield WebSocket(received)
