"""The head of a Redis dump: how many keys its server counted at the moment of the dump."""

from dataclasses import dataclass

MAGIC = (b"REDIS", b"VALKEY")
SPECIAL = 3
NUMBERS = {0: 1, 1: 2, 2: 4}
"""How many bytes a number takes that stands in the place of a text."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first database of a dump: its number, its keys, and how many of them end by themselves."""

    database: int
    keys: int
    passing: int


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 9

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def number(self, size: int) -> int:
        self.at += size
        if self.at > len(self.data):
            raise IndexError
        return int.from_bytes(self.data[self.at - size : self.at], "big")

    def length(self) -> tuple[int, bool]:
        """Return a length, or what kind of number stands there instead."""
        first = self.byte()
        kind, low = first >> 6, first & 0x3F
        if kind == SPECIAL:
            return low, True
        if kind == 0:
            return low, False
        if kind == 1:
            return low << 8 | self.byte(), False
        return self.number(8 if low else 4), False

    def skip_text(self) -> None:
        length, is_number = self.length()
        self.at += NUMBERS[length] if is_number else length


def head(data: bytes) -> Head | None:
    """Return what the beginning of a dump says; None where it is empty or says it in a way that is not known here."""
    if not data.startswith(MAGIC):
        return None
    reader, database = _Reader(data), 0
    try:
        while True:
            match reader.byte():
                case 0xFA:  # a name and a value
                    reader.skip_text()
                    reader.skip_text()
                case 0xFE:  # the number of a database
                    database = reader.length()[0]
                case 0xFB:  # how much is in it
                    return Head(database, reader.length()[0], reader.length()[0])
                case _:
                    return None
    except (IndexError, KeyError):
        return None
