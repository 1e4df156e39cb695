"""Paths inside the repository, relative to its root with forward slashes; the root is `.`."""

import posixpath


def joined(folder: str, path: str) -> str | None:
    """Return where a relative path leads from a folder; None when it leaves the repository."""
    if path.startswith("/") or "\0" in path or "\\" in path:
        return None
    found = posixpath.normpath(posixpath.join(folder, path))
    return None if found == ".." or found.startswith("../") else found


def inside(folder: str, path: str) -> str | None:
    """Return a path of the repository relative to a folder; None when it lies outside."""
    if folder == ".":
        return path
    if path == folder:
        return "."
    return path[len(folder) + 1 :] if path.startswith(folder + "/") else None


def parent(path: str) -> str:
    """Return the folder that holds a path."""
    return posixpath.dirname(path) or "."
