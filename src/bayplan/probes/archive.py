"""An image archive, read as it streams by: every layer's files and what in them must not be there."""

import io
import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, cast

CHUNK = 1 << 20
PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=\r\n]{64}")
TOKEN = re.compile(rb"(?m)^\s*[^#;\s]*(?:_authToken|_auth|_password)\s*=\s*(?!\$\{)\S+")
SHORTEST_NEEDLE = 8


@dataclass(frozen=True, slots=True)
class File:
    path: str
    size: int
    hits: tuple[str, ...] = ()
    """What must not be in it and is: `a secret's value`, `a private key`, `a registry token`."""


@dataclass(frozen=True, slots=True)
class Layer:
    digest: str
    """The archive's name for it; in order, layers match the image's list of digests."""
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Contents:
    """The layers of an image, the oldest first."""

    layers: tuple[Layer, ...]

    def above(self, base: int) -> Iterator[File]:
        """Go through every file above the base's layers; one deleted later is still there for whoever digs."""
        for layer in self.layers[base:]:
            yield from layer.files


def read_archive(stream: IO[bytes], needles: Sequence[str]) -> Contents:
    """Read what `docker save` prints, from any engine version, without putting anything on disk."""
    wanted = tuple(needle.encode() for needle in needles if len(needle) >= SHORTEST_NEEDLE)
    layers: dict[str, Layer] = {}
    order: list[str] = []
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is None:
                continue
            if member.name == "manifest.json":
                order = json.loads(content.read())[0]["Layers"]
            elif (layer := _layer(member.name, content, wanted)) is not None:
                layers[member.name] = layer
    return Contents(tuple(layers[name] for name in order if name in layers))


def _layer(name: str, content: IO[bytes], needles: Sequence[bytes]) -> Layer | None:
    """Read a blob as a layer, or return None: it is a manifest or a configuration."""
    buffered = io.BufferedReader(cast("io.RawIOBase", content), CHUNK)
    if buffered.peek(1)[:1] in (b"{", b"[", b""):
        return None
    try:
        with tarfile.open(fileobj=buffered, mode="r|*") as layer:
            return Layer(name, tuple(_file(layer, member, needles) for member in layer if not member.isdir()))
    except tarfile.ReadError:
        return None


def _file(layer: tarfile.TarFile, member: tarfile.TarInfo, needles: Sequence[bytes]) -> File:
    content = layer.extractfile(member) if member.isreg() and member.size else None
    path = member.name.removeprefix("./")
    return File(path, member.size if member.isreg() else 0, _hits(path, content, needles) if content else ())


def _hits(path: str, content: IO[bytes], needles: Sequence[bytes]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    overlap = max((len(needle) for needle in needles), default=0)
    tail = b""
    first = b""
    while chunk := content.read(CHUNK):
        first = first or chunk
        window = tail + chunk
        if any(needle in window for needle in needles):
            found["a secret's value"] = None
        tail = window[-overlap:] if overlap else b""
    if b"PRIVATE KEY-----" in first and "node_modules/" not in path and PRIVATE_KEY.search(first):
        found["a private key"] = None
    if path.rpartition("/")[2] == ".npmrc" and TOKEN.search(first):
        found["a registry token"] = None
    return tuple(found)
