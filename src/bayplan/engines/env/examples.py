"""Values that everybody knows, for they stand in an example in the repository."""

import posixpath

from bayplan.errors import BayplanError
from bayplan.formats import dotenv
from bayplan.source import At
from bayplan.tree import Tree

ENDINGS = (".example", ".sample", ".template", ".dist")
SHORTEST = 6


def committed(tree: Tree, *, but: str) -> dict[str, At]:
    """Return the values of every example of an env file, and where each stands, without those of one file."""
    found: dict[str, At] = {}
    for path in tree.files:
        name = posixpath.basename(path)
        if path == but or "env" not in name or not name.endswith(ENDINGS):
            continue
        try:
            lines = dotenv.parse(tree.text(path), path).lines
        except BayplanError:
            continue
        found |= {line.value: line.at for line in lines if len(line.value) >= SHORTEST}
    return found
