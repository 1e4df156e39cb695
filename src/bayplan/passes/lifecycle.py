"""Scripts of the workspace's own packages that an install runs by itself, when their sources are not there yet."""

import re
import shlex
from collections.abc import Iterator, Sequence

from bayplan.model.image import Run
from bayplan.model.workspace import Package
from bayplan.passes.patches import is_only_patching
from bayplan.source import Why

BY_INSTALL = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare")
FOR_DEVELOPERS = re.compile(r"\b(?:husky|lefthook|simple-git-hooks|pre-commit|only-allow|git)\b")


def taken_out(packages: Sequence[Package]) -> Iterator[Run]:
    """Yield the step that takes these scripts out of the manifests, so that no install runs them."""
    found = [(package, [name for name in BY_INSTALL if name in package.scripts]) for package in packages]
    early = [(package, names) for package, names in found if names]
    if early:
        because = "an install would run these before the sources they need are there"
        commands = tuple(_deletion(package, names) for package, names in early)
        yield Run(commands, Why("lifecycle", because, early[0][0].scripts[early[0][1][0]].at))


def _deletion(package: Package, names: Sequence[str]) -> str:
    where = "" if package.folder == "." else f" --prefix {shlex.quote(package.folder)}"
    return f"npm{where} pkg delete {' '.join(f'scripts.{name}' for name in names)}"


def made_up_for(package: Package) -> tuple[str, ...]:
    """Return the scripts an install would have run that the package's build may need; setting up git hooks is none."""
    wanted = ("postinstall",) if package.build is not None else ("postinstall", "prepare")
    present = [name for name in wanted if name in package.scripts]
    scripts = {name: package.scripts[name].value for name in present}
    return tuple(
        name for name, text in scripts.items() if not FOR_DEVELOPERS.search(text) and not is_only_patching(text)
    )
