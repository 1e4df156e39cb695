"""Which databases and queues the code needs: by its clients, its schemas, and the addresses it asks for."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bayplan.catalog import stores as catalog
from bayplan.catalog.images import repository
from bayplan.catalog.stores import Extended, StoreEntry
from bayplan.errors import UsageError
from bayplan.model.code import SKIPS_VALIDATION, EnvUse, Use
from bayplan.model.config import Config
from bayplan.model.stack import Role
from bayplan.model.workspace import Package
from bayplan.passes.apps import App
from bayplan.passes.store_values import leading_to
from bayplan.source import Fact, Located, Why


@dataclass(frozen=True, slots=True)
class Chosen:
    """A store that some app needs, with the apps and why each does."""

    entry: StoreEntry
    users: dict[str, Why]
    extension: Fact[Extended] | None = None
    """The extension that the code asks for."""


def chosen(config: Config, apps: Sequence[App], in_use: Sequence[Located[str]]) -> tuple[Chosen, ...]:
    """Return every store that an app needs or that `bayplan.yaml` names, in the order of their names."""
    apps = [app for app in apps if app.role.value is not Role.FILES]
    _refuse_unknown(config)
    found = _needed(config, apps, in_use)
    for kind, settings in config.stores.items():
        if not settings.skip and kind not in found:
            found[kind] = _readers(catalog.entry(kind), apps, found)
    _prefer_one(found, config, in_use)
    stores = [
        _chosen(catalog.entry(kind), users, config, apps)
        for kind, users in sorted(found.items())
        if not (kind in config.stores and config.stores[kind].skip)
    ]
    return tuple(stores)


def _refuse_unknown(config: Config) -> None:
    for kind, settings in config.stores.items():
        if kind not in catalog.kinds():
            raise UsageError(
                f"bayplan knows no store {kind!r}",
                remedy=f"use one of {', '.join(catalog.kinds())}",
                at=config.at("stores", kind),
            )
        image = repository(settings.image) if settings.image else ""
        runs = [each for each in catalog.mentioning({image}) if image in each.needed_by.images] if image else []
        if runs and kind not in (each.kind for each in runs):
            raise UsageError(
                f"{settings.image} runs {runs[0].title}, and its health check and variables are not those of {kind}",
                remedy=f"describe it as stores.{runs[0].kind}; it takes the place of {kind}",
                at=config.at("stores", kind, "image"),
            )


def _packages(app: App) -> tuple[Package, ...]:
    """Return the workspace packages that an app runs, its own first."""
    return tuple(reversed(app.workspace.closure(app.package, development=False)))


def _reads(app: App) -> Iterator[EnvUse]:
    for package in _packages(app):
        yield from (use for use in package.code.env if use.kind != SKIPS_VALIDATION and use.use is Use.RUN)


def _needed(config: Config, apps: Sequence[App], in_use: Sequence[Located[str]]) -> dict[str, dict[str, Why]]:
    words = {repository(image.value) for image in in_use}
    for app in apps:
        words |= {use.name for use in _reads(app)}
        for package in _packages(app):
            words |= {each.name for each in package.dependencies} | {each.value for each in package.code.databases}
    found: dict[str, dict[str, Why]] = {}
    for entry in catalog.mentioning(words):
        for app in apps:
            why = _evidence(entry, app, config)
            if why is not None:
                found.setdefault(entry.kind, {})[app.name] = why
    return found


def _evidence(entry: StoreEntry, app: App, config: Config) -> Why | None:
    for package in _packages(app):
        client = package.depends_on(*entry.needed_by.packages)
        if client is not None:
            return Why("stores", f"{app.name} depends on {client.name}", client.at)
        schema = next((each for each in package.code.databases if each.value in entry.needed_by.schemas), None)
        if schema is not None:
            return Why("stores", f"{app.name} has a schema for {schema.value}", schema.at)
    use = next((use for use in _reads(app) if _asks_for(entry, use, app, config)), None)
    return Why("stores", f"{app.name} reads {use.name}", use.at) if use is not None else None


def _asks_for(entry: StoreEntry, use: EnvUse, app: App, config: Config) -> bool:
    """Say whether code cannot do without a variable that only this store answers to, and nobody says where it is."""
    known = config.variables.get(use.name)
    if use.name not in entry.needed_by.variables or use.name in app.settings.variables:
        return False
    if known is not None and (known.value is not None or known.default is not None):
        return False
    if use.default is None:
        return use.required
    return (
        re.search(rf"\b(localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal|{entry.kind})\b", use.default)
        is not None
    )


def _readers(entry: StoreEntry, apps: Sequence[App], found: Mapping[str, Mapping[str, Why]]) -> dict[str, Why]:
    """Return the apps that read what leads to this store and to no other that they are known to need."""
    readers: dict[str, Why] = {}
    for app in apps:
        others = [catalog.entry(kind) for kind, users in found.items() if app.name in users]
        for use in _reads(app):
            if leading_to([entry.protected or entry], use.name, "") and not leading_to(others, use.name, ""):
                readers.setdefault(app.name, Why("stores", f"{app.name} reads {use.name}", use.at))
    return readers


def _prefer_one(found: dict[str, dict[str, Why]], config: Config, in_use: Sequence[Located[str]]) -> None:
    """Where either of two stores would do, keep the one that is named, or that the code or development shows."""
    running = {repository(image.value) for image in in_use}
    for entry in (catalog.entry(kind) for kind in catalog.kinds() if found.keys() & {kind, catalog.base(kind)}):
        names = {entry.kind, entry.like}
        if not entry.like or names <= config.stores.keys():
            continue
        is_shown = entry.kind in found or not running.isdisjoint(entry.needed_by.images)
        kept = (
            entry.kind if entry.kind in config.stores or (is_shown and entry.like not in config.stores) else entry.like
        )
        found[kept] = {name: why for kind in sorted(names & found.keys()) for name, why in found[kind].items()}
        found.pop(next(iter(names - {kept})), None)


def _chosen(entry: StoreEntry, users: dict[str, Why], config: Config, apps: Sequence[App]) -> Chosen:
    using = [app for app in apps if app.name in users]
    settings = config.stores.get(entry.kind)
    is_open = settings is not None and settings.publish not in (None, False, "loopback")
    read = {use.name for app in using for use in _reads(app)}
    if entry.protected is not None and (is_open or read & set(entry.protected.parts["password"])):
        entry = entry.protected
    asked = (_extension(extended, app) for extended in entry.extended for app in using)
    return Chosen(entry, users, next((each for each in asked if each is not None), None))


def _extension(extended: Extended, app: App) -> Fact[Extended] | None:
    for package in _packages(app):
        client = package.depends_on(*extended.packages)
        if client is not None:
            return Fact(extended, Why("stores", f"{app.name} depends on {client.name}", client.at))
        schema = next((each for each in package.code.databases if each.value in extended.schemas), None)
        if schema is not None:
            return Fact(extended, Why("stores", f"the tables of {app.name} need the {schema.value}", schema.at))
    return None
