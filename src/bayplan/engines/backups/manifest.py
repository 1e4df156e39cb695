"""What a backup says about itself: which store it is of, and what was in it at that moment."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bayplan.errors import BrokenFileError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Table:
    """How many rows, and a hash of all of them in which their order does not matter."""

    rows: int
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a store at one moment; `facts` are what its family needs to make an equal one."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    sequences: Mapping[str, int] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


@dataclass(frozen=True, slots=True)
class Manifest:
    stack: str
    environment: str
    store: str
    kind: str
    image: str
    taken: str
    """The moment, in UTC."""
    server: str
    """The version of its server."""
    contents: Contents

    @property
    def major(self) -> int:
        return major(self.server)


def major(version: str) -> int:
    """Return the first number of a version, 0 where there is none."""
    digits = version.strip().lstrip("v").split(".")[0].split(" ")[0]
    return int(digits) if digits.isdecimal() else 0


def to_json(manifest: Manifest) -> str:
    return json.dumps({"format": FORMAT, **asdict(manifest)}, separators=(",", ":"), ensure_ascii=True)


def from_json(text: str, name: str) -> Manifest:
    """Return a manifest, or raise `BrokenFileError`: whoever has the public key can make a file that decrypts."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise BrokenFileError(
                f"{name} was made by a newer bayplan (format {document['format']!r})", remedy="use that one"
            )
        inside = document["contents"]
        contents = Contents(
            {str(key): Table(int(each["rows"]), str(each["hash"])) for key, each in inside["tables"].items()},
            {str(key): int(each) for key, each in inside["sequences"].items()},
            tuple(str(each) for each in inside["extensions"]),
            {str(key): str(each) for key, each in inside["facts"].items()},
            tuple(str(each) for each in inside["warnings"]),
        )
        words = ("stack", "environment", "store", "kind", "image", "taken", "server")
        return Manifest(contents=contents, **{key: _word(document[key]) for key in words})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BrokenFileError(
            f"{name} is damaged: its manifest cannot be read", remedy="nothing was changed; take another backup"
        ) from error


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError
    return value


def differences(wanted: Contents, found: Contents) -> Iterator[str]:
    """Yield, in words, what is not as it was. A sequence may be ahead, for it counts outside transactions."""
    for name, table in wanted.tables.items():
        other = found.tables.get(name)
        if other is None:
            yield f"{name} is missing ({_rows(table.rows)} in the backup)"
        elif other.rows != table.rows:
            yield f"{name} has {_rows(other.rows)} instead of {table.rows}"
        elif other.hash != table.hash:
            yield f"{name} has {_rows(table.rows)}, as it should, but not the same ones"
    for name in found.tables.keys() - wanted.tables.keys():
        yield f"{name} is there and should not be"
    for name, value in wanted.sequences.items():
        if name not in found.sequences:
            yield f"the sequence {name} is missing, or was never used"
        elif found.sequences[name] < value:
            yield f"the sequence {name} stands at {found.sequences[name]} instead of {value}"
    for name in sorted({*wanted.extensions} - {*found.extensions}):
        yield f"the extension {name} is missing"


def _rows(number: int) -> str:
    return f"{number} row{'' if number == 1 else 's'}"
