"""A database or the like as an app on Fly.io: its image, a volume, and no way in from the world."""

import shlex
from collections.abc import Mapping
from typing import Any

from bayplan.formats.yaml_writer import Entry, Value
from bayplan.model.parts import Asked, Given, Mount
from bayplan.model.stack import Stack, Store
from bayplan.source import Why
from bayplan.writers import fly_apps, fly_parts

OWN = Why("fly", "Fly runs its image as it is; what stands in front of it is its private network alone")
KEPT = Why("fly", "its data outlives its Machine, which is the only one that mounts it")
STARTED = Why("catalog", "how it keeps its data, and what it does before memory runs out")


def store(stack: Stack, each: Store) -> dict[str, Value]:
    known = fly_apps.table()["stores"].get(each.kind, {})
    signal = str(known.get("stop", each.stop_signal))
    found = {**fly_parts.top(stack, each.name), **fly_parts.stops(each.grace_seconds, signal)}
    if entrypoint := known.get("entrypoint"):
        because = Why("fly", str(known["because"]))
        found["experimental"] = Entry({"entrypoint": entrypoint}, comment=_said(known), why=because)
    found["build"] = Entry({"image": Entry(each.image.value, why=each.image.why)}, why=OWN)
    if told := _told(each, known):
        found["env"] = told
    if command := _command(each, known):
        found["processes"] = Entry({fly_parts.GROUP: command}, why=STARTED)
    found["mounts"] = fly_parts.volume(Mount(each.volume, each.data, KEPT))
    found["checks"] = {each.name: Entry(fly_parts.port_check(each.port), why=fly_parts.CHECKED)}
    found["vm"] = fly_parts.machine(each.limits)
    return found


def _said(known: Mapping[str, Any]) -> str:
    return fly_apps.sentence(str(known["because"]))


def _told(each: Store, known: Mapping[str, Any]) -> Entry | None:
    given: dict[str, Value] = {
        variable.name: Entry(variable.value.text, why=variable.why)
        for variable in each.variables
        if isinstance(variable.value, Given) and not variable.secret
    }
    for name, text in known.get("environment", {}).items():
        value = str(text).replace("{data}", each.data)
        given[name] = Entry(value, comment=_said(known), why=Why("fly", str(known["because"])))
    return Entry(given, why=OWN) if given else None


def _command(each: Store, known: Mapping[str, Any]) -> str:
    """Return its command as one line; one that a shell reads goes through its image's entrypoint again.

    Fly starts an image as the user it names, root, and its entrypoint steps down for the server's name alone.
    """
    words = [*each.command, *(str(word).replace("{data}", each.data) for word in known.get("command", ()))]
    if any(isinstance(word, Asked) for word in words):
        line = " ".join(f'"${word.name}"' if isinstance(word, Asked) else shlex.quote(word) for word in words)
        return shlex.join(["sh", "-c", f"exec {line}"])
    program = known.get("program", "")
    entered = [
        word.replace(f"exec {program} ", f"exec docker-entrypoint.sh {program} ", 1) if program else word
        for word in map(str, words)
    ]
    return shlex.join(entered)
