""".npmrc: the settings in it, never the credentials."""

import re
from collections.abc import Iterator

from bayplan.source import At, Located
from bayplan.tree import Tree

SECRET = re.compile(r"auth|token|password|username|email|cert|key|^//|:_", re.IGNORECASE)
CREDENTIAL = re.compile(r"(?:.*:)?_(?:authToken|auth|password)")
VARIABLE = re.compile(r"(?<!\\)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
SET_EVERYWHERE = frozenset({"HOME", "HOSTNAME", "PATH", "PWD", "SHELL", "USER"})
"""Variables that have a value in every container, too."""


def read_npmrc(tree: Tree, path: str = ".npmrc") -> dict[str, Located[str]]:
    """Return the settings by their names in camel case; a list's items are joined with commas."""
    settings: dict[str, Located[str]] = {}
    for at, text in _lines(tree, path):
        name, separator, value = text.partition("=")
        if SECRET.search(name):
            continue
        is_item = name.rstrip().endswith("[]")
        key = camel_case(name.strip().removesuffix("[]"))
        said = value.strip().strip("\"'") if separator else "true"
        if is_item and key in settings:
            said = f"{settings[key].value},{said}"
        settings[key] = Located(said, at)
    return settings


def npmrc_variables(tree: Tree, path: str = ".npmrc") -> tuple[Located[str], ...]:
    """Return the names of the variables without which the file says nothing, each where it is first referred to."""
    found: dict[str, Located[str]] = {}
    for at, text in _lines(tree, path):
        for match in VARIABLE.finditer(text):
            if match[1] not in SET_EVERYWHERE:
                found.setdefault(match[1], Located(match[1], at))
    return tuple(found[name] for name in sorted(found))


def npmrc_credentials(tree: Tree, path: str = ".npmrc") -> tuple[Located[str], ...]:
    """Return the names of the settings whose values are credentials themselves, never those values."""
    found = []
    for at, text in _lines(tree, path):
        name, _, value = (part.strip() for part in text.partition("="))
        if CREDENTIAL.fullmatch(name) and value.strip("\"'") and "${" not in value:
            found.append(Located(name, at))
    return tuple(found)


def _lines(tree: Tree, path: str) -> Iterator[tuple[At, str]]:
    """Yield every setting as it is written, with its place."""
    for number, line in enumerate(tree.text(path).splitlines() if tree.exists(path) else (), 1):
        text = line.strip()
        if text and text[0] not in "#;[":
            yield At(path, number, line.index(text) + 1, len(text), text.partition("=")[0].strip()), text


def camel_case(name: str) -> str:
    """Return `node-linker` as `nodeLinker`, the way pnpm-workspace.yaml spells it."""
    if name.startswith("@"):
        return name
    first, *others = name.split("-")
    return first + "".join(other[:1].upper() + other[1:] for other in others)
