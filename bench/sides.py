"""The two sides that are compared: the pattern written by hand, and what bayplan writes, for the same repository."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import BAYPLAN, EXAMPLE

APPS = ("api", "worker", "web")
REFERENCE = Path(__file__).parent / "reference"
EDITED = {"api": "apps/api/src/env.ts", "worker": "apps/worker/src/env.ts", "web": "apps/web/lib/api.ts"}
DEPENDENCY = "ms"
VERSIONS = ("2.1.0", "2.1.1", "2.1.2", "2.1.3")
CHANGED_BY_PNPM = ("apps/api/package.json", "pnpm-lock.yaml")


@dataclass(frozen=True, slots=True)
class Side:
    """A repository of its own and the Dockerfile of each app."""

    name: str
    folder: Path
    dockerfiles: Mapping[str, str]

    def edit(self, app: str, number: int) -> None:
        """Change one source line of an app, to what it never was before."""
        path = self.folder / EDITED[app]
        kept = [line for line in path.read_text().splitlines() if not line.startswith("console.debug('edit ")]
        path.write_text("\n".join([*kept, f"console.debug('edit {number}');"]) + "\n")

    def depend(self, texts: Mapping[str, str]) -> None:
        """Put manifest and lockfile with another version of a dependency in place."""
        for path, text in texts.items():
            (self.folder / path).write_text(text)


TAKES_NO_CACHES = "  railway: {}\n"
"""The target whose builder refuses the cache mounts that both sides have."""


def prepare(scratch: Path) -> tuple[Sequence[Side], Sequence[Mapping[str, str]]]:
    """Return both sides on the first version of a dependency, and what each later version changes."""
    first, *later = list(_versions(scratch / "versions"))
    folders = scratch / "reference", scratch / "bayplan"
    for folder in folders:
        shutil.copytree(EXAMPLE, folder)
        for path, text in first.items():
            (folder / path).write_text(text)
    by_hand, written = folders
    config = written / "bayplan.yaml"
    config.write_text(config.read_text().replace(TAKES_NO_CACHES, ""))
    subprocess.run([BAYPLAN, "write"], cwd=written, capture_output=True, check=True)
    shutil.copy(REFERENCE / "dockerignore", by_hand / ".dockerignore")
    sides = (
        Side("reference", by_hand, {app: (REFERENCE / f"{app}.Dockerfile").read_text() for app in APPS}),
        Side("bayplan", written, {app: (written / "apps" / app / "Dockerfile").read_text() for app in APPS}),
    )
    return sides, later


def _versions(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the manifest and the lockfile with each version, as pnpm itself writes them."""
    shutil.copytree(EXAMPLE, folder)
    manager = json.loads((folder / "package.json").read_text())["packageManager"]
    for version in VERSIONS:
        argv = [
            "npx",
            "--yes",
            manager,
            "--filter",
            "api",
            "add",
            "--lockfile-only",
            "--save-exact",
            f"{DEPENDENCY}@{version}",
        ]
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"pnpm could not change a version:\n{done.stdout}{done.stderr}")
        texts = {path: (folder / path).read_text() for path in CHANGED_BY_PNPM}
        if not re.search(rf'"{DEPENDENCY}": "{re.escape(version)}"', texts[CHANGED_BY_PNPM[0]]):
            raise SystemExit(f"pnpm did not write {DEPENDENCY} {version}")
        yield texts
