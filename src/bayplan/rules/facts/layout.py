"""Where the files of the repository end up inside an image."""

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from bayplan.model.deployment import BuildStage, ImageFile
from bayplan.model.workspace import Package, Workspace
from bayplan.rules.facts.once import once
from bayplan.rules.facts.stages import Placed, absolute, joined, placed, runs_something, script, source_stage, values
from bayplan.source import At

FILE_NAMES = frozenset({"Dockerfile", "LICENSE", "Makefile", "Caddyfile", ".npmrc", ".nvmrc", ".env", ".yarnrc"})
GLOB = frozenset("*?[")
SPLIT = re.compile(r"&&|\|\||[;|\n]")
FILTER = re.compile(r"(?:--filter|-F|--scope)[= ]\s*['\"]?([^\s'\"]+)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that a stage holds: `source` is a path of the repository, or of the stage that it comes from."""

    target: str
    source: str
    stage: BuildStage | None
    at: At


@dataclass(frozen=True, slots=True)
class Origin:
    """What a stage takes from the repository or from one other stage: numbered pieces by their source."""

    stage: BuildStage | None
    pieces: dict[str, list[tuple[int, Piece]]]


def is_file(path: str) -> bool:
    """Guess from its name whether a path is a file: nothing else is known about the context's content."""
    name = posixpath.basename(path)
    return name in FILE_NAMES or name.startswith(".env.") or "." in name[1:]


def below(path: str, folder: str) -> str | None:
    """Return a path relative to a folder, or None when it lies elsewhere."""
    if folder in (".", "/") or path == folder:
        return "" if path == folder else path.lstrip("/")
    return path[len(folder) + 1 :] if path.startswith(folder + "/") else None


def ancestors(path: str) -> set[str]:
    """Return every folder that a path is `below`, and the path itself."""
    return {path, ".", "/", *(path[:index] for index, character in enumerate(path) if index and character == "/")}


@dataclass(frozen=True, slots=True)
class Layout:
    """An image as far as its COPY instructions tell what it holds; `context` is relative to the root."""

    workspace: Workspace
    image: ImageFile
    context: str
    _places: dict[tuple[int, str], tuple[str, ...]] = field(default_factory=dict)

    @once
    def pieces(self, stage: BuildStage) -> tuple[Piece, ...]:
        """Return what a stage is made of, what it inherits included."""
        return tuple(self._read(stage))

    def _read(self, stage: BuildStage) -> Iterator[Piece]:
        for each in placed(self.image, stage):
            word = each.instruction.word
            if word in ("COPY", "ADD"):
                yield from self._copied(each)
            elif word == "RUN":
                yield from self._made(each)

    def places(self, stage: BuildStage, path: str) -> tuple[str, ...]:
        """Return every path of a stage at which a file or folder of the repository, built or not, can be."""
        key = id(stage), path
        if key not in self._places:
            self._places[key] = tuple(dict.fromkeys(self._find(stage, path)))
        return self._places[key]

    def _find(self, stage: BuildStage, path: str) -> list[str]:
        found = [place for _, place in sorted(self._came(stage, path), key=lambda each: each[0])]
        if runs_something(self.image, stage):
            found.extend(self._at_home(stage, path))
        return found

    def _came(self, stage: BuildStage, path: str) -> Iterator[tuple[int, str]]:
        """Yield where each piece that holds a path brings it, with the piece's number."""
        for origin in self._from(stage):
            for start in (path,) if origin.stage is None else self.places(origin.stage, path):
                for source in ancestors(start) & origin.pieces.keys():
                    inner = below(start, source)
                    for number, piece in origin.pieces[source]:
                        yield number, absolute(piece.target, inner) if inner else piece.target

    @once
    def _from(self, stage: BuildStage) -> tuple[Origin, ...]:
        found: dict[int, Origin] = {}
        for number, piece in enumerate(self.pieces(stage)):
            origin = found.setdefault(id(piece.stage), Origin(piece.stage, {}))
            origin.pieces.setdefault(piece.source, []).append((number, piece))
        return tuple(found.values())

    def _at_home(self, stage: BuildStage, path: str) -> Iterator[str]:
        """Yield what a command makes beside a manifest that was copied: dependencies and build outputs."""
        owner = self.owner(path)
        inner = below(path, owner.folder) if owner else None
        if owner is None or inner is None:
            return
        for origin in self._from(stage):
            if origin.stage is None:
                for _, piece in origin.pieces.get(owner.path("package.json"), ()):
                    yield absolute(posixpath.dirname(piece.target), inner)

    def origins(self, stage: BuildStage, place: str) -> Iterator[str]:
        """Yield every path of the repository that can have come to a place of a stage."""
        for piece in self.pieces(stage):
            inner = below(place, piece.target)
            if inner is None or (inner and is_file(piece.source)):
                continue
            source = posixpath.normpath(posixpath.join(piece.source, inner))
            yield from (source,) if piece.stage is None else self.origins(piece.stage, source)

    def owner(self, path: str) -> Package | None:
        """Return the package that a path of the repository belongs to."""
        while path not in ("", ".", "/") and self.workspace.by_folder(path) is None:
            path = posixpath.dirname(path)
        return self.workspace.by_folder(path or ".")

    def in_repository(self, source: str) -> str:
        return joined(self.context, source.lstrip("/"))

    def _copied(self, each: Placed) -> Iterator[Piece]:
        if len(each.instruction.arguments) < 2 or not self._is_local(each):  # noqa: PLR2004 - a source and a target
            return
        *sources, target = each.instruction.arguments
        stage = source_stage(self.image, each.stage, each.instruction)
        sources = [match for source in sources for match in self._matches(source, stage)]
        into = target.endswith("/") or len(sources) > 1 or not is_file(target)
        for source in sources:
            origin = self.in_repository(source) if stage is None else absolute("/", source)
            if each.instruction.flag("parents") is not None:
                place = absolute(absolute(each.folder, target), source)
            elif is_file(source) and into:
                place = absolute(absolute(each.folder, target), posixpath.basename(source))
            else:
                place = absolute(each.folder, target)
            yield Piece(place, origin, stage, each.instruction.at)

    def _is_local(self, each: Placed) -> bool:
        from_elsewhere = each.instruction.flag("from") is not None
        return not from_elsewhere or source_stage(self.image, each.stage, each.instruction) is not None

    def _matches(self, source: str, stage: BuildStage | None) -> Iterator[str]:
        if stage is not None or not set("*?[") & set(source.replace("[[]", "")):
            yield source.replace("[[]", "[")  # a bracket that means itself
            return
        manifests = (package.path("package.json") for package in self.workspace.packages)
        files = (each.from_root(file) for each in self.workspace.every for file in each.manager.files)
        for known in dict.fromkeys((*files, *manifests)):
            inner = below(known, self.context)
            if inner and fnmatchcase(inner, posixpath.normpath(source)) and inner.count("/") == source.count("/"):
                yield inner

    def _made(self, each: Placed) -> Iterator[Piece]:
        """Yield what `pnpm deploy` and `turbo prune` put together from the packages they are asked for."""
        text = script(each.instruction, values(self.image, each.stage))
        for command in SPLIT.split(text) if "deploy" in text or "prune" in text else ():
            words = _words(command)
            at = each.instruction.at
            if "deploy" in words and "pnpm" in words:
                package = self.named(command)
                target = [word for word in words[words.index("deploy") + 1 :] if not word.startswith("-")]
                if package and target:
                    yield Piece(absolute(each.folder, target[-1]), package.folder, None, at)
            elif "prune" in words and "turbo" in " ".join(words):
                parts = ("out/full", "out/json") if "--docker" in words else ("out",)
                yield from (Piece(absolute(each.folder, part), ".", None, at) for part in parts)

    def named(self, command: str) -> Package | None:
        """Return the package that a command's filter names."""
        match = FILTER.search(command)
        name = match[1].replace("...", "").strip("{}^").removeprefix("./") if match else ""
        return self.workspace.by_name(name) or self.workspace.by_folder(name.rstrip("/"))


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()
