"""Which files are in the repository, and which may well be where it is deployed."""

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase

from bayplan.model.deployment import Deployment
from bayplan.model.workspace import Workspace

MADE_FROM = (".example", ".sample", ".template", ".dist", ".tmpl", ".tpl", ".j2", ".in", ".default", "-example")


def is_absent(workspace: Workspace, deployment: Deployment, path: str) -> bool:
    """Say whether a file is neither in the repository nor made by hand: git would keep it if it were there."""
    if not deployment.paths or path in deployment.paths or path.startswith(("..", "/", "~")) or "$" in path:
        return False
    if any(other.startswith(path + "/") for other in deployment.paths) or is_ignored(workspace, deployment, path):
        return False
    return not any(each in deployment.paths for each in _patterns_of(path))


def _patterns_of(path: str) -> Iterator[str]:
    """Yield the names under which the pattern of a file usually stands beside it."""
    folder, name = posixpath.split(path)
    stem, dot, ending = name.rpartition(".")
    for word in MADE_FROM:
        yield posixpath.join(folder, name + word)
        if dot:
            yield posixpath.join(folder, f"{stem}{word}.{ending}")


def is_ignored(workspace: Workspace, deployment: Deployment, path: str) -> bool:
    """Say whether git may leave a path out of the repository; a .gitignore below the root is not read, so it may."""
    folders = [path]
    while folders[-1] not in ("", "."):
        folders.append(posixpath.dirname(folders[-1]))
    if any(posixpath.join(folder, ".gitignore") in deployment.paths for folder in folders[1:-1]):
        return True
    ignored = False
    for pattern in workspace.ignored:
        plain = pattern.lstrip("!").rstrip("/")
        if any(_matches(plain, each) for each in folders if each):
            ignored = not pattern.startswith("!")
    return ignored


def _matches(pattern: str, path: str) -> bool:
    if "/" not in pattern.strip("/"):
        return fnmatchcase(posixpath.basename(path), pattern.strip("/"))
    plain = pattern.lstrip("/")
    return fnmatchcase(path, plain) or (plain.startswith("**/") and fnmatchcase(path, plain[3:]))
