"""Which files the TypeScript compiler emits, and where."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from bayplan.errors import BrokenFileError
from bayplan.readers.folders import inside, joined, parent
from bayplan.readers.globs import compiled, matches
from bayplan.readers.tsconfig import Applied
from bayplan.tree import Tree

EMITTED = {".ts": ".js", ".tsx": ".js", ".mts": ".mjs", ".cts": ".cjs"}
EMITTED_WITH_JS = {**EMITTED, ".js": ".js", ".jsx": ".js", ".mjs": ".mjs", ".cjs": ".cjs"}
DECLARATION = re.compile(r"\.d\.(?:[^/]+\.)?[cm]?ts$")
IMPORT = re.compile(r"""(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*["']([^"'\n]+)["']""")
ALWAYS_EXCLUDED = ("node_modules", "bower_components", "jspm_packages")
MOST_SCANNED = 3000


def emitted_files(tree: Tree, applied: Applied) -> dict[str, str]:
    """Return where each emitted file comes from: output -> source, both relative to the repository's root."""
    config = applied.config
    if config.no_emit or applied.emits_only_declarations:
        return {}
    inputs = tuple(_included(tree, applied))
    root = config.root_dir or (applied.folder if config.composite else None)
    if root is None:
        inputs = tuple(_with_imported(tree, applied, inputs))
        root = _common_folder(inputs) if inputs else applied.folder
    found: dict[str, str] = {}
    for source in inputs:
        stem, extension = posixpath.splitext(source)
        relative = inside(root, stem)
        if relative is not None and extension in EMITTED_WITH_JS:
            target = joined(config.out_dir, relative) if config.out_dir else stem
            if target is not None:
                found[target + EMITTED_WITH_JS[extension]] = source
    return found


def _is_source(path: str, applied: Applied) -> bool:
    extension = posixpath.splitext(path)[1]
    wanted = EMITTED_WITH_JS if applied.allow_js else EMITTED
    return extension in wanted and not DECLARATION.search(path)


def _included(tree: Tree, applied: Applied) -> Iterator[str]:
    named = [path for path in applied.files or () if tree.lists(path)]
    yield from (path for path in named if _is_source(path, applied))
    patterns = applied.include
    if patterns is None:
        if applied.files is not None:
            return
        patterns = (joined(applied.folder, "**/*") or "**/*",)
    wanted = [compiled(_as_folder(pattern)) for pattern in patterns]
    refused = [compiled(each) for pattern in _excluded(applied) for each in (pattern, f"{pattern}/**")]
    for folder in dict.fromkeys(_fixed_folder(pattern) for pattern in patterns):
        for path in tree.below(folder):
            is_new = _is_source(path, applied) and path not in named and "/." not in path and path[0] != "."
            if is_new and matches(wanted, path) and not matches(refused, path):
                yield path


def _as_folder(pattern: str) -> str:
    """Return `src` as `src/**/*`: a pattern without a wildcard or an extension in its last part names a folder."""
    last = posixpath.basename(pattern)
    if last == "**":
        return f"{pattern}/*"
    return pattern if "*" in last or "?" in last or "." in last.strip(".") else f"{pattern}/**/*"


def _fixed_folder(pattern: str) -> str:
    """Return the part of a pattern before its first wildcard, as a folder."""
    parts = pattern.split("/")
    count = next((index for index, part in enumerate(parts) if re.search(r"[*?\[{]", part)), len(parts))
    fixed = "/".join(parts[:count])
    if count == len(parts) and "." in parts[-1].strip("."):
        fixed = parent(fixed)
    return fixed or "."


def _excluded(applied: Applied) -> Iterable[str]:
    if applied.exclude is not None:
        return applied.exclude
    found = [each for name in ALWAYS_EXCLUDED if (each := joined(applied.folder, name))]
    return [*found, applied.config.out_dir] if applied.config.out_dir else found


def _common_folder(paths: Sequence[str]) -> str:
    folders = ["/" + parent(path).removeprefix(".") for path in paths]
    return posixpath.commonpath(folders).strip("/") or "."


def _with_imported(tree: Tree, applied: Applied, inputs: Sequence[str]) -> Iterator[str]:
    """Yield the inputs, and what they import from outside their folders: that moves every emitted file."""
    seen = set(inputs)
    waiting = list(inputs)
    scanned = 0
    yield from inputs
    while waiting and scanned < MOST_SCANNED:
        path = waiting.pop()
        scanned += 1
        try:
            text = tree.text(path)
        except BrokenFileError:  # the reader of code says what is wrong with it
            continue
        for specifier in IMPORT.findall(text):
            for target in _targets(path, specifier, applied):
                found = _source_at(tree, target, applied)
                if found is not None and found not in seen:
                    seen.add(found)
                    yield found
                    if not found.endswith(".json"):
                        waiting.append(found)


def _targets(path: str, specifier: str, applied: Applied) -> Iterator[str]:
    if specifier.startswith(("./", "../")):
        target = joined(parent(path), specifier)
        if target is not None:
            yield target
        return
    for pattern, targets in applied.paths.items():
        before, star, after = pattern.partition("*")
        matched = specifier[len(before) : len(specifier) - len(after)] if star else ""
        if specifier == pattern or (star and specifier.startswith(before) and specifier.endswith(after)):
            for target in targets:
                resolved = target.replace("*", matched, 1)
                if not any(inside(parent(each), resolved) is not None for each in applied.config.references):
                    yield resolved


def _source_at(tree: Tree, target: str, applied: Applied) -> str | None:
    """Return the source that an import means; None for what is not compiled with the rest."""
    if target.endswith(".json"):
        return target if tree.lists(target) else None
    bare = re.sub(r"\.[cm]?jsx?$", "", target)
    candidates = [target, *(bare + extension for extension in EMITTED), *(f"{target}/index{end}" for end in EMITTED)]
    return next((each for each in candidates if _is_source(each, applied) and tree.lists(each)), None)
