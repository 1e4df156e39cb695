"""The Caddyfiles of a repository, each with the files that it imports."""

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from bayplan.model.deployment import ComposeFile
from bayplan.tree import Tree

if TYPE_CHECKING:
    from bayplan.model.proxy import ProxyFile

CADDYFILE = re.compile(r"(?:.+\.)?Caddyfile(?:[._-](?P<kind>[^/]+))?|.+\.caddyfile")
NOT_A_CADDYFILE = frozenset(
    {"md", "txt", "bak", "orig", "rej", "swp", "j2", "tmpl", "tpl", "template", "erb", "hbs", "ejs"}
)
IN_THE_IMAGE = "/etc/caddy/"
WILDCARDS = frozenset("*?")


def caddyfiles(tree: Tree, composes: Iterable[ComposeFile]) -> list[str]:
    """Return the paths of Caddyfiles: those with a usual name, and those that a service mounts as the usual one."""
    found = set()
    for path in tree.files:
        match = CADDYFILE.fullmatch(posixpath.basename(path))
        kind = (match.group("kind") or "").rpartition(".")[2].lower() if match else ""
        if match and kind not in NOT_A_CADDYFILE:
            found.add(path)
    for compose in composes:
        for service in compose.services:
            for mount in service.mounts:
                if mount.kind == "bind" and mount.target == f"{IN_THE_IMAGE}Caddyfile":
                    source = posixpath.normpath(posixpath.join(posixpath.dirname(compose.path), mount.source))
                    if tree.lists(source):
                        found.add(source)
    return sorted(found)


def reader(tree: Tree) -> "Callable[[str, str], ProxyFile]":
    """Return how the text of a Caddyfile is read when it stands in this repository."""

    def read(text: str, path: str) -> "ProxyFile":
        from bayplan.formats.caddyfile import parse

        return parse(text, path, partial(_imported, tree, posixpath.dirname(path)))

    return read


def of_their_own(files: "Sequence[ProxyFile]") -> "tuple[ProxyFile, ...]":
    """Leave out what another file imports: it means something only there."""
    imported = {path for file in files for path in file.imports if path != file.path}
    return tuple(file for file in files if file.path not in imported)


def _imported(tree: Tree, folder: str, pattern: str, path: str) -> Sequence[tuple[str, str]]:
    """Return the files that an import means; what stands beside the Caddyfile is beside it in the image too."""
    if pattern.startswith(IN_THE_IMAGE):
        wanted = posixpath.join(folder, pattern.removeprefix(IN_THE_IMAGE))
    elif pattern.startswith("/"):
        return ()
    else:
        wanted = posixpath.join(posixpath.dirname(path), pattern)
    wanted = posixpath.normpath(wanted)
    if not WILDCARDS & set(wanted):
        return ((wanted, tree.text(wanted)),) if tree.lists(wanted) else ()
    if any(wanted.count(each) > 1 for each in WILDCARDS):  # Caddy takes one of each at most
        return ()
    name = re.compile("".join({"*": "[^/]*", "?": "[^/]"}.get(each, re.escape(each)) for each in wanted))
    return [
        (each, tree.text(each))
        for each in tree.files
        if name.fullmatch(each) and not posixpath.basename(each).startswith(".")
    ]
