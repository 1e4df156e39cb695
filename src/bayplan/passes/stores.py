"""Which databases and queues the code needs, and how each is run."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bayplan.catalog import load, names
from bayplan.model.config import Config
from bayplan.model.stack import Asked, Composed, Given, Health, Limits, Store, Value, Variable
from bayplan.model.workspace import Workspace
from bayplan.passes.apps import App
from bayplan.passes.settings import megabytes
from bayplan.source import At, Fact, Located, Why

MOST = 65
"""How much of its memory, in percent, a store may fill with data; the rest is for writing it to disk."""


def catalog() -> tuple[dict[str, Any], ...]:
    return tuple(load(name) for name in names("stores"))


def catalog_for(workspace: Workspace, apps: Sequence[App]) -> tuple[dict[str, Any], ...]:
    """Return the catalog with a password for each store that can do without, where the code of an app reads one."""
    read = {
        use.name
        for app in apps
        for package in app.workspace.closure(app.package, development=False)
        for use in package.code.env
    }
    return tuple(
        _protected(entry) if read & set(entry.get("protected", {}).get("parts", {}).get("password", ())) else entry
        for entry in catalog()
    )


def _protected(entry: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(entry)
    for key, more in entry["protected"].items():
        found[key] = {**found.get(key, {}), **more} if isinstance(more, dict) else [*found.get(key, ()), *more]
    return found


def holding_tables() -> tuple[str, ...]:
    """Return the kinds of store that a migration prepares."""
    return tuple(entry["kind"] for entry in catalog() if "database" in entry.get("operator", {}))


def _dependency(workspace: Workspace, app: App, entry: Mapping[str, Any]) -> tuple[str, At] | None:
    """Return what of the store's clients an app has in production, through its workspace packages too."""
    for package in reversed(app.workspace.closure(app.package, development=False)):
        found = package.depends_on(*entry["needed_by"]["packages"])
        if found is not None:
            return found.name, found.at
    return None


def needed(workspace: Workspace, config: Config, apps: Sequence[App]) -> dict[str, dict[str, Why]]:
    """Return, for each kind of store, which apps need it and why."""
    found: dict[str, dict[str, Why]] = {}
    for entry in catalog():
        kind = entry["kind"]
        for app in apps:
            client = _dependency(workspace, app, entry)
            if client is not None and not (kind in config.stores and config.stores[kind].skip):
                found.setdefault(kind, {})[app.name] = Why("stores", f"{app.name} depends on {client[0]}", client[1])
    return found


def _image(entry: Mapping[str, Any], config: Config, in_use: Sequence[Located[str]]) -> Fact[str]:
    """Prefer what `bayplan.yaml` says, then what development already runs."""
    kind = entry["kind"]
    chosen = config.stores[kind].image if kind in config.stores else None
    if chosen is not None:
        return Fact(chosen, Why("bayplan.yaml", "bayplan.yaml says so", config.at("stores", kind, "image")))
    for image in in_use:
        repository, _, tag = image.value.partition(":")
        if repository in entry["needed_by"]["images"] and re.match(r"\d", tag):
            return Fact(image.value, Why("stores", "development runs the same", image.at))
    return Fact(entry["image"], Why("stores", f"nothing names a version of {entry['title']}"))


def _data_path(entry: Mapping[str, Any], image: str) -> str:
    major = re.match(r"\D*(\d+)", image.partition(":")[2])
    for where in entry["data"]:
        if "until" not in where or (major and int(major.group(1)) <= where["until"]):
            return str(where["path"])
    return str(entry["data"][-1]["path"])


def words(entry: Mapping[str, Any], stack: str) -> dict[str, str | Asked]:
    """Return what the placeholders of a catalog entry stand for."""
    operator = entry.get("operator", {})
    found: dict[str, str | Asked] = {"host": entry["kind"], "port": str(entry["port"])}
    found |= {
        key: value.replace("{stack}", re.sub(r"\W", "_", stack))
        for key, value in operator.items()
        if isinstance(value, str)
    }
    if "password" in operator:
        found["password"] = Asked(operator["password"]["name"])
    return found


def value(text: str, known: Mapping[str, str | Asked]) -> Value:
    """Fill the placeholders of a text; what the operator supplies stays asked for."""
    parts: list[Given | Asked] = []
    for piece in re.split(r"(\{\w+\})", text):
        meaning = known.get(piece[1:-1], piece) if piece.startswith("{") else piece
        if isinstance(meaning, Asked):
            parts.append(meaning)
        elif parts and isinstance(parts[-1], Given):
            parts[-1] = Given(parts[-1].text + meaning)
        elif meaning:
            parts.append(Given(meaning))
    return parts[0] if len(parts) == 1 else Composed(tuple(parts))


def _variables(entry: Mapping[str, Any], known: Mapping[str, str | Asked], why: Why) -> tuple[Variable, ...]:
    found = []
    for name, text in entry.get("environment", {}).items():
        meaning = value(text, known)
        secret = isinstance(meaning, Asked)
        purpose = entry["operator"]["password"]["purpose"] if secret else ""
        for key, each in known.items():
            purpose = purpose.replace(f"{{{key}}}", each if isinstance(each, str) else each.name)
        found.append(Variable(name, meaning, why, secret=secret, made_up=secret, purpose=purpose))
    return tuple(found)


def stores(
    config: Config,
    entries: Sequence[Mapping[str, Any]],
    needs: Mapping[str, Mapping[str, Why]],
    name: str,
    in_use: Sequence[Located[str]],
) -> tuple[Store, ...]:
    """Return each store that some app needs, under the name of its kind."""
    return tuple(
        _store(entry, config, needs[entry["kind"]], name, in_use) for entry in entries if entry["kind"] in needs
    )


def _store(
    entry: Mapping[str, Any], config: Config, needs: Mapping[str, Why], stack: str, in_use: Sequence[Located[str]]
) -> Store:
    kind = entry["kind"]
    why = next(iter(needs.values()))
    image = _image(entry, config, in_use)
    settings = config.stores.get(kind)
    memory = megabytes(settings.memory) if settings and settings.memory else entry["memory_mb"]
    known = words(entry, stack) | {"most_memory": f"{memory * MOST // 100}mb"}
    check = tuple(_plain(text, known) for text in entry["health"]["command"])
    return Store(
        name=kind,
        kind=kind,
        image=image,
        port=entry["port"],
        health=Health(Why("stores", f"{entry['title']} answers this when it takes connections"), None, check),
        data=_data_path(entry, image.value),
        volume=f"{kind}-data",
        limits=Limits(memory, entry["cpus"]),
        why=why,
        variables=_variables(entry, known, why),
        command=tuple(_word(text, known) for text in entry.get("command", ())),
        grace_seconds=entry["grace_seconds"],
        shared_memory_mb=entry.get("shared_memory_mb"),
        writable=tuple(entry.get("writable", ())),
        capabilities=tuple(entry.get("capabilities", ())),
    )


def _word(text: str, known: Mapping[str, str | Asked]) -> str | Asked:
    meaning = value(text, known)
    return meaning if isinstance(meaning, Asked) else _plain(text, known)


def _plain(text: str, known: Mapping[str, str | Asked]) -> str:
    for key, meaning in known.items():
        if isinstance(meaning, str):
            text = text.replace(f"{{{key}}}", meaning)
    return text
