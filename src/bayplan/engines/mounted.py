"""Files of the repository that containers see: there before a start, and seen anew once they have changed.

A running container keeps the file it was started with, for a text that is written at once is another file of that name.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from bayplan.engines.folder import write
from bayplan.errors import BayplanError
from bayplan.model.parts import Mount
from bayplan.model.running import Container
from bayplan.model.stack import Stack

KEPT = ".bayplan/mounted.json"


def mounts(stack: Stack) -> dict[str, tuple[Mount, ...]]:
    """Return what each part is given of the repository, by name; parts that are given nothing are left out."""
    parts = (*stack.services, *((stack.proxy,) if stack.proxy else ()))
    given = {part.name: tuple(mount for mount in part.mounts if not mount.is_volume) for part in parts}
    return {name: some for name, some in given.items() if some}


def refuse_missing(stack: Stack, root: Path) -> None:
    """Raise when something to be mounted is not there: Docker would make a folder in its place, which root owns."""
    proxy = stack.proxy
    for name, given in mounts(stack).items():
        for mount in given:
            is_caddyfile = proxy is not None and mount.source == proxy.caddyfile
            what = "is not there" if not (root / mount.source).exists() else ""
            if is_caddyfile and (root / mount.source).is_dir():
                what = "is a folder, as Docker makes one where a file is missing"
            if what:
                raise BayplanError(
                    f"{mount.source} {what}, and {name} needs it",
                    at=mount.why.at,
                    remedy="`bayplan write` writes it" if is_caddyfile else "put it there",
                )


def stale(stack: Stack, root: Path, containers: Sequence[Container]) -> tuple[Container, ...]:
    """Return the running containers that were started with something else than what is there now."""
    known = _read(root / _path(stack))
    given = mounts(stack)
    running = [each for each in containers if each.service in given and each.state == "running"]
    return tuple(each for each in running if not _is_current(root, given[each.service], each, known))


def is_known(stack: Stack, root: Path, containers: Sequence[Container], name: str) -> bool:
    """Say whether a running container of this part is known to have been started with what is there now."""
    given, known = mounts(stack).get(name, ()), _read(root / _path(stack))
    own = [each for each in containers if each.service == name and each.state == "running"]
    return bool(own) and all(known.get(_key(each)) == digest(root, given) for each in own)


def keep(stack: Stack, root: Path, containers: Sequence[Container]) -> None:
    """Remember what containers were started with, now that they run."""
    given = mounts(stack)
    if given:
        found = {_key(each): digest(root, given[each.service]) for each in containers if each.service in given}
        write(root, _path(stack), json.dumps(found, indent=1))


def digest(root: Path, given: Sequence[Mount]) -> str:
    """Return a digest of what is mounted; of a file that this user may not read, its size and time."""
    found = hashlib.sha256()
    for mount in given:
        for path in _files(root / mount.source):
            found.update(f"{path}\0".encode("utf-8", "surrogateescape"))
            try:
                found.update(hashlib.sha256(path.read_bytes()).digest())
            except OSError:
                found.update(_times(path).encode())
    return found.hexdigest()


def _is_current(root: Path, given: Sequence[Mount], container: Container, known: Mapping[str, str]) -> bool:
    """Compare digests; of a container that nobody remembers, whether its files are older than its start."""
    if (kept := known.get(_key(container))) is not None:
        return kept == digest(root, given)
    try:
        began = datetime.fromisoformat(f"{container.started[:19]}+00:00").timestamp()
    except ValueError:
        return False
    paths = [path for mount in given for path in _files(root / mount.source)]
    return all(path.stat().st_ctime < began for path in paths if path.exists())


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        yield from (Path(folder) / name for name in sorted(names))


def _times(path: Path) -> str:
    try:
        about = path.stat()
    except OSError:
        return "gone"
    return f"{about.st_size} {about.st_mtime_ns}"


def _key(container: Container) -> str:
    return f"{container.id} {container.started}"


def _path(stack: Stack) -> str:
    """Return where it is kept: what one environment mounts is nothing to another."""
    name, dot, ending = KEPT.rpartition(".")
    return KEPT if stack.project_name == stack.name else f"{name}.{stack.environment}{dot}{ending}"


def _read(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): str(value) for key, value in kept.items()}
    except (OSError, ValueError, AttributeError):
        return {}
