"""What a build on this machine leaves in the repository, and where nobody would look for it."""

from collections.abc import Iterator, Sequence

from bayplan.model.code import NEXT_FOLDER
from bayplan.model.workspace import Package
from bayplan.passes.apps import App
from bayplan.source import Fact, Why


def leftovers(apps: Sequence[App]) -> tuple[Fact[str], ...]:
    """Return the paths that no general pattern of an ignore file covers, each once."""
    found: dict[str, Fact[str]] = {}
    for app in apps:
        for package in app.workspace.closure(app.package, development=True):
            for each in _of(package):
                found.setdefault(app.workspace.from_root(each.value), each.map(app.workspace.from_root))
    return tuple(found[path] for path in sorted(found))


def _of(package: Package) -> Iterator[Fact[str]]:
    for config in package.tsconfigs:
        if config.build_info is not None and not config.build_info.endswith(".tsbuildinfo"):
            why = Why("leftovers", f"{config.path} keeps there what was built last", config.at)
            yield Fact(config.build_info, why)
    settings = package.code.next
    if settings is not None and settings.dist_dir is not None and settings.built != NEXT_FOLDER:
        why = Why("leftovers", "distDir names it as the folder that Next.js builds to", settings.dist_dir.at)
        yield Fact(package.path(settings.built), why)
