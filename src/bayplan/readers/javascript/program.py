"""The source files of a workspace: which count, whose they are, and which file an import means."""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

from bayplan.errors import BrokenFileError
from bayplan.model.workspace import Package
from bayplan.readers.javascript.aliases import Alias, read_aliases
from bayplan.readers.javascript.source_file import Source
from bayplan.tree import Tree

EXTENSIONS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
LARGEST = 1_000_000
LONGEST_LINE = 5_000
OUTPUTS = frozenset({"dist", "build", "out", "coverage", "public", "static", "storybook-static"})
UNSHIPPED = frozenset(
    {
        "test",
        "tests",
        "__tests__",
        "e2e",
        "cypress",
        "playwright",
        "storybook",
        ".storybook",
        "stories",
        "fixtures",
        "__fixtures__",
        "mocks",
        "__mocks__",
        "node_modules",
        ".next",
        "coverage",
    }
)
_UNSHIPPED_NAME = re.compile(
    r"(\.(test|spec|e2e|e2e-spec|stories|story|mock|cy|bench)\.[cm]?[jt]sx?$)|(\.d\.[cm]?ts$)|(\.min\.[cm]?js$)"
)
_TOOL_FILE = re.compile(
    r"^(\..*|.+\.(config|conf|setup|workspace)|knexfile|gulpfile|gruntfile|jest|vitest|ormconfig|\.pnpmfile)\.[cm]?[jt]sx?$",
    re.IGNORECASE,
)
_BUILD_CONFIG = re.compile(r"^(next|vite)\.config\.[cm]?[jt]s$")


