"""bayplan's Dockerfiles against the pattern written by hand: bytes, and the seconds of five kinds of build.

Both sides are measured in one run on one machine, in turns. Each side begins with an empty cache of its own, in which
the three apps share what they can, as they do for whoever builds them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from engine import Cache, docker, empty_cache
from figures import Row, save, show
from sides import APPS, Side, prepare

ALONE = "cold, alone"
COLD = "cold"
AGAIN = "nothing changed"
SOURCE = "source line"
DEPENDENCY = "dependency"
BYTES = "bytes"
TITLES = {
    BYTES: "production bytes above the base image, uncompressed",
    ALONE: "build from nothing, each app alone",
    COLD: "build from nothing, one app after the other",
    AGAIN: "build again, nothing changed",
    SOURCE: "build again, one source line of the app changed",
    DEPENDENCY: "build again, one dependency of the api changed",
}
FASTER = {ALONE: 1.5, SOURCE: 3.0, DEPENDENCY: 1.5}
LARGEST_SHARE = 0.40


class Times:
    """Every figure of a run: what was measured, of which app, on which side."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(list))
        )

    def build(self, what: str, app: str, side: Side, cache: Cache) -> None:
        """Build and keep the seconds."""
        number = len(self.found[what][app][side.name]) + 1
        name = f"{side.name}-{app}"
        taken = cache.build(
            side.dockerfiles[app], side.folder, name, f"{what}-{name}-{number}".replace(", ", "-").replace(" ", "-")
        )
        self.found[what][app][side.name].append(taken)
        print(f"  {what}: {side.name} {app} {taken:.1f} s", flush=True)


def measure(*, quick: bool) -> bool:
    """Print and save the comparison, and say whether every floor is held."""
    docker("version")
    times = Times()
    with TemporaryDirectory(prefix="bayplan-bench-") as scratch:
        sides, later = prepare(Path(scratch))
        for side, app in product(sides, APPS):
            with empty_cache() as cache:
                times.build(ALONE, app, side, cache)
        if not quick:
            _round(times, sides, ())
        _round(times, sides[::-1], later[:1] if quick else later)
    rows = [row for what in TITLES if what in times.found for row in _rows(what, times.found[what])]
    show("images of the example: by hand, and by bayplan", ("", "by hand", "bayplan", "ratio", "floor"), rows)
    save("images", times.found)
    return all(row.holds is not False for row in rows)


def _round(times: Times, sides: Sequence[Side], later: Sequence[Mapping[str, str]]) -> None:
    """Build everything from nothing, and again after each kind of change, once for each later version."""
    with ExitStack() as stack:
        caches = {side.name: stack.enter_context(empty_cache()) for side in sides}
        _turns(times, COLD, sides, caches)
        for number, texts in enumerate(later):
            turns = sides[:: 1 if number % 2 == 0 else -1]
            _turns(times, AGAIN, turns, caches)
            for app, side in product(APPS, sides):
                side.edit(app, number)
            _turns(times, SOURCE, turns, caches)
            for side in sides:
                side.depend(texts)
            _turns(times, DEPENDENCY, turns, caches)
        for app, side in product(APPS, sides if later else ()):
            size = caches[side.name].bytes_above_base(f"{side.name}-{app}")
            times.found[BYTES][app][side.name].append(size)


def _turns(times: Times, what: str, sides: Sequence[Side], caches: Mapping[str, Cache]) -> None:
    """Build app by app, each on one side and then on the other, so that a busy minute slows both down."""
    for app, side in product(APPS, sides):
        times.build(what, app, side, caches[side.name])


def _rows(what: str, found: Mapping[str, Mapping[str, Sequence[float]]]) -> list[Row]:
    """Return one line for each app, and one for their sum, on which the floor stands."""
    medians = {app: (median(sides["reference"]), median(sides["bayplan"])) for app, sides in found.items()}
    total = (sum(hand for hand, _ in medians.values()), sum(ours for _, ours in medians.values()))
    apps = [Row((f"  {app}", *_cells(what, *pair), "")) for app, pair in medians.items()]
    hand, ours = total
    holds, floor = None, ""
    if what == BYTES:
        holds, floor = ours <= LARGEST_SHARE * hand, f"at most {LARGEST_SHARE:.0%}"
    elif what in FASTER:
        holds, floor = hand >= FASTER[what] * ours, f"{FASTER[what]:.1f} x faster"
    return [Row((TITLES[what], *_cells(what, hand, ours), floor), holds), *apps]


def _cells(what: str, hand: float, ours: float) -> tuple[str, str, str]:
    if what == BYTES:
        return f"{hand / 1e6:.1f} MB", f"{ours / 1e6:.1f} MB", f"{ours / hand:.0%}"
    return f"{hand:.1f} s", f"{ours:.1f} s", f"{hand / ours:.1f} x"
