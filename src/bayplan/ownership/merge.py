"""Three versions of a text into one."""

from dataclasses import dataclass

MARKERS = ("<<<<<<< your edit\n", "=======\n", ">>>>>>> bayplan\n")


@dataclass(frozen=True, slots=True)
class Merged:
    """A text that holds both changes; with conflicts, both versions of them between git's markers."""

    text: str
    conflicts: int


def merge(base: str, yours: str, ours: str) -> Merged:
    """Merge your edit and our new text, both made from `base`. A missing last newline is no difference."""
    if ours in (base, yours):
        return Merged(yours, 0)
    if base == yours:
        return Merged(ours, 0)
    from merge3 import Merge3

    merged: list[str] = []
    conflicts = 0
    for group in Merge3(_lines(base), _lines(yours), _lines(ours)).merge_groups():
        if group[0] == "conflict":
            conflicts += 1
            merged += [MARKERS[0], *group[2], MARKERS[1], *group[3], MARKERS[2]]
        else:
            merged += group[1]
    text = "".join(merged)
    return Merged(text if yours.endswith("\n") or not yours or conflicts else text.removesuffix("\n"), conflicts)


def _lines(text: str) -> list[str]:
    lines = [line + "\n" for line in text.split("\n")]
    return lines[:-1] if text.endswith("\n") or not text else lines
