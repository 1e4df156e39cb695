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
    rows = [_row(word, taken) for word, taken in found.items()]
    show(f"bayplan on the example, whole process, {times} times", ("", "median", "best", "processor", "floor"), rows)
    save("startup", {word: [asdict(each) for each in taken] for word, taken in found.items()})
    return all(row.holds for row in rows)


def _row(word: str, taken: Sequence[Taken]) -> Row:
    clock = [each.clock for each in taken]
    processor = median(each.processor for each in taken)
    figures = f"{median(clock):.3f} s", f"{min(clock):.3f} s", f"{processor:.3f} s", f"{FLOORS[word]} s"
    return Row((f"bayplan {word}", *figures), median(clock) < FLOORS[word])
