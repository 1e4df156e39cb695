"""The repository as readers see it: every path stays inside the root, and nothing here writes."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from bayplan.errors import BrokenFileError, UsageError
from bayplan.source import At

SKIPPED = frozenset(
    {".git", ".hg", "node_modules", ".pnpm-store", ".turbo", ".next", ".bayplan", ".venv", "__pycache__", ".cache"}
)
LARGEST = 32 * 1024 * 1024


class Tree:
    """A read-only view of a repository; `overlay` lays texts over it that are not on disk yet."""

    def __init__(self, root: Path, overlay: Mapping[str, str] | None = None) -> None:
        self.root = Path(os.path.realpath(root))
        if not self.root.is_dir():
            raise UsageError(f"{root} is not a folder", remedy="name the folder that holds the repository")
        self.overlay = dict(overlay or {})

    def with_overlay(self, texts: Mapping[str, str]) -> "Tree":
        """Return the same repository as it would be with these texts written."""
        other = Tree.__new__(Tree)
        other.root = self.root
        other.overlay = {**self.overlay, **texts}
        if "_on_disk" in self.__dict__:
            other.__dict__["_on_disk"] = self._on_disk
        return other

    def without(self, folders: Sequence[str]) -> "Tree":
        """Return the repository as it would be listed without some of its folders."""
        hidden = tuple(f"{folder}/" for folder in folders)
        other = Tree.__new__(Tree)
        other.root = self.root
        other.overlay = {path: text for path, text in self.overlay.items() if not path.startswith(hidden)}
        other.__dict__["_on_disk"] = tuple(path for path in self._on_disk if not path.startswith(hidden))
        return other

    def within(self, folder: str) -> "Tree":
        """Return the repository as seen from one of its folders: nothing outside it can be named."""
        other = Tree.__new__(Tree)
        other.root = self._inside(folder)
        prefix = f"{folder}/"
        other.overlay = {
            path.removeprefix(prefix): self.overlay[path] for path in self.overlay if path.startswith(prefix)
        }
        other.__dict__["_on_disk"] = tuple(path.removeprefix(prefix) for path in self.below(folder))
        return other

    @cached_property
    def _on_disk(self) -> tuple[str, ...]:
        return tuple(sorted(self._walk(self.root, "")))

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        try:
            entries = list(os.scandir(folder))
        except OSError:  # a folder nobody may read holds nothing that could be deployed
            return
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED:
                    yield from self._walk(Path(entry.path), path + "/")
            elif self._is_file(entry) and self._is_encodable(path):
                yield path

    @staticmethod
    def _is_file(entry: "os.DirEntry[str]") -> bool:
        try:
            return entry.is_file(follow_symlinks=True)
        except OSError:  # a link that leads back to itself
            return False

    @staticmethod
    def _is_encodable(path: str) -> bool:
        try:
            path.encode()
        except UnicodeEncodeError:
            return False
        return True

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Every file below the root in order, but those in folders like `node_modules` and below linked folders."""
        return tuple(sorted({*self._on_disk, *self.overlay})) if self.overlay else self._on_disk

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.files)

    def lists(self, path: str) -> bool:
        """Say whether `files` names this; unlike `exists`, never asks the disk."""
        return path in self._names

    def exists(self, path: str) -> bool:
        """Say whether this is a file inside the repository."""
        if path in self._names:
            return True
        try:
            return self._inside(path).is_file()
        except (BrokenFileError, OSError, ValueError):
            return False

    def stands(self, path: str) -> bool:
        """Say whether anything has this name, also what cannot be read: reading it then says why."""
        return self.exists(path) or os.path.lexists(self.root / path)

    def is_folder(self, path: str) -> bool:
        prefix = "" if path in ("", ".") else path.rstrip("/") + "/"
        return any(file.startswith(prefix) for file in self.files)

    def below(self, folder: str) -> tuple[str, ...]:
        """Every file below a folder, by bisection, for there are many packages and many files."""
        from bisect import bisect_left

        if folder in ("", "."):
            return self.files
        prefix = folder.rstrip("/") + "/"
        start = bisect_left(self.files, prefix)
        end = bisect_left(self.files, folder.rstrip("/") + "0", start)
        return self.files[start:end]

    def _inside(self, path: str) -> Path:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or "\0" in path:
            raise BrokenFileError(f"{path!r} leaves the repository", remedy="name a path inside the repository")
        real = Path(os.path.realpath(self.root / pure))
        if not real.is_relative_to(self.root):
            raise BrokenFileError(
                f"{path} is a link that leaves the repository",
                at=At(path),
                remedy="replace the link with the file, or move the file into the repository",
            )
        return real

    def _read_found(self, path: str) -> "bytes | None":
        """Return a plain file that the walk found, without looking at every folder above it again."""
        try:
            descriptor = os.open(f"{self.root}/{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            return file.read() if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST else None

    def bytes(self, path: str) -> bytes:
        """Return the content of a file, or raise `BrokenFileError` with its place."""
        if path in self.overlay:
            return self.overlay[path].encode()
        if path in self._names and (data := self._read_found(path)) is not None:
            return data
        real = self._inside(path)
        try:
            status = real.stat()
            if not stat.S_ISREG(status.st_mode):
                raise BrokenFileError(f"{path} is not a regular file", at=At(path), remedy="replace it with a file")
            if status.st_size > LARGEST:
                size = status.st_size // 1_000_000
                raise BrokenFileError(
                    f"{path} has {size} MB: too large to be read", at=At(path), remedy="is it the file you mean?"
                )
            return real.read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            raise BrokenFileError(
                f"{path} cannot be read: {reason}", at=At(path), remedy="check the file and its permissions"
            ) from error

    def text(self, path: str) -> str:
        """Return a UTF-8 text without its byte order mark, or raise `BrokenFileError` with the place."""
        if path in self.overlay:
            return self.overlay[path]
        data = self.bytes(path)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise BrokenFileError(
                f"{path} is not UTF-8 text (byte 0x{data[error.start]:02x})",
                at=At(path, line, 1),
                remedy="save the file as UTF-8",
            ) from error
