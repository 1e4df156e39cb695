"""The stores of a stack on Render: its own databases and Key Value instances, or private services with a disk."""

import shlex

from bayplan.catalog.images import known
from bayplan.formats.render_writer import Entry, Value
from bayplan.model.stack import Stack, Store
from bayplan.source import Why
from bayplan.writers.render_platform import (
    DATABASE,
    KEY_VALUE,
    PRIVATE,
    fits,
    major_version,
    named_there,
    plan,
    settings,
    store_type,
)
from bayplan.writers.render_variables import of_store

NOBODY_OUTSIDE = Why("render", "services of the same region reach it, and nobody else")
KEEPS_JOBS = Why("catalog", "it refuses writes when it is full: one that makes room loses jobs")
DISK_GB = 10


def databases(stack: Stack) -> list[Value]:
    return [Entry(_database(stack, each), why=each.why) for each in stack.stores if store_type(each) == DATABASE]


def services(stack: Stack) -> list[Value]:
    found: list[Value] = []
    for each in stack.stores:
        if store_type(each) == KEY_VALUE:
            found.append(Entry(_key_value(stack, each), why=each.why))
        elif store_type(each) == PRIVATE:
            found.append(Entry(_private(stack, each), why=each.why))
    return found


def _database(stack: Stack, store: Store) -> dict[str, Value]:
    found: dict[str, Value] = {"name": named_there(stack, store.name)}
    version = major_version(store)
    if version is not None:
        found["postgresMajorVersion"] = Entry(str(version), why=store.image.why)
    found |= _placed(stack, "database", store)
    return {**found, "ipAllowList": Entry([], why=NOBODY_OUTSIDE)}


def _key_value(stack: Stack, store: Store) -> dict[str, Value]:
    return {
        "type": KEY_VALUE,
        "name": named_there(stack, store.name),
        **_placed(stack, "keyvalue", store),
        "maxmemoryPolicy": Entry("noeviction", why=KEEPS_JOBS),
        "ipAllowList": Entry([], why=NOBODY_OUTSIDE),
    }


def _private(stack: Stack, store: Store) -> dict[str, Value]:
    found: dict[str, Value] = {
        "type": PRIVATE,
        "name": named_there(stack, store.name),
        "runtime": "image",
        "image": Entry({"url": _whole(store.image.value)}, why=store.image.why),
        **_placed(stack, "server", store),
    }
    if store.command:
        facts = known(store.image.value)
        words = [*(facts.entry if facts else ()), *(each for each in store.command if isinstance(each, str))]
        settings_of_it = Why("catalog", "how it keeps its data, and what it does before memory runs out")
        found["dockerCommand"] = Entry(shlex.join(words), why=settings_of_it)
    kept = Why("catalog", "its data outlives a deployment")
    found["disk"] = Entry({"name": store.volume, "mountPath": store.data, "sizeGB": DISK_GB}, why=kept)
    return {**found, "envVars": list(of_store(store))}


def _placed(stack: Stack, what: str, store: Store) -> dict[str, Value]:
    region = settings(stack).region
    memory = store.limits.memory_mb
    sized: dict[str, Value] = {"plan": Entry(plan(what, memory), why=fits(memory))}
    return sized if region is None else {"region": region, **sized}


def _whole(image: str) -> str:
    """Return an image's name with its registry, as Render wants it."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"
