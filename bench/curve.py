"""How bayplan's time grows with the repository: whole processes on made-up workspaces."""

from math import log
from pathlib import Path
from statistics import linear_regression, median
from tempfile import TemporaryDirectory

from figures import Row, save, show
from startup import take
from synthetic import make_workspace

SIZES = (125, 250, 500, 1000)
FILES_PER_PACKAGE = 10
MEASURED = ("plan", "check")
FLOOR = 5.0


def measure(*, quick: bool) -> bool:
    """Print and save the curve and its growth, and say whether the largest workspace is read in time."""
    times = 1 if quick else 3
    found = {size: _timed(size, times) for size in SIZES}
    rows = [
        Row(
            (f"{size} packages, {size * FILES_PER_PACKAGE} files", *(f"{taken[word]:.2f} s" for word in MEASURED)),
            all(taken[word] < FLOOR for word in MEASURED) if size == SIZES[-1] else None,
        )
        for size, taken in found.items()
    ]
    growth = {word: _exponent({size: taken[word] for size, taken in found.items()}) for word in MEASURED}
    rows.append(Row(("grows with the size to the power of", *(f"{growth[word]:.2f}" for word in MEASURED))))
    show(f"bayplan on larger repositories, median of {times}, floor {FLOOR:.0f} s", ("repository", *MEASURED), rows)
    save("curve", {"seconds": found, "exponent": growth})
    return all(row.holds is not False for row in rows)


def _timed(size: int, times: int) -> dict[str, float]:
    with TemporaryDirectory(prefix="bayplan-bench-") as scratch:
        folder = Path(scratch) / "synthetic"
        make_workspace(folder, size, size * FILES_PER_PACKAGE)
        take(["write"], folder)  # so that `check` has files to judge
        return {word: median(take([word], folder).clock for _ in range(times)) for word in MEASURED}


def _exponent(times: dict[int, float]) -> float:
    """Return the slope between the logarithms: 1 is linear, 2 quadratic."""
    return linear_regression([log(size) for size in times], [log(taken) for taken in times.values()]).slope
