"""The `paths` of tsconfig files: which folders an import like `@/env` means."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from bayplan.errors import BrokenFileError
from bayplan.model.workspace import Package
from bayplan.readers.javascript.source_file import Source
from bayplan.readers.javascript.syntax import properties, string_value
from bayplan.tree import Tree

LONGEST_CHAIN = 6


@dataclass(frozen=True, slots=True)
class Alias:
    """A pattern with at most one `*`, and what it may stand for, relative to the root."""

    pattern: str
    replacements: tuple[str, ...]

    def targets(self, specifier: str) -> "Iterator[str]":
        before, star, after = self.pattern.partition("*")
        if not star:
            if specifier == self.pattern:
                yield from self.replacements
        elif specifier.startswith(before) and specifier.endswith(after):
            middle = specifier[len(before) : len(specifier) - len(after)]
            yield from (each.replace("*", middle, 1) for each in self.replacements)


def read_aliases(tree: Tree, package: Package) -> tuple[Alias, ...]:
    """Return a package's aliases, the most specific first; the nearest config that has any wins, as in TypeScript."""
    waiting = [package.path("tsconfig.json"), package.path("jsconfig.json")]
    seen: set[str] = set()
    while waiting and len(seen) < LONGEST_CHAIN:
        path = waiting.pop(0)
        if path in seen or not tree.exists(path):
            continue
        seen.add(path)
        aliases, extended = _read(tree, path)
        if aliases:
            return tuple(sorted(aliases, key=lambda each: len(each.pattern), reverse=True))
        waiting[:0] = extended
    return ()


def _read(tree: Tree, path: str) -> tuple[list[Alias], list[str]]:
    try:
        source = Source(path + ".ts", b"(" + tree.text(path).encode() + b")", "")
    except (BrokenFileError, UnicodeEncodeError):
        return [], []
    document = next((node for node in source.root.named_children if node.type == "expression_statement"), None)
    inner = document.named_children[0].named_children if document and document.named_children else []
    settings = properties(inner[0] if inner else None, source)
    options = properties(settings.get("compilerOptions"), source)
    folder = posixpath.dirname(path)
    base = posixpath.join(folder, string_value(options.get("baseUrl"), source) or ".")
    aliases = [
        Alias(
            pattern, tuple(_inside(base, text) for item in value.named_children if (text := string_value(item, source)))
        )
        for pattern, value in properties(options.get("paths"), source).items()
        if value.type == "array"
    ]
    extends = settings.get("extends")
    items = [] if extends is None else extends.named_children if extends.type == "array" else [extends]
    texts = [string_value(item, source) or "" for item in items]
    return aliases, [_with_extension(_inside(folder, text)) for text in texts if text.startswith(".")]


def _inside(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _with_extension(path: str) -> str:
    return path if path.endswith(".json") else path + ".json"
