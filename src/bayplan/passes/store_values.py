"""What the texts of the catalog of stores mean in one stack, and which variable leads to which store."""

import re
from collections.abc import Mapping, Sequence

from bayplan.catalog.stores import StoreEntry
from bayplan.model.config import StoreConfig
from bayplan.model.parts import Asked, Composed, Given, Link, Part, Value, Variable
from bayplan.source import Why

PLACEHOLDER = re.compile(r"(\{\w+\})")
MOST = 65
"""How much of its memory, in percent, a store may fill with data; the rest is for writing it to disk."""

Words = Mapping[str, str | Asked | Given]


def words(entry: StoreEntry, stack: str, memory: int = 0) -> Words:
    """Return what is filled in for the placeholders of an entry."""
    database = re.sub(r"\W", "_", stack)
    return {
        "host": Given(entry.kind, reaches=entry.kind),
        "port": str(entry.ports[0]),
        "most_megabytes": str(memory * MOST // 100),
        **{key: text.replace("{stack}", database) for key, text in entry.words.items()},
        **{key: Asked(secret.name) for key, secret in entry.secrets.items()},
    }


def value(text: str, known: Words) -> Value:
    """Fill the placeholders of a text; what the operator supplies stays asked for."""
    parts: list[Given | Asked] = []
    for piece in PLACEHOLDER.split(text):
        meaning = known.get(piece[1:-1], piece) if piece.startswith("{") else piece
        last = parts[-1] if parts else None
        if not isinstance(meaning, str):
            parts.append(meaning)
        elif isinstance(last, Given) and not last.reaches:
            parts[-1] = Given(last.text + meaning)
        elif meaning:
            parts.append(Given(meaning))
    return parts[0] if len(parts) == 1 else Composed(tuple(parts))


def plain(text: str, known: Words) -> str:
    """Fill the placeholders of a text in which no secret may stand."""
    found = value(text, known)
    parts = found.parts if isinstance(found, Composed) else (found,)
    if any(isinstance(part, Asked) for part in parts):
        raise TypeError(f"a secret would stand in {text!r}")
    return "".join(part.text for part in parts if isinstance(part, Given))


def variables(entry: StoreEntry, known: Words, settings: StoreConfig, why: Why, told: Why) -> tuple[Variable, ...]:
    """Return the variables of the store itself, with those that `bayplan.yaml` gives it."""
    found = {name: _variable(entry, name, value(text, known), known, why) for name, text in entry.environment.items()}
    found |= {name: Variable(name, Given(text), told) for name, text in settings.variables.items()}
    return tuple(found.values())


def _variable(entry: StoreEntry, name: str, meaning: Value, known: Words, why: Why) -> Variable:
    secret = next((each for each in entry.secrets.values() if meaning == Asked(each.name)), None)
    purpose = plain(secret.purpose, known) if secret else ""
    return Variable(name, meaning, why, secret=secret is not None, made_up=secret is not None, purpose=purpose)


def link(entry: StoreEntry, text: str) -> Link:
    """Return what of a store a value tells that is made of this text."""
    one = PLACEHOLDER.fullmatch(text)
    if one is None:
        return Link(entry.kind, Part.URL)
    part = one[1][1:-1]
    return Link(entry.kind, Part(part) if part in list(Part) else Part.OTHER)


def leading_to(entries: Sequence[StoreEntry], name: str, example: str) -> tuple[StoreEntry, str] | None:
    """Return the store that a variable leads to, and the text of its value.

    `example` is what the code takes without the variable: it shows whether a host is wanted or a whole address.
    """
    claims = [
        *((entry, url.text) for entry in entries for url in entry.urls if name in url.names),
        *((entry, f"{{{part}}}") for entry in entries for part, names in entry.parts.items() if name in names),
        *((entry, url.text) for entry in entries for url in entry.urls if name in url.shared),
    ]
    if "://" not in example:
        claims.sort(key=lambda claim: claim[1] != "{host}")
    return claims[0] if claims else None
