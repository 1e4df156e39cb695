"""What git would not keep of what is written, and what it would keep of what is filled in."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from bayplan.model.parts import Note
from bayplan.model.stack import Stack
from bayplan.source import At

DOCUMENTED = ".env.example"
OF_RAILWAY = ".railway"
FILE = ".gitignore"


def about(patterns: Sequence[str]) -> list[Note]:
    """Say when the root's .gitignore keeps the documentation of the variables from the team."""
    text = f"{FILE} keeps {DOCUMENTED} out of git, so nobody else sees it; add the line !{DOCUMENTED} to it"
    return [Note(DOCUMENTED, text, At(FILE))] if _is_ignored(DOCUMENTED, patterns) else []


def about_platforms(stack: Stack, patterns: Sequence[str], platforms: Sequence[str]) -> Iterator[Note]:
    """Say when git leaves out the templates of the values for platforms, or would take the filled ones in."""
    files = [stack.env_file_of(platform) for platform in platforms]
    templates = [f"{file}.example" for file in files if _is_ignored(f"{file}.example", patterns)]
    if templates:
        text = f"it keeps {' and '.join(templates)} out of git, so nobody else sees them; add the line !.env*.example"
        yield Note(FILE, text, At(FILE))
    if stack.targets.railway is not None and _leaves_out(OF_RAILWAY, "railway.ts", patterns):
        text = f"it keeps {OF_RAILWAY} out of git, and with it the project as code"
        yield Note(FILE, f"{text}; name {OF_RAILWAY}/* instead, and add the line !{OF_RAILWAY}/*.ts", At(FILE))
    filled = [file for file in files if not _is_ignored(file, patterns)]
    if filled:
        text = f"git would take in {' and '.join(filled)}, which hold secrets once you fill them in"
        yield Note(FILE, f"{text}; add the lines .env.* and !.env*.example")


def _leaves_out(folder: str, file: str, patterns: Sequence[str]) -> bool:
    return _is_ignored(folder, [each.rstrip("/") for each in patterns]) or _is_ignored(f"{folder}/{file}", patterns)


def _is_ignored(path: str, patterns: Sequence[str]) -> bool:
    """Say whether the last pattern that a file at the root fits leaves it out."""
    ignored = False
    for pattern in patterns:
        if fnmatchcase(path, pattern.lstrip("!").removeprefix("**/").removeprefix("/")):
            ignored = not pattern.startswith("!")
    return ignored
