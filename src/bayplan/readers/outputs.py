"""What of a package must be in the image that runs it: what its build makes, and what its code reads."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bayplan.model.workspace import Package, Task
from bayplan.readers.build import BUILD, Builder
from bayplan.readers.folders import inside, joined
from bayplan.readers.turbo import task_for
from bayplan.source import At, Fact, Why
from bayplan.tree import Tree

READER = "outputs"
MADE = "build"
"""Who decided about what the build makes, as opposed to what stands in the repository."""
WELL_KNOWN = ("drizzle", "migrations", "prisma", "views", "templates", "public", "assets", "static", "locales", "i18n")
CODE = re.compile(r"\.(?:[cm]?[jt]sx?|vue|svelte)$")
RUNS_AS_IT_IS = re.compile(r"\.(?:[cm]?js|json|node|wasm)$")
CODE_OR_DATA = re.compile(r"\.(?:[cm]?[jt]sx?|json|node|wasm)$")
NOT_FOR_RUNNING = re.compile(
    r"(?:^|/)(?:__tests__|__mocks__|tests?|e2e|coverage|docs|node_modules)(?:/|$)|\.(?:test|spec|config)\.[cm]?[jt]sx?$"
)
BESIDE_THE_CODE = ("tsconfig", "package-lock", "turbo.json", "railway.json", "nest-cli", "apps", "packages")
NEVER = frozenset({"package.json", "tsconfig.json", ".", "", ".turbo", "coverage", "storybook-static", "node_modules"})


def read_outputs(tree: Tree, package: Package, builder: Builder, tasks: Mapping[str, Task]) -> tuple[Fact[str], ...]:
    """Return folders and files relative to the package, each once, with its first reason."""
    found: dict[str, Fact[str]] = {}
    made = [Fact(fact.value, replace(fact.why, by=MADE)) for fact in _made(tree, package, builder, tasks)]
    for fact in (*made, *_run_as_it_is(tree, package, made), *_read_at_run_time(tree, package, made, builder)):
        if fact.value not in NEVER and not any(inside(known, fact.value) for known in found):
            found.setdefault(fact.value, fact)
    return tuple(found.values())


def _fact(value: str, because: str, at: At | None) -> Fact[str]:
    return Fact(value, Why(READER, because, at))


def _made(tree: Tree, package: Package, builder: Builder, tasks: Mapping[str, Task]) -> Iterator[Fact[str]]:
    if package.build is None:
        return
    stated = False
    out_dir = inside(package.folder, builder.out_dir) if builder.out_dir else None
    if out_dir and out_dir != "." and not (builder.config and builder.config.config.no_emit):
        stated = True
        yield _fact(out_dir, f"its build ({builder.tool}) writes to {out_dir}", builder.at)
    for word in package.start.value[1:] if package.start else ():
        first = _first_folder(posixpath.normpath(word)) if "/" in word and word[0] not in "-/@" else None
        if first and ":" not in first and not _has_sources(tree, package, first):
            stated = True
            yield _fact(
                first, f"its start runs {word}, which its build makes", package.start.why.at if package.start else None
            )
    if builder.tool in ("next", "vite"):
        return
    for entry in package.entries:
        first = _first_folder(entry.value)
        if first and not tree.lists(package.path(entry.value)) and not _has_sources(tree, package, first):
            stated = True
            yield _fact(first, f"package.json says that {entry.at.key} leads there", entry.at)
    task = task_for(tasks, package, BUILD)
    is_own = task is not None and task.name.startswith(f"{package.name}#")
    if task is not None and (is_own or not stated):
        yield from _of_task(tree, package, task, only_first=not is_own)


def _of_task(tree: Tree, package: Package, task: Task, *, only_first: bool) -> Iterator[Fact[str]]:
    """Yield a turbo task's outputs; of one that holds for all packages only the first is surely made by this one."""
    for pattern in task.outputs:
        folder = re.split(r"[*?\[{]", pattern.lstrip("./"), maxsplit=1)[0].rstrip("/") if pattern[:1] != "!" else ""
        usable = folder and not folder.startswith(("..", "next")) and "cache" not in folder and "\0" not in folder
        if usable and not _has_sources(tree, package, folder):
            yield _fact(folder, f"turbo.json says that {task.name} makes it", task.at)
            if only_first:
                return


def _first_folder(path: str) -> str | None:
    parts = path.split("/")
    if "*" in parts[0] or parts[0] == "..":
        return None
    return parts[0]


def _has_sources(tree: Tree, package: Package, folder: str) -> bool:
    path = package.path(folder)
    return tree.lists(path) or any(CODE.search(file) for file in tree.below(path))


def _run_as_it_is(tree: Tree, package: Package, made: Sequence[Fact[str]]) -> Iterator[Fact[str]]:
    """Yield the sources of a package that nothing builds and that run as they are."""
    entry = None if made else _runnable(tree, package)
    if entry is None:
        return
    needed = CODE_OR_DATA if CODE.search(entry) and not RUNS_AS_IT_IS.search(entry) else RUNS_AS_IT_IS
    tops: dict[str, None] = {entry.split("/")[0]: None}
    for file in tree.below(package.folder):
        relative = inside(package.folder, file) or ""
        if needed.search(relative) and not NOT_FOR_RUNNING.search(relative) and relative[0] != ".":
            tops[relative.split("/")[0]] = None
    for top in tops:
        if not top.startswith(BESIDE_THE_CODE):
            yield _fact(top, f"nothing builds it, and {entry} runs as it is", package.at)


def _runnable(tree: Tree, package: Package) -> str | None:
    """Return the file of the repository that runs or is loaded first."""
    if package.start:
        started = next((word for word in package.start.value[1:] if tree.lists(package.path(word))), None)
        if started:
            return started
    elif package.folder == ".":
        return None
    named = [entry.value for entry in package.entries]
    files = [file for each in (*named, "index.js") for file in (each, f"{each}.js", f"{each}/index.js")]
    return next((each for each in files if RUNS_AS_IT_IS.search(each) and tree.lists(package.path(each))), None)


def _read_at_run_time(tree: Tree, package: Package, made: Sequence[Fact[str]], builder: Builder) -> Iterator[Fact[str]]:
    """Yield folders of the repository that are no source and that the running code opens."""
    names = {fact.value for fact in made}
    for read in package.code.reads_files:
        path = joined(package.folder, read.value)
        relative = inside(package.folder, path) if path else None
        if relative and relative not in names and (path and (tree.below(path) or tree.lists(path))):
            yield _fact(relative, "its code reads it at run time", read.at)
    if package.build is None and package.start is None and not package.published_files:
        return
    for name in package.published_files:
        folder = posixpath.normpath(name.removesuffix("/**").removesuffix("/*").strip("/") or ".")
        is_data = tree.below(package.path(folder)) and not _is_code(tree, package, folder)
        if is_data and "*" not in folder and not folder.startswith(".."):
            yield _fact(folder, 'package.json lists it in "files"', package.at)
    if builder.tool == "vite":
        return  # its build copies what it needs
    for name in WELL_KNOWN:
        below = tree.below(package.path(name)) if package.folder != "." or package.start else ()
        if any(not CODE.search(file) for file in below) and (
            builder.tool != "next" or name in ("public", "locales", "i18n", "prisma")
        ):
            yield _fact(name, f"a folder named {name} is usually read at run time", At(below[0]))


def _is_code(tree: Tree, package: Package, folder: str) -> bool:
    return any(re.search(r"\.tsx?$", file) for file in tree.below(package.path(folder)))
