"""The databases and queues that can be run, one file each in `stores/`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from bayplan.catalog import load, names, quoting

FOLDER = "stores"
WITH_TABLES = "tables"
HEALTH_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows that a store is needed."""

    packages: tuple[str, ...] = ()
    """Clients that talk to this store and to no other."""
    variables: tuple[str, ...] = ()
    """Variables that hold its address and nothing else, whatever reads them."""
    schemas: tuple[str, ...] = ()
    """What schemas call it: Prisma's `provider`."""
    images: tuple[str, ...] = ()
    """Images that run it, without their tags."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that the operator gives the store, under a name."""

    name: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Url:
    """An address, and the variables that hold it; those of `shared` only where no other store claims them."""

    text: str
    names: tuple[str, ...]
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extended:
    """Another image of the same store, for code that asks for what the usual one has not."""

    image: str
    packages: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataPath:
    """Where the data stands in versions up to a major one, or in every later one."""

    path: str
    until: int | None = None


@dataclass(frozen=True, slots=True)
class StoreEntry:
    """A store as its file describes it. In its texts `{user}`, `{password}` and the like are filled in."""

    kind: str
    """Its name, and that of its service and of its file."""
    title: str
    image: str
    ports: tuple[int, ...]
    """The one that clients call comes first."""
    memory_mb: int
    cpus: float
    grace_seconds: int
    health: tuple[str, ...]
    data: tuple[DataPath, ...]
    like: str = ""
    """The store that it takes the place of where either would do."""
    health_seconds: int = HEALTH_SECONDS
    """How long its health command may take."""
    public_ports: tuple[str, ...] = ()
    """Ports that strangers call by the nature of the store: `4001/udp`."""
    local_ports: tuple[int, ...] = ()
    """Ports that are published to the machine itself at most, whatever is asked for."""
    pids: int = 256
    shared_memory_mb: int | None = None
    user: str = ""
    stop_signal: str = ""
    capabilities: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    needs_outside: bool = False
    command: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    """What is filled in and no secret."""
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    """What the operator supplies, by the word it is filled in for."""
    environment: Mapping[str, str] = field(default_factory=dict)
    urls: tuple[Url, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The variables that hold one word alone: `host` is in `DB_HOST`."""
    needed_by: Evidence = Evidence()
    extended: tuple[Extended, ...] = ()
    protected: "StoreEntry | None" = None
    """The same with a password, where it can do without."""


PLAIN = {each.name for each in fields(StoreEntry)} - {"data", "health", "needed_by", "parts", "extended", "protected"}
"""What is written in a file as it stands in an entry."""


@cache
def kinds() -> tuple[str, ...]:
    """Return the names of all stores."""
    return tuple(name.removeprefix(f"{FOLDER}/") for name in names(FOLDER))


@cache
def holding_tables() -> tuple[str, ...]:
    """Return the kinds of store that a migration prepares."""
    return tuple(name.removeprefix(f"{FOLDER}/") for name in quoting(FOLDER, {WITH_TABLES}))


def mentioning(words: Collection[str]) -> tuple[StoreEntry, ...]:
    """Return the stores in whose files one of these packages, variables, images or names stands."""
    return tuple(entry(name.removeprefix(f"{FOLDER}/")) for name in quoting(FOLDER, words))


def base(kind: str) -> str:
    """Return the store that this one takes the place of, or nothing."""
    return str(load(f"{FOLDER}/{kind}").get("like", ""))


def table(kind: str) -> dict[str, Any]:
    """Return the content of a store's file, with what it takes over from another store."""
    own = load(f"{FOLDER}/{kind}")
    return {**table(own["like"]), **own} if "like" in own else own


def backup(kind: str) -> dict[str, str]:
    """Return how a store is backed up: by a `family` of bayplan's, whose dump ends on `dump`, or `by_hand`."""
    found: dict[str, str] = table(kind).get("backup", {})
    return found


@cache
def entry(kind: str) -> StoreEntry:
    """Return a store by its name."""
    found = table(kind)
    more = found.get("protected")
    return _entry(found, _entry({**found, **_laid_over(found, more)}) if more else None)


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    return {key: {**below.get(key, {}), **each} if isinstance(each, dict) else each for key, each in above.items()}


def _entry(found: Mapping[str, Any], protected: StoreEntry | None = None) -> StoreEntry:
    operator = found.get("operator", {})
    urls = [*([found["url"]] if "url" in found else []), *found.get("other_url", ())]
    return StoreEntry(
        **_frozen({key: found[key] for key in PLAIN & found.keys()}),
        health=tuple(found["health"]["command"]),
        health_seconds=found["health"].get("seconds", HEALTH_SECONDS),
        data=tuple(DataPath(**each) for each in found["data"]),
        words={key: each for key, each in operator.items() if isinstance(each, str)},
        secrets={key: Secret(**each) for key, each in operator.items() if isinstance(each, dict)},
        urls=tuple(Url(**_frozen(each)) for each in urls),
        parts=_frozen(found.get("parts", {})),
        needed_by=Evidence(**_frozen(found.get("needed_by", {}))),
        extended=tuple(Extended(**_frozen(each)) for each in found.get("extended", ())),
        protected=protected,
    )


def _frozen(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(each) if isinstance(each, list) else each for key, each in found.items()}
