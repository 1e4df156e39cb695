"""How long a person waits for bayplan itself: whole processes, on the example."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from figures import BAYPLAN, EXAMPLE, Row, save, show

TIMES = 10
FLOORS = {"--help": 0.15, "plan": 0.6, "check": 0.6}


def seconds(words: Sequence[str], folder: Path) -> float:
    """Run bayplan once, start of the interpreter included; findings are no failure."""
    start = perf_counter()
    done = subprocess.run([BAYPLAN, *words], cwd=folder, capture_output=True, text=True, check=False)
    taken = perf_counter() - start
    if done.returncode not in (0, 1):
        raise SystemExit(f"bayplan {' '.join(words)} failed in {folder}:\n{done.stdout}{done.stderr}")
    return taken


def measure() -> bool:
    """Print and save the median of each command, and say whether every floor is held."""
    with TemporaryDirectory(prefix="bayplan-bench-") as scratch:
        folder = Path(scratch) / "forgestack"
        shutil.copytree(EXAMPLE, folder)
        seconds(["write"], folder)  # so that `check` has files to judge
        found = {word: [seconds([word], folder) for _ in range(TIMES)] for word in FLOORS}
    rows = [
        Row((f"bayplan {word}", f"{median(taken):.3f} s", f"{min(taken):.3f} s", f"{FLOORS[word]} s"), median(taken) < FLOORS[word])
        for word, taken in found.items()
    ]
    show(f"bayplan on the example, whole process, median of {TIMES}", ("command", "median", "best", "floor"), rows)
    save("startup", found)
    return all(row.holds for row in rows)
