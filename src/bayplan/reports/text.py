"""Findings as a person reads them: what is wrong, the lines of all files that take part, the effect, the remedy."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from bayplan.errors import BayplanError
from bayplan.model.deployment import Broken
from bayplan.model.finding import Finding, Place
from bayplan.reports.excerpt import marked, printable
from bayplan.source import At
from bayplan.tree import Tree

Paint = Callable[[str, str], str]
Texts = Callable[[str], list[str]]

COLOURS = {
    "error": "1;31",
    "warning": "1;33",
    "frame": "1;34",
    "first": "1;31",
    "other": "1;34",
    "message": "1",
    "help": "1;36",
}


def render(findings: Sequence[Finding], broken: Sequence[Broken], tree: Tree, *, colour: bool = False) -> str:
    """Return every finding and every file that could not be read, and a last line that counts them."""
    paint = _in_colour if colour else _plainly
    lines = cache(lambda file: _lines(tree, file))  # a file may have thousands of findings
    blocks = [_broken(each, lines, paint) for each in broken]
    blocks += [_finding(each, lines, paint) for each in findings]
    return "\n\n".join([*blocks, summary(findings, broken)]) + "\n"


def _in_colour(text: str, style: str) -> str:
    return f"\033[{COLOURS[style]}m{text}\033[0m"


def _plainly(text: str, style: str) -> str:  # noqa: ARG001 - has the shape of `_in_colour`
    return text


def summary(findings: Sequence[Finding], broken: Sequence[Broken] = ()) -> str:
    """Return the line that counts: `2 errors, 1 warning in 3 files`."""
    errors = sum(finding.effect.fails for finding in findings) + len(broken)
    warnings = len(findings) + len(broken) - errors
    if not errors and not warnings:
        return "no findings"
    files = {finding.places[0].at.file for finding in findings} | {each.at.file for each in broken}
    counts = [_counted(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number]
    return f"{', '.join(counts)} in {_counted(len(files), 'file')}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _finding(finding: Finding, texts: Texts, paint: Paint) -> str:
    level = "error" if finding.effect.fails else "warning"
    lines = [paint(f"{level}[{finding.rule}]", level) + paint(f": {printable(finding.message)}", "message")]
    gutter = _gutter(place.at for place in finding.places)
    lines += _places(finding.places, texts, paint, gutter)
    lines.append(_note("effect", f"{finding.effect}: {finding.consequence}", paint, gutter))
    lines.append(_note("help", finding.help, paint, gutter))
    return "\n".join(lines)


def _broken(broken: Broken, texts: Texts, paint: Paint) -> str:
    lines = [paint("error[broken-file]", "error") + paint(f": {printable(broken.message)}", "message")]
    gutter = _gutter([broken.at])
    lines += _places([Place(broken.at, "")], texts, paint, gutter)
    lines.append(_note("effect", "nothing that this file says could be checked", paint, gutter))
    if broken.remedy:
        lines.append(_note("help", broken.remedy, paint, gutter))
    return "\n".join(lines)


def _gutter(places: Iterable[At]) -> int:
    return max((len(str(at.line)) for at in places), default=1)


def _note(name: str, text: str, paint: Paint, gutter: int) -> str:
    return f"{' ' * gutter} {paint('=', 'frame')} {paint(f'{name}:', 'message')} {printable(text)}"


def _places(places: Sequence[Place], texts: Texts, paint: Paint, gutter: int) -> Iterator[str]:
    """Yield each file's part: the first place's file first, the lines of a file in order."""
    for file in dict.fromkeys(place.at.file for place in places):
        mine = [place for place in places if place.at.file == file]
        is_first = mine[0] is places[0]
        arrow = paint("-->" if is_first else ":::", "frame")
        yield f"{' ' * gutter}{arrow} {printable(_address(mine[0].at))}"
        text = texts(file)
        bar = f"{' ' * gutter} {paint('|', 'frame')}"
        if not is_first or any(place.at.line for place in mine):
            yield bar
        shown = 0
        for place in sorted(dict.fromkeys(mine), key=lambda each: (each.at.line, each.at.column)):
            style = ("first", "^") if place is places[0] else ("other", "-")
            if shown and place.at.line > shown + 1:
                yield paint("...", "frame")
            yield from _excerpt(place, text, paint, gutter, style, is_new=place.at.line != shown)
            shown = place.at.line
        yield bar


def _address(at: At) -> str:
    return f"{at.file}:{at.line}:{max(at.column, 1)}" if at.line else at.file


def _excerpt(
    place: Place, text: Sequence[str], paint: Paint, gutter: int, style: tuple[str, str], *, is_new: bool
) -> Iterator[str]:
    at, bar = place.at, paint("|", "frame")
    if not 1 <= at.line <= len(text):
        if place.label:
            yield f"{' ' * gutter} {bar} {paint(printable(place.label), style[0])}"
        return
    part = marked(text[at.line - 1], at.column, at.length)
    if is_new:
        yield f"{paint(str(at.line).rjust(gutter), 'frame')} {bar} {part.text}".rstrip()
    mark = paint(f"{style[1] * part.width} {printable(place.label)}".rstrip(), style[0])
    yield f"{' ' * gutter} {bar} {' ' * part.before}{mark}"


def _lines(tree: Tree, file: str) -> list[str]:
    """Return a file's lines, or none when it cannot be shown: a report never fails."""
    try:
        return [line.rstrip("\r") for line in tree.text(file).split("\n")]
    except (BayplanError, OSError, ValueError):
        return []
