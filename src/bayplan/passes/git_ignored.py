"""What git would not keep of what is written."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from bayplan.model.parts import Note
from bayplan.source import At

DOCUMENTED = ".env.example"


def about(patterns: Sequence[str]) -> list[Note]:
    """Say when the root's .gitignore keeps the documentation of the variables from the team."""
    ignored = False
    for pattern in patterns:
        if fnmatchcase(DOCUMENTED, pattern.lstrip("!").removeprefix("**/").removeprefix("/")):
            ignored = not pattern.startswith("!")
    text = f".gitignore keeps {DOCUMENTED} out of git, so nobody else sees it; add the line !{DOCUMENTED} to it"
    return [Note(DOCUMENTED, text, At(".gitignore"))] if ignored else []
