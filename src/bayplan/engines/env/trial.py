"""Whether a stack is a trial on this machine: only then are values made up that nobody gave."""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

from bayplan.model.front import TlsKind
from bayplan.model.stack import Stack

LOCAL = re.compile(r"(.+\.)?localhost\.?|127(\.\d+){3}", re.IGNORECASE)
REFERENCE = re.compile(r"\$\{(\w+)\}")


def made_for(stack: Stack, given: Mapping[str, str]) -> str:
    """Say what makes a stack more than a trial, the host names filled in with what is given; empty for a trial."""
    if any(own.pulled is not None for own in stack.built):
        return "its images are pulled"
    proxy = stack.proxy
    if proxy is None or proxy.tls.kind not in (TlsKind.AUTOMATIC, TlsKind.FILES):
        return ""
    for host in (host for site in proxy.sites for host in site.hosts):
        filled = REFERENCE.sub(lambda match: given.get(match[1]) or match[0], host)
        if not LOCAL.fullmatch(filled):
            return f"{proxy.name} answers for {filled}"
    return ""


def elsewhere(stack: Stack, root: Path) -> str:
    """Say where a file of values lies that this environment does not read; empty where none does."""
    folders = ("", posixpath.dirname(stack.compose), posixpath.dirname(stack.env_file))
    names = (posixpath.basename(stack.env_file), ".env")
    for path in (posixpath.join(folder, name) for name in names for folder in folders):
        if path != stack.env_file and _is_file(root / path):
            there = path if posixpath.dirname(path) else f"{path} in the root"
            return f"there is a {there}; this environment reads {stack.env_file}"
    return ""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
