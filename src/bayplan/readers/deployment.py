"""Every deployment file of a repository, whoever wrote it."""

import posixpath
import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TypeVar

from bayplan.errors import BrokenFileError
from bayplan.formats import compose, dockerfile, dockerignore, dotenv
from bayplan.model.deployment import Broken, ComposeFile, DeployedService, Deployment, PlatformFile, Workflow
from bayplan.readers import proxies
from bayplan.readers.remote import repository
from bayplan.source import At
from bayplan.tree import Tree

T = TypeVar("T")
LARGEST = 500_000
"""How many characters one file may have: people write a hundredth of it."""
Parse = Callable[[str, str, Callable[[str], bool]], PlatformFile]

DOCKERFILE = re.compile(r"(?:.+\.)?(?:Dockerfile|dockerfile|Containerfile)(?:\.(?P<kind>[^/]+))?")
NOT_A_DOCKERFILE = frozenset(
    {"dockerignore", "md", "txt", "bak", "orig", "rej", "swp", "j2", "tmpl", "tpl", "template", "erb", "hbs", "ejs"}
)
COMPOSE = re.compile(r"(?:docker-|podman-)?compose(?:[._-].+)?\.ya?ml")
ENV_FILE = re.compile(r"(?:\.env(?:\.[\w-]+)*\.(?:example|sample|template|dist)|\.env-(?:example|sample)|env\.example)")
IGNORE_FILE = re.compile(r"(?:.+)?\.dockerignore|\.containerignore")
WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")

PLATFORMS = {
    "fly": r"(?:.*/)?(?:[^/]+\.)?fly(?:[._-][^/]+)?\.toml",
    "railway": r"(?:.*/)?railway\.(?:json|toml)",
    "railway_code": r"(?:.*/)?\.railway/railway(?:\.[\w-]+)?\.ts",
    "render": r"(?:.*/)?render(?:[._-][^/]+)?\.ya?ml",
}
"""The paths that platforms' files may have, by the module that parses them: most repositories need none."""


def read_deployment(tree: Tree) -> Deployment:
    """Return what the deployment files say; a file that cannot be read is listed under `broken`, and the rest is read.

    The file `.env` itself is never opened: it holds secrets.
    """
    reading = _Reading(tree)
    composes = reading.all(_named(tree, COMPOSE), compose.parse)
    platforms = tuple(file for name, paths in PLATFORMS.items() for file in _platform(reading, name, paths))
    services = [each for file in composes for each in file.services]
    services += [each for file in platforms for each in file.services]
    workflows = _workflows(reading)
    return Deployment(
        images=reading.all(_dockerfiles(tree, services), dockerfile.parse),
        composes=composes,
        platforms=platforms,
        env_files=reading.all(_named(tree, ENV_FILE), dotenv.parse),
        ignores=reading.all(_named(tree, IGNORE_FILE), dockerignore.parse),
        workflows=workflows,
        proxies=proxies.of_their_own(reading.all(proxies.caddyfiles(tree, composes), proxies.reader(tree))),
        broken=tuple(reading.broken),
        paths=frozenset(tree.files),
        repository=repository(tree) if workflows else "",
    )


def read_composes(tree: Tree) -> tuple[ComposeFile, ...]:
    """Return what the compose files say, those that cannot be read left out."""
    return _Reading(tree).all(_named(tree, COMPOSE), compose.parse)


class _Reading:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.broken: list[Broken] = []

    def all(self, paths: Iterable[str], parse: Callable[[str, str], T]) -> tuple[T, ...]:
        read: list[T] = []
        for path in paths:
            try:
                read.append(parse(self._text(path), path))
            except BrokenFileError as error:
                self.broken.append(Broken(error.message, error.at or At(path), error.remedy))
        return tuple(read)

    def _text(self, path: str) -> str:
        text = self.tree.text(path)
        if len(text) > LARGEST:
            message = f"{path} has {len(text):,} characters: too large for a file that tells how to deploy"
            raise BrokenFileError(message, at=At(path), remedy="is it the file you mean?")
        return text


def _platform(reading: _Reading, name: str, pattern: str) -> tuple[PlatformFile, ...]:
    """Read the files of a platform, by their paths."""
    tree, names = reading.tree, re.compile(pattern)
    paths = [path for path in tree.files if names.fullmatch(path)]
    if not paths:
        return ()
    parse: Parse = import_module(f"bayplan.formats.{name}").parse
    return reading.all(paths, lambda text, path: parse(text, path, tree.exists))


def _workflows(reading: _Reading) -> tuple[Workflow, ...]:
    paths = [path for path in reading.tree.files if WORKFLOW.fullmatch(path)]
    if not paths:
        return ()
    from bayplan.formats import workflow

    return reading.all(paths, workflow.parse)


def _named(tree: Tree, name: re.Pattern[str]) -> list[str]:
    return [path for path in tree.files if name.fullmatch(posixpath.basename(path))]


def _dockerfiles(tree: Tree, services: Iterable[DeployedService]) -> list[str]:
    """Return the paths of Dockerfiles: those with a usual name, and those that a service names."""
    found = set()
    for path in tree.files:
        match = DOCKERFILE.fullmatch(posixpath.basename(path))
        kind = (match.group("kind") or "").rpartition(".")[2].lower() if match else ""
        if match and kind not in NOT_A_DOCKERFILE:
            found.add(path)
    for service in services:
        if service.dockerfile and tree.exists(service.dockerfile.value):
            found.add(service.dockerfile.value)
    return sorted(found)
