"""A store that is a program, for backups without a Docker engine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bayplan.engines.backups import work
from bayplan.engines.backups.cipher import Age
from bayplan.engines.backups.destination import Destination
from bayplan.engines.backups.family import Dump, Inside, Scratch
from bayplan.engines.backups.manifest import Contents, Table
from bayplan.engines.backups.names import Series
from bayplan.run import Local, Pipeline, PipeRunner, Step

SERIES = Series("shop", "production", "postgres", "pgdump")
CONTENTS = Contents({"public.items": Table(3, "abc")}, {"public.items_id_seq": 3}, ("vector",), {"database": "shop"})
NOISE = "import os, sys\nfor _ in range({count}): sys.stdout.buffer.write(os.urandom(65536))\n"


def needs(tool: str) -> None:
    """Skip the test where a tool is missing, or fail where nothing may be."""
    if shutil.which(tool) is None:
        if os.environ.get("BAYPLAN_REQUIRE_ENGINE"):
            pytest.fail(f"{tool} is not installed")
        pytest.skip(f"{tool} is not installed")


def age_key(folder: Path, name: str = "key.txt") -> tuple[str, Path]:
    """Make a pair of keys: the public one, and the file of the secret one."""
    needs("age")
    subprocess.run(["age-keygen", "--output", folder / name], check=True, capture_output=True)
    public = subprocess.run(["age-keygen", "-y", folder / name], check=True, capture_output=True, text=True)
    return public.stdout.strip(), folder / name


@dataclass
class Program:
    """A family whose dump is what a Python program prints; what is loaded is kept, with what was asked of it."""

    code: str = NOISE.format(count=4)
    is_beside: bool = True
    server: str = "15.3"
    found: Contents = CONTENTS
    loaded: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def inside(self, container: str, runner: PipeRunner) -> Inside:
        return Inside(container, runner)

    def version(self, inside: Inside) -> str:
        del inside
        return self.server

    @contextmanager
    def dumping(self, inside: Inside) -> Iterator[Dump]:
        del inside
        yield Dump((Step((sys.executable, "-c", self.code), "dump the store"),), lambda: CONTENTS)

    def scratch(self, wanted: Contents) -> Scratch:
        del wanted
        return Scratch(())

    def is_up(self, inside: Inside) -> Step:
        del inside
        return Step(("true",), "ask")

    def load(self, inside: Inside, wanted: Contents, chunks: Iterable[bytes], target: str) -> Contents:
        del inside, wanted
        self.loaded[target] = b"".join(chunks)
        return self.found

    def discard(self, inside: Inside, target: str) -> None:
        del inside
        self.loaded.pop(target, None)

    def refuse(self, inside: Inside, wanted: Contents) -> None:
        del inside, wanted
        self.asked.append("room")

    def aside(self, inside: Inside, moment: str) -> str:
        del inside
        return f"shop_before_{moment}"

    def swap(self, inside: Inside, target: str, old: str) -> tuple[str, ...]:
        del inside, old
        self.asked.append(f"swap {target}")
        return ("back", "drop")


def take(program: Program, key: str, destination: Destination) -> work.Taken:
    about = work.About(SERIES, "postgres", "postgres:15-alpine")
    destination.ready()
    inside = program.inside("none", Local())
    return work.take(about, program, inside, Age(key), destination, say=lambda _: None)


def opened(path: Path) -> work.Opened:
    @contextmanager
    def open_(steps: tuple[Step, ...]) -> Iterator[Pipeline]:
        with path.open("rb") as file, Local().pipeline(steps, given=file) as pipeline:
            yield pipeline

    return open_
