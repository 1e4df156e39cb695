"""How each database and queue is run."""

import re
from collections.abc import Sequence

from bayplan.catalog.images import named, repository
from bayplan.catalog.stores import StoreEntry
from bayplan.errors import UsageError
from bayplan.model.config import Config, StoreConfig
from bayplan.model.parts import Binding, Health, Limits
from bayplan.model.stack import Store
from bayplan.passes.settings import megabytes
from bayplan.passes.store_bindings import bindings
from bayplan.passes.store_choice import Chosen
from bayplan.passes.store_values import plain, variables, words
from bayplan.source import Fact, Located, Why

VERSION = re.compile(r"^(pg|v|RELEASE\.)?(?P<major>\d+)")


def stores(
    config: Config,
    needed: Sequence[Chosen],
    stack: str,
    in_use: Sequence[Located[str]],
    taken: Sequence[Binding] = (),
) -> tuple[Store, ...]:
    """Return each store that is needed, under the name of its kind; `taken` are the ports that services have."""
    found: list[Store] = []
    for each in needed:
        used = [*taken, *(binding for store in found for binding in store.bindings)]
        store = _store(each, config, stack, in_use, used)
        _refuse_shared_volume(store, found, config)
        found.append(store)
    return tuple(found)


def _refuse_shared_volume(store: Store, others: Sequence[Store], config: Config) -> None:
    other = next((each for each in others if each.volume == store.volume), None)
    if other is not None:
        raise UsageError(
            f"{other.name} and {store.name} would write into the same volume, {store.volume}",
            remedy=f"give stores.{store.name}.volume another name in bayplan.yaml",
            at=config.at("stores", store.name, "volume"),
        )


def _store(
    needed: Chosen, config: Config, stack: str, in_use: Sequence[Located[str]], taken: Sequence[Binding]
) -> Store:
    entry = needed.entry
    settings = config.stores.get(entry.kind, StoreConfig())
    said = Why("bayplan.yaml", "bayplan.yaml says so", config.at("stores", entry.kind))
    why = next(iter(needed.users.values()), said)
    image = _image(needed, config, in_use)
    memory = megabytes(settings.memory) if settings.memory else entry.memory_mb
    known = words(entry, stack, memory)
    check = Health(
        Why("stores", f"{entry.title} answers this when it takes connections"),
        command=tuple(plain(text, known) for text in entry.health),
        seconds=entry.health_seconds,
    )
    public = (int(each.partition("/")[0]) for each in entry.public_ports)
    return Store(
        name=entry.kind,
        kind=entry.kind,
        image=image,
        port=entry.ports[0],
        health=check,
        data=_data_path(entry, image.value),
        volume=settings.volume or f"{entry.kind}_data",
        limits=Limits(memory, settings.cpus or entry.cpus, entry.pids),
        why=why,
        variables=variables(entry, known, settings, why, said),
        command=tuple(plain(text, known) for text in entry.command),
        grace_seconds=entry.grace_seconds,
        shared_memory_mb=entry.shared_memory_mb,
        writable=entry.writable,
        capabilities=entry.capabilities,
        ports=tuple(dict.fromkeys((*entry.ports, *public))),
        bindings=bindings(entry, config, taken),
        needs_outside=entry.needs_outside,
        user=entry.user,
        stop_signal=entry.stop_signal,
    )


def _image(needed: Chosen, config: Config, in_use: Sequence[Located[str]]) -> Fact[str]:
    """Prefer what `bayplan.yaml` says, then what development already runs, as far as it has what the code needs."""
    entry, extension = needed.entry, needed.extension
    settings = config.stores.get(entry.kind)
    if settings is not None and settings.image is not None:
        return Fact(
            settings.image, Why("bayplan.yaml", "bayplan.yaml says so", config.at("stores", entry.kind, "image"))
        )
    running = next((image for image in in_use if _is_version_of(image.value, entry)), None)
    if extension is not None and (running is None or repository(running.value) != repository(extension.value.image)):
        return extension.map(lambda each: _in_version(each.image, running.value if running else each.image))
    if running is not None:
        return Fact(running.value, Why("stores", "development runs the same", running.at))
    return Fact(entry.image, Why("stores", f"nothing names a version of {entry.title}"))


def _is_version_of(image: str, entry: StoreEntry) -> bool:
    return repository(image) in entry.needed_by.images and VERSION.match(named(image)[1]) is not None


def _in_version(image: str, like: str) -> str:
    """Return an image in the major version of another one, whose data it can then read."""
    major = _major(like)
    name, tag = named(image)
    return f"{name}:{re.sub('[0-9]+', str(major), tag, count=1)}"


def _major(image: str) -> int | None:
    version = VERSION.match(named(image)[1])
    return int(version["major"]) if version else None


def _data_path(entry: StoreEntry, image: str) -> str:
    major = _major(image)
    held = (each.path for each in entry.data if each.until is None or (major is not None and major <= each.until))
    return next(held)
