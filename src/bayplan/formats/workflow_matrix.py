"""The matrix of a job of a GitHub workflow: what it runs with, one after the other."""

from collections.abc import Mapping
from itertools import islice, product

from bayplan.formats.document import Document, Key
from bayplan.formats.scalars import flattened, scalar
from bayplan.source import Located

Combination = Mapping[str, Located[str]]
MOST = 256
"""GitHub runs no more jobs of a matrix."""


def matrix(document: Document, *route: Key) -> tuple[Combination, ...]:
    """Return the combinations of a matrix; none where an expression makes it."""
    axes = [name for name in document.mapping(*route) if name not in ("include", "exclude")]
    values = [_values(document, name, *route, name) for name in axes]
    if any(document.text(*route, name) is not None for name in document.mapping(*route)) or not all(values):
        return ()
    combinations = [_merged(each) for each in islice(product(*values), MOST)] if axes else []
    for index in range(len(document.items(*route, "exclude"))):
        left_out = flattened(document, *route, "exclude", index)
        combinations = [each for each in combinations if not left_out or not _holds(each, left_out)]
    for index in range(min(len(document.items(*route, "include")), MOST)):
        combinations = _included(combinations, flattened(document, *route, "include", index), axes)
    return tuple(combinations[:MOST])


def _values(document: Document, name: str, *route: Key) -> list[Combination]:
    """Return the values of an axis, each as what `matrix.<axis>` and the names below it stand for."""
    found: list[Combination] = []
    for index in range(len(document.items(*route))):
        alone = scalar(document, *route, index)
        inner = flattened(document, *route, index)
        found.append({name: alone} if alone else {f"{name}.{key}": value for key, value in inner.items()})
    return found


def _merged(parts: tuple[Combination, ...]) -> Combination:
    return {key: value for part in parts for key, value in part.items()}


def _holds(combination: Combination, wanted: Combination) -> bool:
    return all(key in combination and combination[key].value == value.value for key, value in wanted.items())


def _included(combinations: list[Combination], more: Combination, axes: list[str]) -> list[Combination]:
    """Add to the combinations that it fits, or make one of its own."""
    own = {key: value for key, value in more.items() if key.partition(".")[0] in axes}
    fitting = [each for each in combinations if _holds(each, own)]
    if not fitting or not axes:
        return [*combinations, more]
    return [{**each, **more} if _holds(each, own) else each for each in combinations]
