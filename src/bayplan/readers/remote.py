"""Where a repository stands on GitHub, as its own git says."""

import re

from bayplan.errors import BrokenFileError
from bayplan.tree import Tree

FILE = ".git/config"
LARGEST = 100_000
ORIGIN = re.compile(r'^\[remote "origin"\][ \t]*\n((?:[ \t]+[^\n]*\n?)*)', re.MULTILINE)
URL = re.compile(r"^\s*url\s*=\s*\S*\bgithub\.com[:/]([\w-]{1,100}/[\w.-]{1,100}?)(?:\.git)?/?\s*$", re.MULTILINE)


def repository(tree: Tree) -> str:
    """Return the account and the name such as `example/shop`, or nothing when git does not say it."""
    try:
        text = tree.text(FILE)[:LARGEST]
    except BrokenFileError:
        return ""
    origin = ORIGIN.search(text)
    found = URL.search(origin[1]) if origin else None
    return found[1] if found else ""