class Program:
    """Every source file that is part of what runs, by path; nothing is parsed before somebody asks."""

    def __init__(self, tree: Tree, packages: Sequence[Package]) -> None:
        self.tree = tree
        self.packages: Mapping[str, Package] = {package.folder: package for package in packages}
        self._by_name = {package.name: package for package in packages if package.name}
        self.sources: dict[str, Source] = {}
        self.by_package: dict[str, list[Source]] = {folder: [] for folder in self.packages}
        self._owners: dict[str, str | None] = {}
        self._having: dict[tuple[str, tuple[bytes, ...]], list[Source]] = {}
        self._aliases: dict[str, tuple[Alias, ...]] = {}
        self._resolved: dict[tuple[str, str], str | None] = {}
        self._callers: dict[str, tuple[Source, ...]] = {}
        self._tools: list[Source] = []
        for path in tree.files:
            self._add(path)
        for tool in self._tools:
            if self._is_imported(tool):
                self.sources[tool.path] = tool
                self.by_package[tool.package].append(tool)

    def _is_imported(self, tool: Source) -> bool:
        """Say whether what runs imports a tool's file: many a `db.js` takes its connection from the knexfile."""
        stem = re.escape(posixpath.splitext(posixpath.basename(tool.path))[0]).encode()
        imports = re.compile(
            rb"""(?:from|require\(|import\(?)\s*['"]\.{1,2}/(?:\.\./)*""" + stem + rb"""(?:\.\w+)?['"]"""
        )
        sources = self.by_package[tool.package]
        return any(imports.search(each.data) for each in sources if not is_build_config(each.path))

    def _add(self, path: str) -> None:
        if not path.endswith(EXTENSIONS) or _UNSHIPPED_NAME.search(path):
            return
        folder, _, name = path.rpartition("/")
        owner = self.owner(folder)
        if owner is None or not self._ships(folder, owner):
            return
        try:
            data = self.tree.bytes(path)
        except BrokenFileError:
            return
        if len(data) <= LARGEST and not _looks_generated(data):
            source = Source(path, data, owner)
            if folder in ("", owner) and _TOOL_FILE.match(name) and not is_build_config(path):
                self._tools.append(source)
            else:
                self.sources[path] = source
                self.by_package[owner].append(source)

    def owner(self, folder: str) -> str | None:
        """Return the deepest package that holds a folder."""
        key = folder or "."
        if key not in self._owners:
            if key in self.packages:
                self._owners[key] = key
            else:
                self._owners[key] = None if key == "." else self.owner(key.rpartition("/")[0])
        return self._owners[key]

    def _ships(self, folder: str, owner: str) -> bool:
        inside = folder if owner == "." else folder[len(owner) + 1 :]
        parts = inside.split("/") if inside else []
        return not parts or (parts[0] not in OUTPUTS and UNSHIPPED.isdisjoint(parts))

    def having(self, package: str, *marks: bytes) -> "list[Source]":
        """Return the files of a package in which any of these bytes occur."""
        if (package, marks) not in self._having:
            sources = self.by_package.get(package, ())
            self._having[package, marks] = [each for each in sources if any(mark in each.data for mark in marks)]
        return self._having[package, marks]

    def closure(self, package: Package) -> list[Package]:
        """Return the package and the workspace packages it needs at run time, itself first."""
        found = {package.folder: package}
        waiting = [package]
        while waiting:
            for dependency in waiting.pop().dependencies:
                folder = dependency.folder
                if folder is not None and folder in self.packages and folder not in found:
                    found[folder] = self.packages[folder]
                    waiting.append(self.packages[folder])
        return list(found.values())

    def module(self, importer: Source, specifier: str) -> Source | None:
        """Return the file of this workspace that an import means."""
        relative = specifier.startswith(".")
        key = (posixpath.dirname(importer.path) if relative else importer.package, specifier)
        if key not in self._resolved:
            candidates = self._relative(importer, specifier) if relative else self._named(importer, specifier)
            self._resolved[key] = next((path for each in candidates for path in self._files(each)), None)
        path = self._resolved[key]
        return None if path is None else self.sources[path]

    @staticmethod
    def _relative(importer: Source, specifier: str) -> list[str]:
        return [posixpath.normpath(posixpath.join(posixpath.dirname(importer.path), specifier))]

    def _named(self, importer: Source, specifier: str) -> "Iterable[str]":
        for alias in self._aliases_of(importer.package):
            yield from alias.targets(specifier)
        package = self.packages[importer.package]
        if specifier.startswith(("@/", "~/", "#/")):
            yield from (package.path("src/" + specifier[2:]), package.path(specifier[2:]))
        if specifier.startswith("src/"):
            yield package.path(specifier)
        yield from self._in_workspace(specifier)

    def _in_workspace(self, specifier: str) -> "Iterable[str]":
        parts = specifier.split("/")
        count = 2 if specifier.startswith("@") else 1
        package = self._by_name.get("/".join(parts[:count]))
        if package is None:
            return
        below = "/".join(parts[count:])
        exported = f'"./{below}"' if below else '"."'
        for entry in package.entries:
            if exported in entry.at.key or f"./{below}" in entry.at.key.split(".."):
                yield from _as_source(package, entry.value)
        if below:
            yield from (package.path(f"src/{below}"), package.path(below))
        else:
            for entry in package.entries:
                yield from _as_source(package, entry.value)
            yield from (package.path("src/index"), package.path("index"), package.path("src/main"))

    def _aliases_of(self, folder: str) -> tuple[Alias, ...]:
        if folder not in self._aliases:
            self._aliases[folder] = read_aliases(self.tree, self.packages[folder])
        return self._aliases[folder]

    def _files(self, path: str) -> "Iterable[str]":
        """Every file that an import of this path without or with a compiled extension may mean."""
        stem, extension = posixpath.splitext(path)
        if extension in (".js", ".jsx", ".mjs", ".cjs"):
            wanted = [path, *(stem + each for each in EXTENSIONS)]
        else:
            wanted = [path, *(path + each for each in EXTENSIONS), *(f"{path}/index{each}" for each in EXTENSIONS)]
        return (each for each in wanted if each in self.sources)

    def calling(self, name: str, declared: Source) -> "Sequence[Source]":
        """Return the other files that call something of this name.

        One search through the workspace per name; where very many files match, only those of the same package count.
        """
        if name not in self._callers:
            if len(self._callers) >= MOST_SEARCHES:
                return ()
            marks = (f"{name}(".encode(), f"{name}<".encode())
            self._callers[name] = tuple(
                each for each in self.sources.values() if any(mark in each.data for mark in marks)
            )
        found = [each for each in self._callers[name] if each is not declared]
        if len(found) > MOST_CALLERS:
            found = [each for each in found if each.package == declared.package][:MOST_CALLERS]
        return found


MOST_CALLERS = 200
MOST_SEARCHES = 200


def is_build_config(path: str) -> bool:
    """Say whether a file configures the build that reads it: what it reads, it reads then."""
    return _BUILD_CONFIG.match(path.rpartition("/")[2]) is not None


def _as_source(package: Package, entry: str) -> "Iterable[str]":
    """Return where the source of a package's entry may be: itself, or what `dist/x.js` was made from."""
    inside = posixpath.normpath(entry)
    if inside.startswith(("..", "/")):
        return
    yield package.path(inside)
    head, _, rest = inside.partition("/")
    if head in ("dist", "build", "lib", "out") and rest:
        stem = re.sub(r"(\.d)?\.[cm]?[jt]sx?$", "", rest)
        yield package.path(f"src/{stem}")
        yield package.path(stem)
        tail = stem.rpartition("/")[2]
        yield package.path(f"src/{tail}")


def _looks_generated(data: bytes) -> bool:
    """Say whether a line is longer than any hand writes."""
    if len(data) < LONGEST_LINE:
        return False
    return max(map(len, data.split(b"\n")), default=0) > LONGEST_LINE and data.count(b"\n") < len(data) // 500
