"""What a .dockerignore leaves out of the context."""

import posixpath
import re
from functools import cache

from bayplan.model.deployment import Deployment, IgnoreFile


def ignore_file(deployment: Deployment, dockerfile: str, context: str) -> IgnoreFile | None:
    """Return the file in force: the Dockerfile's own, or the context's."""
    by_path = {file.path: file for file in deployment.ignores}
    return by_path.get(f"{dockerfile}.dockerignore") or by_path.get(posixpath.normpath(f"{context}/.dockerignore"))


def is_ignored(file: IgnoreFile, path: str) -> bool:
    """Say whether a path, relative to the context, is left out: the last pattern that fits it or a parent decides."""
    parts = path.split("/")
    candidates = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    ignored = False
    for pattern in file.patterns:
        text = pattern.value.strip()
        keeps = text.startswith("!")
        expression = _expression(posixpath.normpath(text.removeprefix("!").strip()).strip("/"))
        if any(expression.fullmatch(candidate) for candidate in candidates):
            ignored = not keeps
    return ignored


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """Return the expression for a pattern: `**` stands for any number of folders, `*` and `?` stay within one."""
    text = ""
    position = 0
    while position < len(pattern):
        if pattern.startswith("**/", position):
            text, position = text + "(?:.*/)?", position + 3
        elif pattern.startswith("**", position):
            text, position = text + ".*", position + 2
        elif pattern[position] in "*?":
            text, position = text + ("[^/]*" if pattern[position] == "*" else "[^/]"), position + 1
        elif pattern[position] == "[" and (end := pattern.find("]", position + 2)) > 0:
            inner = pattern[position + 1 : end].replace("\\", "\\\\")
            text, position = text + "[" + inner.replace("[", "\\[") + "]", end + 1
        else:
            text, position = text + re.escape(pattern[position]), position + 1
    try:
        return re.compile(text, re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))
