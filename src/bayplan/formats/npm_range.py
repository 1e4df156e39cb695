"""Versions and ranges as npm writes them: `^20.9`, `>=18 <21 || 22.x`, `1.2.3 - 2`."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int, tuple[tuple[int, int, str], ...]]
"""Major, minor, patch and the pre-release in a form that compares; a release has the greatest one."""

RELEASE = ((2, 0, ""),)
LOWEST = ((0, 0, ""),)
NUMBER = r"(\d{1,15}|[xX*])"
PARTIAL = re.compile(rf"[v=\s]*{NUMBER}(?:\.{NUMBER}(?:\.{NUMBER}(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?)?)?")
OPERATOR = re.compile(r"(\^|~>?|>=|<=|>|<|=)?\s*(.*)", re.DOTALL)
GLUE = re.compile(r"(\^|~>?|>=|<=|>|<|=)\s+")
EXACT = re.compile(r"v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)(?:\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True, slots=True)
class Span:
    """Versions from `low` up to, not including, `high`."""

    low: Version
    high: Version


HIGHEST: Version = (10**15, 0, 0, LOWEST)
ZERO: Version = (0, 0, 0, LOWEST)
NOTHING = Span(ZERO, ZERO)


def exact(text: str) -> str | None:
    """Return the version without its build part when a text names exactly one."""
    match = EXACT.fullmatch(text.strip())
    return match.group(1) if match else None


def parse_version(text: str) -> Version | None:
    match = PARTIAL.fullmatch(text.strip())
    if not match or not all((part or "x").isdigit() for part in match.group(1, 2, 3)):
        return None
    return int(match[1]), int(match[2]), int(match[3]), _prerelease(match[4])


def satisfies(version: str, wanted: str) -> bool:
    """Say whether a version lies within a range; a text that is no range holds nothing."""
    parsed = parse_version(version)
    spans = parse_range(wanted)
    return parsed is not None and any(span.low <= parsed < span.high for span in spans or ())


def allows_major(major: int, wanted: str) -> bool:
    """Say whether a range holds any version of a major."""
    first, after = (major, 0, 0, LOWEST), (major + 1, 0, 0, LOWEST)
    return any(max(span.low, first) < min(span.high, after) for span in parse_range(wanted) or ())


def lowest(wanted: str) -> str | None:
    """Return the first release that a range names; None when it is open below, or no range."""
    spans = parse_range(wanted) if wanted.strip() else None
    low = min((span.low for span in spans), default=ZERO) if spans else ZERO
    return ".".join(map(str, low[:3])) if low[:3] != ZERO[:3] else None


@cache
def parse_range(text: str) -> tuple[Span, ...] | None:
    """Return the spans whose union is the range; None when the text is no range."""
    spans: list[Span] = []
    for alternative in text.split("||"):
        span = _intersection(alternative.strip())
        if span is None:
            return None
        if span.low < span.high:
            spans.append(span)
    return tuple(spans)


def _intersection(text: str) -> Span | None:
    low_text, hyphen, high_text = text.partition(" - ")
    words = [f">={low_text.strip()}", f"<={high_text.strip()}"] if hyphen else GLUE.sub(r"\1", text).split()
    low, high = ZERO, HIGHEST
    for word in words or ["*"]:
        span = _comparator(word)
        if span is None:
            return None
        low, high = max(low, span.low), min(high, span.high)
    return Span(low, high) if low < high else NOTHING


def _comparator(word: str) -> Span | None:
    parts = OPERATOR.fullmatch(word)
    match = PARTIAL.fullmatch(parts[2]) if parts else None
    if not parts or not match:
        return None
    numbers = [int(part) for part in takewhile(str.isdigit, (part or "x" for part in match.group(1, 2, 3)))]
    if not numbers:
        return Span(ZERO, HIGHEST)
    low, after = _low(numbers, match[4]), _after(numbers, match[4])
    operator = parts[1] or "="
    if operator == "^":
        return Span(low, _after_caret(numbers))
    if operator[0] == "~":
        return Span(low, _after(numbers[:2], None))
    spans = {
        "=": Span(low, after),
        ">=": Span(low, HIGHEST),
        ">": Span(after, HIGHEST),
        "<": Span(ZERO, low if match[4] else _before_releases(low)),
        "<=": Span(ZERO, after),
    }
    return spans[operator]


def _low(numbers: list[int], prerelease: str | None) -> Version:
    major, minor, patch = (*numbers, 0, 0)[:3]
    full = len(numbers) == len(("major", "minor", "patch"))
    return major, minor, patch, _prerelease(prerelease) if full else LOWEST


def _before_releases(version: Version) -> Version:
    return (*version[:3], LOWEST)


def _after(numbers: list[int], prerelease: str | None) -> Version:
    if len(numbers) == 1:
        return numbers[0] + 1, 0, 0, LOWEST
    if len(numbers) == len(("major", "minor")):
        return numbers[0], numbers[1] + 1, 0, LOWEST
    if prerelease:
        return numbers[0], numbers[1], numbers[2], (*_prerelease(prerelease), (-1, 0, ""))
    return numbers[0], numbers[1], numbers[2] + 1, LOWEST


def _after_caret(numbers: list[int]) -> Version:
    first = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
    return _after(numbers[: first + 1], None)


def _prerelease(text: str | None) -> tuple[tuple[int, int, str], ...]:
    if not text:
        return RELEASE
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in text.split("."))
