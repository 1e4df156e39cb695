"""Static sites as a platform builds them, from its command in a copy of the repository."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.platform_world import docker


@dataclass(frozen=True)
class StaticSite:
    """What is built without an image, and served by the platform itself."""

    command: str
    folder: str
    """Where its files are when it is built."""
    environment: Mapping[str, str]


def built(site: StaticSite, root: Path, folder: Path) -> dict[str, str]:
    """Build a site, and return its files by their paths."""
    copy = folder / "repository"
    shutil.copytree(root, copy)
    told = [word for name, value in site.environment.items() for word in ("--env", f"{name}={value}")]
    image = f"node:{site.environment['NODE_VERSION'].partition('.')[0]}-alpine"
    inside = ("--volume", f"{copy}:/repository", "--workdir", "/repository", image)
    docker("run", "--rm", *told, *inside, "sh", "-ec", site.command)
    files = [path for path in (copy / site.folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(copy / site.folder).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in files
    }
