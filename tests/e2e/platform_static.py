"""Static sites as a platform builds them, from its command in a copy of the repository."""

import json
import shlex
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
    installs_first: bool
    """Whether the platform installs the packages of the repository before the command."""


def built(site: StaticSite, root: Path, folder: Path) -> dict[str, str]:
    """Build a site, and return its files by their paths."""
    copy = folder / "repository"
    shutil.copytree(root, copy)
    told = [word for name, value in site.environment.items() for word in ("--env", f"{name}={value}")]
    docker("run", "--rm", *told, "--volume", f"{copy}:/repository", "--workdir", "/repository", *_builder(site, copy))
    files = [path for path in (copy / site.folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(copy / site.folder).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in files
    }


def _builder(site: StaticSite, root: Path) -> list[str]:
    version = site.environment.get("NODE_VERSION") or (root / ".nvmrc").read_text(encoding="utf-8").strip()
    command = site.command
    if site.installs_first:
        manager = json.loads((root / "package.json").read_text(encoding="utf-8"))["packageManager"].partition("+")[0]
        command = f"npm install --silent -g {shlex.quote(manager)} && pnpm install --frozen-lockfile && {command}"
    return [f"node:{version.partition('.')[0].lstrip('v')}-alpine", "sh", "-ec", command]
