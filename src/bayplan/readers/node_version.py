"""Which Node.js major a repository asks for, and why."""

import re
from collections.abc import Iterator, Mapping, Sequence

from bayplan.catalog.toolchain import default_node, node_major, node_majors
from bayplan.formats import npm_range
from bayplan.formats.document import Document, Key
from bayplan.model.workspace import Package
from bayplan.source import At, Fact, Located, Why
from bayplan.tree import Tree

READER = "node_version"


def read_node_version(
    tree: Tree,
    root: Document | None,
    settings: Mapping[str, Located[str]],
    packages: Sequence[Package],
    otherwise: Fact[str] | None = None,
) -> Fact[str]:
    """Return the major, from the most exact wish that can be read; without a wish, `otherwise` or the default."""
    for wish in _wishes(tree, root, settings):
        major = _major(wish.value)
        if major is not None:
            because = f"{_source(wish.at)} asks for Node.js {_shown(wish.value)}"
            return Fact(str(major), Why(READER, because + _contradiction(major, packages), wish.at))
    ranges = [package.node_range for package in packages if package.node_range is not None]
    chosen = _newest([wanted.value for wanted in ranges])
    if chosen is not None:
        return Fact(str(chosen), _range_why(chosen, ranges))
    for wanted in ranges:
        chosen = _newest([wanted.value])
        if chosen is not None:
            because = f"no Node.js lies in every engines.node; {chosen} does in this one"
            return Fact(str(chosen), Why(READER, because, wanted.at))
    if otherwise is not None:
        return otherwise
    chosen = default_node()
    because = f"nothing in the repository says which Node.js it needs, and {chosen} is the newest settled LTS"
    return Fact(str(chosen), Why(READER, because, At("package.json") if root else None))


def _wishes(tree: Tree, root: Document | None, settings: Mapping[str, Located[str]]) -> Iterator[Located[str]]:
    for setting in ("useNodeVersion", "nodeVersion"):
        if setting in settings:
            yield settings[setting]
    for path in (".nvmrc", ".node-version"):
        yield from _first_line(tree, path)
    if tree.exists(".tool-versions"):
        for number, line in enumerate(tree.text(".tool-versions").splitlines(), 1):
            words = line.split("#")[0].split()
            if len(words) > 1 and words[0] in ("nodejs", "node"):
                yield Located(words[1], At(".tool-versions", number, 1, len(line)))
    if root is not None:
        for route in (("volta", "node"), *_runtime_routes(root)):
            wish = root.located(*route)
            if wish is not None:
                yield wish


def _runtime_routes(root: Document) -> Iterator[tuple[Key, ...]]:
    """Yield where `devEngines.runtime`, an object or a list of them, names a version of Node.js."""
    runtimes: list[tuple[Key, ...]] = [("devEngines", "runtime")]
    runtimes += [("devEngines", "runtime", index) for index in range(len(root.items("devEngines", "runtime")))]
    for route in runtimes:
        if root.get(*route, "name") == "node":
            yield (*route, "version")


def _first_line(tree: Tree, path: str) -> Iterator[Located[str]]:
    if tree.exists(path):
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            text = line.split("#")[0].strip()
            if text:
                yield Located(text, At(path, number, line.index(text) + 1, len(text)))
                return


def _major(wish: str) -> int | None:
    """Return the major a wish means: `20`, `v20.9.0`, `lts/iron`, `lts/*`, `>=20 <21`."""
    text = wish.strip().lower().removeprefix("node@")
    exact = re.fullmatch(r"v?(\d{1,3})(?:\.\d+)*(?:\.x|-\S+)?", text)
    if exact:
        return int(exact[1]) or None
    if text in ("lts/*", "lts", "lts-*", "--lts", "node", "stable", "latest", "current"):
        return default_node()
    codename = text.removeprefix("lts/").removeprefix("lts-")
    for major in node_majors():
        if major.codename and major.codename == codename:
            return major.number
    return _newest([text]) if npm_range.parse_range(text) else None


def _newest(ranges: list[str]) -> int | None:
    """Return the newest settled major that all ranges allow; another one only when they leave no other."""
    known = [*(major for major in reversed(node_majors()) if major.settled)]
    unsettled = [major.number for major in node_majors() if not major.settled]
    preferred = [default_node(), *(major.number for major in known), *unsettled]
    others = [number for number in range(node_majors()[-1].number, 0, -1) if number not in preferred]
    usable = [wanted for wanted in ranges if npm_range.parse_range(wanted)]
    if not usable:
        return None
    return next((n for n in [*preferred, *others] if all(npm_range.allows_major(n, wanted) for wanted in usable)), None)


def _range_why(chosen: int, ranges: list[Located[str]]) -> Why:
    tightest = next(
        (wanted for wanted in ranges if not npm_range.allows_major(default_node(), wanted.value)), ranges[0]
    )
    known = node_major(chosen)
    standing = "the newest settled LTS" if known and known.settled else "the newest"
    because = f'engines.node "{_shown(tightest.value)}" allows Node.js {chosen}, {standing} that it allows'
    return Why(READER, because, tightest.at)


def _contradiction(major: int, packages: Sequence[Package]) -> str:
    for package in packages:
        wanted = package.node_range
        if wanted and npm_range.parse_range(wanted.value) and not npm_range.allows_major(major, wanted.value):
            return f', though {wanted.at} has engines.node "{_shown(wanted.value)}"'
    return ""


def _source(at: At) -> str:
    return at.key or at.file


def _shown(text: str) -> str:
    return " ".join(text.split())[:40]
