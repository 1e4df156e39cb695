"""Three versions of a text into one."""

from dataclasses import dataclass

from bayplan.ownership.action import Conflict


@dataclass(frozen=True, slots=True)
class Merged:
    """A text that holds both changes, or what stands in the way of it."""

    text: str
    conflicts: tuple[Conflict, ...] = ()


def merge(base: str, yours: str, ours: str) -> Merged:
    """Merge your edit and our new text, both made from `base`. A missing last newline is no difference."""
    if ours in (base, yours):
        return Merged(yours)
    if base == yours:
        return Merged(ours)
    from merge3 import Merge3

    old, left, right = _lines(base), _lines(yours), _lines(ours)
    merged: list[str] = []
    conflicts: list[Conflict] = []
    for kind, *span in Merge3(old, left, right).merge_regions():
        if kind == "conflict":
            _, _, left_start, left_end, right_start, right_end = span
            mine, new = left[left_start:left_end], right[right_start:right_end]
            conflicts.append(Conflict(left_start + 1, "".join(mine), "".join(new)))
        else:
            lines = {"unchanged": old, "same": left, "a": left, "b": right}[kind]
            merged += lines[slice(*span)]
    text = "".join(merged)
    return Merged(text if yours.endswith("\n") or not yours else text.removesuffix("\n"), tuple(conflicts))


def _lines(text: str) -> list[str]:
    lines = [line + "\n" for line in text.split("\n")]
    return lines[:-1] if text.endswith("\n") or not text else lines
