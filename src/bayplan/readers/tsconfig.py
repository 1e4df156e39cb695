"""tsconfig files with their `extends` chains applied."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bayplan.formats import json_nodes
from bayplan.formats.document import Document
from bayplan.model.workspace import TsConfig
from bayplan.readers.folders import inside, joined, parent
from bayplan.source import At
from bayplan.tree import Tree

CONFIG_DIR = "${configDir}"
LONGEST_CHAIN = 50
PATH_OPTIONS = frozenset({"outDir", "rootDir", "tsBuildInfoFile", "baseUrl", "outFile", "declarationDir"})


@dataclass(frozen=True, slots=True)
class Applied:
    """A tsconfig as the compiler sees it: the model's part, and what decides which files it emits and where."""

    config: TsConfig
    include: tuple[str, ...] | None = None
    """Patterns relative to the root; None when the config names neither `include` nor `files`."""
    exclude: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Import patterns -> what they mean, relative to the root."""
    allow_js: bool = False
    emits_only_declarations: bool = False

    @property
    def folder(self) -> str:
        return parent(self.config.path)


@dataclass(slots=True)
class _Option:
    value: object
    at: At


class TsConfigReader:
    """Reads tsconfigs of one repository, each file once. `names` leads from a package's name to its folder."""

    def __init__(self, tree: Tree, names: Mapping[str, str]) -> None:
        self.tree = tree
        self.names = names
        self.documents: dict[str, Document] = {}

    def read(self, path: str, *, build_mode: bool = False) -> Applied:
        """Return a tsconfig, or raise `BrokenFileError`. `build_mode`: the build runs `tsc --build`."""
        folder = parent(path)
        options: dict[str, _Option] = {}
        patterns: dict[str, tuple[str, ...]] = {}
        chain = tuple(self._chain(path, []))
        for file in reversed(chain):
            self._apply(file, folder, options, patterns)
        return Applied(
            config=self._config(path, chain, options, build_mode=build_mode),
            include=patterns.get("include"),
            exclude=patterns.get("exclude"),
            files=patterns.get("files"),
            paths=self._paths(options),
            allow_js=_flag(options, "allowJs"),
            emits_only_declarations=_flag(options, "emitDeclarationOnly"),
        )

    def _document(self, path: str) -> Document:
        if path not in self.documents:
            self.documents[path] = json_nodes.load(self.tree.text(path), path, comments=True)
        return self.documents[path]

    def _chain(self, path: str, above: list[str]) -> Iterator[str]:
        """Yield a config and those it extends, nearest first; a circle ends where it closes."""
        if path in above or len(above) > LONGEST_CHAIN:
            return
        yield path
        document = self._document(path)
        # of several, a later one wins
        for wanted in reversed(document.texts("extends")):
            target = self._extended(parent(path), wanted)
            if target is not None:
                yield from self._chain(target, [*above, path])

    def _extended(self, folder: str, wanted: str) -> str | None:
        """Return the file that `extends` means; None when it lies in an installed package, or is not there."""
        if wanted.startswith((".", CONFIG_DIR)):
            return self._file(joined(folder, wanted.replace(CONFIG_DIR, ".")))
        parts = wanted.split("/")
        count = 2 if wanted.startswith("@") else 1
        target = self.names.get("/".join(parts[:count]))
        if target is None:
            return None
        rest = "/".join(parts[count:])
        manifest = self._manifest(target)
        if manifest is not None:
            exported = manifest.get("exports", f"./{rest}" if rest else ".")
            field_value = exported if isinstance(exported, str) else None if rest else manifest.text("tsconfig")
            if field_value:
                return self._file(joined(target, field_value))
        return self._file(joined(target, rest or "tsconfig.json"))

    def _manifest(self, folder: str) -> Document | None:
        path = joined(folder, "package.json")
        return self._document(path) if path and self.tree.lists(path) else None

    def _file(self, path: str | None) -> str | None:
        """Return the config at a path, which may leave out `.json` or name the folder."""
        if path is None:
            return None
        candidates = (path, f"{path}.json", posixpath.join(path, "tsconfig.json"))
        return next((posixpath.normpath(each) for each in candidates if self.tree.lists(each)), None)

    def _apply(self, file: str, leaf: str, options: dict[str, _Option], patterns: dict[str, tuple[str, ...]]) -> None:
        document = self._document(file)
        folder = parent(file)
        for key, value in document.mapping("compilerOptions").items():
            if key in PATH_OPTIONS:
                resolved = _resolved(folder, leaf, value)
                if resolved is not None:
                    options[key] = _Option(resolved, document.at("compilerOptions", key))
            elif key == "paths":
                base = options.get("baseUrl")
                stated = document.text("compilerOptions", "baseUrl")
                around = joined(folder, stated) if stated else str(base.value) if base else folder
                options[key] = _Option((around or folder, leaf, value), document.at("compilerOptions", key))
            else:
                options[key] = _Option(value, At(file))
        for key in ("include", "exclude", "files"):
            if isinstance(document.get(key), list):
                found = (_resolved(folder, leaf, item) for item in document.texts(key))
                patterns[key] = tuple(item for item in found if item is not None)

    def _paths(self, options: Mapping[str, _Option]) -> dict[str, tuple[str, ...]]:
        option = options.get("paths")
        if option is None or not isinstance(option.value, tuple):
            return {}
        folder, leaf, value = option.value
        if not isinstance(value, dict):
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for name, targets in value.items():
            resolved = (_resolved(folder, leaf, item) for item in targets if isinstance(targets, list))
            found[name] = tuple(item for item in resolved if item is not None)
        return found

    def _config(
        self, path: str, chain: tuple[str, ...], options: Mapping[str, _Option], *, build_mode: bool
    ) -> TsConfig:
        document = self._document(path)
        composite = _flag(options, "composite")
        incremental = composite or _flag(options, "incremental")
        out_dir = _path(options, "outDir")
        module = options.get("module")
        return TsConfig(
            path=path,
            chain=tuple(dict.fromkeys(chain)),
            out_dir=out_dir,
            root_dir=_path(options, "rootDir"),
            composite=composite,
            incremental=incremental,
            build_info=_build_info(path, options) if incremental or build_mode else None,
            no_emit=_flag(options, "noEmit"),
            source_map=_flag(options, "sourceMap"),
            module=str(module.value).lower() if module and isinstance(module.value, str) else None,
            references=tuple(self._references(document)),
            at=options["outDir"].at if out_dir else document.at("compilerOptions"),
        )

    def _references(self, document: Document) -> Iterator[str]:
        for index in range(len(document.items("references"))):
            text = document.text("references", index, "path")
            target = joined(parent(document.file), text) if text else None
            if target is not None:
                yield self._file(target) or target


