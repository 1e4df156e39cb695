"""`.bayplan/lock.json`: what bayplan wrote last, line by line, so that a hand edit can be told from its own text."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bayplan.errors import BrokenFileError
from bayplan.ownership.action import digest
from bayplan.ownership.disk import OWN, own_folder, read
from bayplan.source import At

NAME = "lock.json"
PATH = f"{OWN}/{NAME}"
REMEDY = "restore it from git (either side of a merge will do), then run `bayplan write`"


def read_lock(root: Path) -> tuple[bytes | None, dict[str, str]]:
    """Return the lock's content and the text by path; both empty before the first write."""
    content = read(own_folder(root) / NAME)
    return content, {} if content is None else parse(content)


def parse(content: bytes) -> dict[str, str]:
    """Return the text by path. The lock comes with the repository: no path in it is to be believed."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        raise BrokenFileError(f"{PATH} is not JSON", at=At(PATH, line, 1 if line else 0), remedy=REMEDY) from error
    version = document.get("version") if isinstance(document, dict) else None
    if version != 1:
        raise BrokenFileError(
            f"{PATH} has no format this bayplan knows (version {version!r})",
            at=At(PATH),
            remedy="use the bayplan that wrote it, or a newer one",
        )
    files = document.get("files")
    if not isinstance(files, dict):
        raise BrokenFileError(f"{PATH} lists no files", at=At(PATH), remedy=REMEDY)
    return {path: _text(path, entry) for path, entry in files.items()}


def _text(path: str, entry: Any) -> str:
    lines = entry.get("lines") if isinstance(entry, dict) else None
    if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
        text = "\n".join(lines)
        if digest(text.encode(errors="surrogatepass")) == entry.get("sha256"):
            return text
    raise BrokenFileError(f"{PATH} was changed by hand: {path} does not match its hash", at=At(PATH), remedy=REMEDY)


def render(files: Mapping[str, str]) -> str:
    entries = {
        path: {"sha256": digest(files[path].encode()), "lines": files[path].split("\n")} for path in sorted(files)
    }
    return json.dumps({"version": 1, "files": entries}, indent=1, ensure_ascii=False) + "\n"
