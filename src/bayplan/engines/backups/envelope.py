"""The inside of a backup: the dump, compressed, and its manifest behind it.

The manifest is the comment of one more, empty, gzip member. `gunzip` prints the dump and nothing else, so that a backup
can be restored without bayplan; a file that was cut off has no such member.
"""

import zlib
from collections.abc import Iterable, Iterator

from bayplan.errors import BrokenFileError

GZIP = 31
"""zlib's word for deflate inside gzip, with its checksum."""
LEVEL = 6
PIECE = 1 << 20
HEAD = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff"
TAIL = b"\0\x03\0" + bytes(8)
LARGEST_MANIFEST = 64 << 20
REMEDY = "nothing was changed; take another backup (`bayplan backup --list`)"


class Packer:
    """Compresses a dump piece by piece, and counts it."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        self.taken = 0

    def pack(self, data: bytes) -> bytes:
        self.taken += len(data)
        return self._zlib.compress(data)

    def end(self, manifest: str) -> bytes:
        """Return what is left of the dump, and the manifest."""
        return self._zlib.flush() + HEAD + manifest.encode("ascii") + TAIL


class Unpacker:
    """Yields the dump of a backup; `manifest` is its manifest once all of it was read."""

    def __init__(self, chunks: Iterable[bytes], name: str) -> None:
        self._chunks = iter(chunks)
        self._name = name
        self.manifest = ""
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        member = zlib.decompressobj(GZIP)
        try:
            for chunk in self._chunks:
                while chunk and not member.eof:
                    data = member.decompress(chunk, PIECE)
                    self.taken += len(data)
                    yield data
                    chunk = member.unconsumed_tail or member.unused_data  # noqa: PLW2901 - what is left of it
                rest += chunk
                if len(rest) > LARGEST_MANIFEST:
                    raise self._damaged("something else stands behind its dump")
        except zlib.error as error:
            raise self._damaged("its compression does not add up") from error
        if not member.eof:
            raise self._damaged("its end is missing")
        if not rest.startswith(HEAD) or not rest.endswith(TAIL):
            raise self._damaged("its manifest is missing")
        self.manifest = rest[len(HEAD) : -len(TAIL)].decode("ascii", errors="replace")

    def _damaged(self, how: str) -> BrokenFileError:
        return BrokenFileError(f"{self._name} is damaged, or no backup of bayplan's: {how}", remedy=REMEDY)
