""".npmrc: the settings in it, never the credentials."""

import re

from bayplan.source import At, Located
from bayplan.tree import Tree

SECRET = re.compile(r"auth|token|password|username|email|cert|key|^//|:_", re.IGNORECASE)


def read_npmrc(tree: Tree, path: str = ".npmrc") -> dict[str, Located[str]]:
    """Return the settings by their names in camel case; a list's items are joined with commas."""
    settings: dict[str, Located[str]] = {}
    if not tree.exists(path):
        return settings
    for number, line in enumerate(tree.text(path).splitlines(), 1):
        text = line.strip()
        name, separator, value = text.partition("=")
        if not text or text[0] in "#;[" or SECRET.search(name):
            continue
        is_item = name.rstrip().endswith("[]")
        key = camel_case(name.strip().removesuffix("[]"))
        said = value.strip().strip("\"'") if separator else "true"
        if is_item and key in settings:
            said = f"{settings[key].value},{said}"
        settings[key] = Located(said, At(path, number, line.index(text) + 1, len(text), name.strip()))
    return settings


def camel_case(name: str) -> str:
    """Return `node-linker` as `nodeLinker`, the way pnpm-workspace.yaml spells it."""
    if name.startswith("@"):
        return name
    first, *others = name.split("-")
    return first + "".join(other[:1].upper() + other[1:] for other in others)
