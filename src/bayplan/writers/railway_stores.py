"""Databases on Railway: its own where they serve, and a service with a volume for every other image."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from bayplan.catalog import load
from bayplan.formats.typescript_writer import Call, Code, Entry, Value
from bayplan.model.stack import Stack, Store
from bayplan.source import Why
from bayplan.writers.railway_project import Names, Statement, managed, other_version, settings
from bayplan.writers.railway_variables import of_store

MANAGED = Why("railway", "Railway runs it, with a volume, a password and backups of its own")
OWN = Why("railway", "Railway's own databases do not have what is in this image")
KEPT = Why("railway", "data that outlives a deployment")
NEWER = "{title} {theirs}, Railway's own version; elsewhere it is {ours}."


def statements(stack: Stack, names: Names) -> Iterator[Statement]:
    """Yield the volumes of the project and its databases."""
    region = settings(stack).region
    for volume, constant in names.volumes.items():
        yield Statement(constant, "volume", volume, {"region": region} if region else {}, KEPT)
    for store in stack.stores:
        table = managed(store)
        constant = names.of[store.name]
        if table is None:
            yield Statement(constant, "service", store.name, _own(stack, store, names), OWN)
        else:
            where: dict[str, Value] = {"region": region} if region else {}
            yield Statement(constant, str(table["helper"]), store.name, where, MANAGED, _version(store, table))


def _version(store: Store, table: Mapping[str, Any]) -> str:
    ours = other_version(store)
    title = load(f"stores/{store.kind}").get("title", store.kind)
    return NEWER.format(title=title, theirs=table["version"], ours=ours) if ours else ""


def _own(stack: Stack, store: Store, names: Names) -> dict[str, Value]:
    """Return a service for a store's own image: its folder of data lies inside the volume, which is not empty."""
    table: Mapping[str, Any] = load("platforms/railway")["stores"].get(store.kind, {})
    because = Why("railway", str(table.get("because", "")))
    found: dict[str, Value] = {"source": Entry(Call("image", (store.image.value,)), why=store.image.why)}
    if start := _start(store, table):
        found["start"] = Entry(start, why=because)
    region = settings(stack).region
    if region is not None:
        found["replicas"] = {region: 1}
    found["deploy"] = {"drainingSeconds": store.grace_seconds}
    found["volumeMounts"] = {store.data: Code(names.volumes[store.volume])}
    more = {name: text.replace("{data}", store.data) for name, text in table.get("environment", {}).items()}
    if variables := of_store(stack, store, more, because):
        found["env"] = variables
    return found


def _start(store: Store, table: Mapping[str, Any]) -> str:
    """Return what Railway starts in place of the image's own entry point, where a store is told how to run.

    No shell reads it unless one is named, so one is where a word is a variable.
    """
    more = [str(word).replace("{data}", store.data) for word in table.get("command", ())]
    if not store.command and not more:
        return ""
    words = [*table.get("entrypoint", ()), *store.command, *more]
    if all(isinstance(word, str) for word in words):
        return shlex.join(words)
    text = " ".join(shlex.quote(word) if isinstance(word, str) else f'"${word.name}"' for word in words)
    return shlex.join(["sh", "-c", f"exec {text}"])
