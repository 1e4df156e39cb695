"""How long a person waits for bayplan itself: whole processes, on the example."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from figures import BAYPLAN, EXAMPLE, OUTPUT, Row, save, show

# With compiled bytecode, as an installed program has it, and none of it in the source folders.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPYCACHEPREFIX": str(OUTPUT / "bytecode")
}
FLOORS = {"--help": 0.15, "plan": 0.6, "check": 0.6}
PLATFORM_FILES = ("fly*.toml", "render.yaml", ".railway/railway.ts", ".github/workflows/*.yml")
FLOOR_OF_ONE = 0.010
"""What `check` may take longer for each file of a platform."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The seconds of one process: on the clock, and on the processor, which nothing else on the machine raises."""

    clock: float
    processor: float


def take(words: Sequence[str], folder: Path) -> Taken:
    """Run bayplan once, start of the interpreter included; findings are no failure."""
    before, start = getrusage(RUSAGE_CHILDREN), perf_counter()
    done = subprocess.run([BAYPLAN, *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    clock, after = perf_counter() - start, getrusage(RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(f"bayplan {' '.join(words)} failed in {folder}:\n{done.stdout}{done.stderr}")
    return Taken(clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def measure(*, quick: bool) -> bool:
    """Print and save the median of each command, and say whether every floor is held."""
    times = 3 if quick else 10
    with TemporaryDirectory(prefix="bayplan-bench-") as scratch:
        folder = Path(scratch) / "forgestack"
        shutil.copytree(EXAMPLE, folder)
        take(["write"], folder)  # so that `check` has files to judge
        for word in FLOORS:
            take([word], folder)  # compiles what is not compiled yet
        found = {word: [take([word], folder) for _ in range(times)] for word in FLOORS}
        files, added = _added_by_platforms(folder, times)
    rows = [*(_row(word, taken) for word, taken in found.items()), _row_of_platforms(files, added)]
    show(f"bayplan on the example, whole process, {times} times", ("", "median", "best", "processor", "floor"), rows)
    figures: dict[str, object] = {word: [asdict(each) for each in taken] for word, taken in found.items()}
    save("startup", {**figures, "platform files": {"files": files, "added": added}})
    return all(row.holds for row in rows)


def _added_by_platforms(folder: Path, times: int) -> tuple[int, list[float]]:
    """Return how many files of platforms there are, and the processor's seconds that `check` takes longer with them."""
    bare = folder.with_name("bare")
    shutil.copytree(folder, bare)
    files = [path for pattern in PLATFORM_FILES for path in sorted(bare.glob(pattern))]
    for path in files:
        path.unlink()
    pairs = [(take(["check"], bare), take(["check"], folder)) for _ in range(times)]
    return len(files), [more.processor - less.processor for less, more in pairs]


def _row_of_platforms(files: int, added: Sequence[float]) -> Row:
    each = median(added) / max(files, 1)
    figures = "", "", f"{each:.4f} s", f"{FLOOR_OF_ONE} s"
    return Row((f"each of {files} platform files", *figures), files > 0 and each < FLOOR_OF_ONE)


def _row(word: str, taken: Sequence[Taken]) -> Row:
    clock = [each.clock for each in taken]
    processor = median(each.processor for each in taken)
    figures = f"{median(clock):.3f} s", f"{min(clock):.3f} s", f"{processor:.3f} s", f"{FLOORS[word]} s"
    return Row((f"bayplan {word}", *figures), median(clock) < FLOORS[word])