def _resolved(folder: str, leaf: str, value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return joined(leaf, "./" + value[len(CONFIG_DIR) :]) if value.startswith(CONFIG_DIR) else joined(folder, value)


def _flag(options: Mapping[str, _Option], key: str) -> bool:
    return key in options and options[key].value is True


def _path(options: Mapping[str, _Option], key: str) -> str | None:
    option = options.get(key)
    return option.value if option and isinstance(option.value, str) else None


def _build_info(path: str, options: Mapping[str, _Option]) -> str | None:
    """Return where the compiler leaves its .tsbuildinfo, by its own rules."""
    stated = _path(options, "tsBuildInfoFile")
    if stated is not None:
        return stated
    out_file = _path(options, "outFile")
    if out_file is not None:
        return posixpath.splitext(out_file)[0] + ".tsbuildinfo"
    bare = path.removesuffix(".json")
    out_dir, root_dir = _path(options, "outDir"), _path(options, "rootDir")
    if out_dir is None:
        return bare + ".tsbuildinfo"
    if root_dir is None:
        return joined(out_dir, posixpath.basename(bare) + ".tsbuildinfo")
    # relative to rootDir, so that a config beside `src` puts it beside `dist`, not into it
    return joined(out_dir, posixpath.relpath(bare, root_dir) + ".tsbuildinfo")


def package_configs(tree: Tree, folder: str, first: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the tsconfig files that stand in a folder, these ones first."""
    names = [
        file
        for file in tree.below(folder)
        if (name := inside(folder, file)) and name.startswith("tsconfig") and name.endswith(".json") and "/" not in name
    ]
    return tuple(dict.fromkeys((*(path for path in first if tree.lists(path)), *sorted(names, key=_rank))))


def _rank(path: str) -> tuple[bool, str]:
    return not path.endswith("/tsconfig.json") and path != "tsconfig.json", path
