"""What the measurements ask of Docker: builds with a cache state of their own, sizes, and nothing left behind."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from time import perf_counter

from figures import OUTPUT

BASE = "node:20-alpine"
NAME = "bayplan-bench"
BUILD_ARGUMENTS = {"NEXT_PUBLIC_API_URL": "http://localhost:4000"}
RECORD = re.compile(r"^ID:\s+(?P<id>\w+)$(?:\n(?!ID:).*)*", re.MULTILINE)
PARENTS = re.compile(r"^Parents?:\s+(.+)$", re.MULTILINE)


def docker(*words: str, stdin: str | None = None, folder: Path | None = None) -> str:
    """Run Docker and return what it printed, or stop with its own words."""
    done = subprocess.run(["docker", *words], input=stdin, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"docker {' '.join(words)} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout + done.stderr


@dataclass
class Cache:
    """A cache that starts empty, though the engine's is shared and full.

    Everything is built on a base that no other build has, and every cache mount has a name that was never used:
    so no layer and no download of another build can be found again.
    """

    token: str = field(default_factory=lambda: token_hex(4))

    @property
    def label(self) -> str:
        return f"{NAME}={self.token}"

    def tag(self, name: str) -> str:
        return f"{NAME}-{name}:{self.token}"

    def build(self, dockerfile: str, folder: Path, name: str, log: str) -> float:
        """Build an image with a Dockerfile's text and return the seconds it took."""
        arguments = [
            f"--build-arg={each}={value}" for each, value in BUILD_ARGUMENTS.items() if f"ARG {each}" in dockerfile
        ]
        words = ["buildx", "build", "--load", "--progress=plain", "--file=-", *arguments, "."]
        names = f"--label={self.label}", f"--tag={self.tag(name)}"
        start = perf_counter()
        printed = docker(*words, *names, stdin=self._own(dockerfile), folder=folder)
        taken = perf_counter() - start
        path = OUTPUT / "logs" / f"{log}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(printed)
        return taken

    @property
    def base(self) -> str:
        return f"FROM {BASE} AS {NAME}-base\nRUN echo {self.token} >/etc/{NAME}\n"

    def _own(self, dockerfile: str) -> str:
        on_base = re.sub(rf"^(FROM .*?){re.escape(BASE)}\b", rf"\1{NAME}-base", dockerfile, flags=re.MULTILINE)
        return self.base + re.sub(r"(--mount=\S*\bid=[\w-]+)", rf"\1-{self.token}", on_base)

    def bytes_above_base(self, name: str) -> int:
        """Return the sum of an image's uncompressed layers above the base image."""
        return _size(self.tag(name)) - _size(BASE)


def _size(image: str) -> int:
    return int(docker("image", "inspect", "--format={{.Size}}", image))


@contextmanager
def empty_cache() -> Iterator[Cache]:
    """Give a cache state of its own, and remove its images and all that it cached afterwards."""
    cache = Cache()
    docker("buildx", "build", "--quiet", "-", stdin=cache.base)
    try:
        yield cache
    finally:
        images = set(docker("image", "ls", "--quiet", "--no-trunc", f"--filter=label={cache.label}").split())
        subprocess.run(["docker", "image", "rm", "--force", *images], capture_output=True, check=False)
        _forget(cache.token)


def _forget(token: str) -> None:
    """Remove the build cache that has this token, or stands on what has it; never another's."""
    left = -1
    while (ours := _cached(token)) and len(ours) != left:
        left = len(ours)
        docker("buildx", "prune", "--force", "--filter", f'id="{"|".join(sorted(ours))}"')


def _cached(token: str) -> set[str]:
    records = {found["id"]: found[0] for found in RECORD.finditer(docker("buildx", "du", "--verbose"))}
    ours = {name for name, record in records.items() if token in record}
    parents = {name: set(re.findall(r"\w+", " ".join(PARENTS.findall(record)))) for name, record in records.items()}
    while more := {name for name, above in parents.items() if above & ours} - ours:
        ours |= more
    return ours
