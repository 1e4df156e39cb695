"""Which files a program loads, starting from one: by imports, and by the folders and patterns that it names."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bayplan.errors import BrokenFileError
from bayplan.model.code import EnvUse
from bayplan.model.workspace import Package
from bayplan.readers.folders import joined, parent
from bayplan.readers.javascript.env_use import is_platform_name
from bayplan.readers.javascript.program import EXTENSIONS, LARGEST, OUTPUTS, Program
from bayplan.readers.javascript.source_file import Source
from bayplan.source import At

IMPORT = re.compile(
    rb"(?P<types>\b(?:import|export)\s+type\s[^'\";]{0,500}?)?"
    rb"(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*[\"'](?P<name>[^\"'\n]+)[\"']"
)
DYNAMIC = re.compile(rb"(?:(?<![.\w])import|(?<![.\w])require)\s*\(\s*(?![\"'\s)])")
TEXT = re.compile(r"""(?P<start>\$\{[^}'"`\n]*\}|["'`])(?P<text>[^"'`\n${]{1,200}[^"'`\n]{0,60})["'`]""")
LOADS = re.compile(r"dirname|\bjoin\(|\bresolve\(|directory|migrations|entities|subscribers|cwd\(", re.IGNORECASE)
"""What a line has that names a folder by one word, which else may be a table or a route."""
JOINED = re.compile(r"dirname\s*\+\s*$")
READ = re.compile(
    r"""(?:\bprocess\.env(?:\??\.|\[\s*["'])|(?<![.\w])env\(\s*["'])(?P<name>[A-Za-z_]\w*)["']?[ \])]{0,9}"""
    r"""(?P<default>\s{0,99}(?:\?\?|\|\|)\s*["'](?P<text>[^"'\n]*)["'])?"""
)
TAKEN_APART = re.compile(r"\{(?P<names>[^{}]*)\}\s*=\s*process\.env\b")
WHOLE = re.compile(r"\bprocess\.env\s*(?:\[\s*[^\"'\s]|[,);}\]]|$)")
MOST = 2_000
"""How many files, and how much of a kind in one file, are looked at."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The sources that a program loads. Where one of them loads what cannot be told, `is_whole` is false."""

    sources: tuple[Source, ...]
    is_whole: bool


def reached(program: Program, files: Iterable[str]) -> Reached:
    """Return what these files load, themselves included."""
    return _Search(program).from_files(files)


def source_of(program: Program, path: str) -> Source | None:
    """Return a file, also one that is no part of what is shipped, such as `drizzle.config.ts`."""
    found = program.sources.get(path)
    if found is not None or not path.endswith(EXTENSIONS) or not program.tree.lists(path):
        return found
    try:
        data = program.tree.bytes(path)
    except BrokenFileError:
        return None
    owner = program.owner(posixpath.dirname(path))
    return Source(path, data, owner) if owner is not None and len(data) <= LARGEST else None


def read_by(source: Source) -> Iterator[EnvUse]:
    """Yield the variables that a file names which is no part of what is shipped."""
    text = source.content
    for read in islice(READ.finditer(text), MOST):
        if not is_platform_name(read["name"]):
            at = _at(source, read.start("name"))
            yield EnvUse(read["name"], at, required=read["default"] is None, default=read["text"])
    for taken in islice(TAKEN_APART.finditer(text), MOST):
        for part in taken["names"].split(","):
            name = re.split(r"[:=]", part, maxsplit=1)[0].strip()
            if re.fullmatch(r"[A-Z_]\w*", name) and not is_platform_name(name):
                yield EnvUse(name, _at(source, taken.start()), required="=" not in part)


def _at(source: Source, offset: int) -> At:
    text = source.content
    return At(source.path, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _line(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    return text[max(start, offset - 200) : offset]


class _Search:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = {package.name for package in program.packages.values()}
        self.found: dict[str, Source] = {}
        self.is_whole = True

    def from_files(self, files: Iterable[str]) -> Reached:
        waiting = list(files)
        while waiting:
            path = waiting.pop()
            if path in self.found or path.endswith(".json"):
                continue
            source = source_of(self.program, path)
            if source is None or len(self.found) >= MOST:
                self.is_whole = False
                continue
            self.found[path] = source
            waiting += self._next(source)
        return Reached(tuple(self.found.values()), self.is_whole)

    def _next(self, source: Source) -> Iterator[str]:
        is_shipped = source.path in self.program.sources
        if DYNAMIC.search(source.data) or (not is_shipped and WHOLE.search(source.content)):
            self.is_whole = False
        for imported in islice(IMPORT.finditer(source.data), MOST):
            name = imported["name"].decode(errors="replace")
            if imported["types"] is None and not name.startswith("node:"):
                yield from self._imported(source, name)
        for named in islice(TEXT.finditer(source.content), MOST):
            text = named["text"].strip()
            before = _line(source.content, named.start())
            is_inside = not text.startswith("/") or named["start"].startswith("$") or JOINED.search(before)
            if is_inside and ("/" in text or LOADS.search(before)):
                yield from self._named(source, text)

    def _imported(self, source: Source, name: str) -> Iterator[str]:
        module = self.program.module(source, name)
        if module is not None:
            yield module.path
        elif name.startswith("."):
            path = joined(parent(source.path), name) or ""
            stem = re.sub(r"\.[cm]?jsx?$", "", path)
            ends = ("", *EXTENSIONS, ".json", *(f"/index{end}" for end in EXTENSIONS))
            candidates = (f"{each}{end}" for each in dict.fromkeys((path, stem)) for end in ends)
            there = next((each for each in candidates if self.program.tree.lists(each)), None)
            self.is_whole = self.is_whole and there is not None
            if there is not None and there.endswith(EXTENSIONS):
                yield there
        else:
            client = "/".join(name.split("/")[: 2 if name.startswith("@") else 1])
            if client in self.names or name.startswith(("@/", "~", "#", "/")):
                self.is_whole = False

    def _named(self, source: Source, text: str) -> Iterator[str]:
        """Yield the sources in a folder that a text names, or that a pattern such as `dist/**/*.entity.js` means."""
        if not re.search(r"\w", text) or re.search(r"[\s:?#<>()]", text) or text.startswith("@"):
            return
        parts = [part for part in text.split("/") if part not in ("", ".", "..")]
        plain = [
            part for part in parts if "*" not in part and "{" not in part and not re.search(r"\.[cm]?[jt]s$", part)
        ]
        fixed = parts[: next((index for index, part in enumerate(parts) if part not in plain), len(parts))]
        if "*" in text and not re.search(r"(?:[jt]s\}?|\*)$", text):
            return
        if "*" not in text and len(fixed) < len(parts):
            return
        ending = re.split(r"[*{]", parts[-1])[-2 if "{" in parts[-1] else -1] if "*" in parts[-1] else ""
        ending = re.sub(r"\.?(?:[cm]?[jt]s)?$", "", ending)
        package = self.program.packages[source.package]
        for folder in _folders(source, package, fixed):
            yield from self._below(folder, package, ending)

    def _below(self, folder: str, package: Package, ending: str) -> Iterator[str]:
        marks = [f"{ending}{each}" for each in EXTENSIONS]
        for path in self.program.tree.below(folder):
            each = self.program.sources.get(path)
            if each is not None and each.package == package.folder and path.endswith(tuple(marks)):
                yield path


def _folders(source: Source, package: Package, parts: Sequence[str]) -> Iterator[str]:
    """Yield where a path may lead: from the file, or from its package, whose output mirrors its sources."""
    texts = {"/".join(parts)}
    if len(parts) > 1 and parts[0] in OUTPUTS:
        texts.add("/".join(parts[1:]))
    for text in texts:
        for base in {parent(source.path), package.folder, package.path("src")}:
            yield posixpath.normpath(f"{base}/{text}")
