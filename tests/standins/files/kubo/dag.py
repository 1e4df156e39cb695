"""Blocks and their names as IPFS has them: CIDs, dag-pb nodes, UnixFS files and directories."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

CHUNK = 256 * 1024
LINKS_PER_NODE = 174
RAW, DAG_PB = 0x55, 0x70
DIRECTORY, FILE = 1, 2
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Cid:
    codec: int
    digest: bytes
    version: int

    def __str__(self) -> str:
        if self.version == 0:
            return base58(self.multihash)
        return "b" + base64.b32encode(self.binary).decode().rstrip("=").lower()

    @property
    def multihash(self) -> bytes:
        return b"\x12\x20" + self.digest

    @property
    def binary(self) -> bytes:
        return self.multihash if self.version == 0 else bytes((1, self.codec)) + self.multihash


@dataclass(frozen=True, slots=True)
class Link:
    name: str
    cid: Cid
    total: int
    """The bytes of all blocks below."""
    content: int = 0
    """The bytes of the file below."""


@dataclass(frozen=True, slots=True)
class Node:
    kind: int
    data: bytes
    links: tuple[Link, ...]


def base58(data: bytes) -> str:
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def parse_cid(text: str) -> Cid:
    """Raises ValueError for anything else than a sha2-256 CID in base58 (v0) or base32 (v1)."""
    if text.startswith("Qm"):
        number = 0
        for letter in text:
            number = number * 58 + ALPHABET.index(letter)
        binary = number.to_bytes(34)
    elif text.startswith("b"):
        encoded = text[1:].upper()
        binary = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    else:
        raise ValueError(text)
    return cid_of_binary(binary)


def cid_of_binary(binary: bytes) -> Cid:
    version, codec = (0, DAG_PB) if binary[:2] == b"\x12\x20" else (1, binary[1])
    multihash = binary if version == 0 else binary[2:]
    if len(multihash) != 34 or multihash[:2] != b"\x12\x20" or codec not in {RAW, DAG_PB}:
        raise ValueError(binary.hex())
    return Cid(codec, multihash[2:], version)


def varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = number()
        size = number()
        if key & 7:
            yield key >> 3, message[at : at + size]
            at += size
        else:
            yield key >> 3, size


def encode(kind: int, data: bytes, links: Iterable[Link], size: int | None, sizes: Iterable[int] = ()) -> bytes:
    unixfs = field(1, kind) + (field(2, data) if data else b"")
    if size is not None:
        unixfs += field(3, size) + b"".join(field(4, each) for each in sizes)
    encoded = b"".join(
        field(2, field(1, link.cid.binary) + field(2, link.name.encode()) + field(3, link.total)) for link in links
    )
    return encoded + field(1, unixfs)


def decode(cid: Cid, block: bytes) -> Node:
    if cid.codec == RAW:
        return Node(FILE, block, ())
    links: list[Link] = []
    kind, data = FILE, b""
    for number, value in fields(block):
        assert isinstance(value, bytes)
        if number == 2:
            link = dict(fields(value))
            links.append(Link(link[2].decode(), cid_of_binary(link[1]), link.get(3, 0)))  # type: ignore[union-attr,arg-type]
        else:
            for inner, content in fields(value):
                if inner == 1:
                    kind = content  # type: ignore[assignment]
                elif inner == 2:
                    data = content  # type: ignore[assignment]
    return Node(kind, data, tuple(links))


@dataclass(frozen=True, slots=True)
class Builder:
    """Turns content into blocks, each handed to `keep`, under the CIDs that Kubo would give it."""

    keep: Callable[[Cid, bytes], None]
    version: int = 0
    raw_leaves: bool = False

    def file(self, content: bytes) -> Link:
        level = [self.leaf(content[at : at + CHUNK]) for at in range(0, len(content) or 1, CHUNK)]
        while len(level) > 1:
            level = [self.parent(level[at : at + LINKS_PER_NODE]) for at in range(0, len(level), LINKS_PER_NODE)]
        return level[0]

    def directory(self, entries: Iterable[Link]) -> Link:
        ordered = sorted(entries, key=lambda link: link.name.encode())
        return self.kept(DAG_PB, encode(DIRECTORY, b"", ordered, None), 0, ordered)

    def leaf(self, chunk: bytes) -> Link:
        if self.raw_leaves:
            return self.kept(RAW, chunk, len(chunk))
        return self.kept(DAG_PB, encode(FILE, chunk, (), len(chunk)), len(chunk))

    def parent(self, children: list[Link]) -> Link:
        size = sum(child.content for child in children)
        return self.kept(DAG_PB, encode(FILE, b"", children, size, [each.content for each in children]), size, children)

    def kept(self, codec: int, block: bytes, content: int, links: Iterable[Link] = ()) -> Link:
        version = 1 if codec == RAW else self.version
        cid = Cid(codec, hashlib.sha256(block).digest(), version)
        self.keep(cid, block)
        return Link("", cid, len(block) + sum(link.total for link in links), content)
