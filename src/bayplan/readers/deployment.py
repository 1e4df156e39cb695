"""Every deployment file of a repository, whoever wrote it."""

import posixpath
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from bayplan.errors import BrokenFileError
from bayplan.formats import compose, dockerfile, dockerignore, dotenv, fly, railway, railway_code, render, workflow
from bayplan.model.deployment import Broken, ComposeFile, DeployedService, Deployment, PlatformFile
from bayplan.readers import proxies
from bayplan.source import At
from bayplan.tree import Tree

T = TypeVar("T")
Parse = Callable[[str, str, Callable[[str], bool]], PlatformFile]

DOCKERFILE = re.compile(r"(?:.+\.)?(?:Dockerfile|dockerfile|Containerfile)(?:\.(?P<kind>[^/]+))?")
NOT_A_DOCKERFILE = frozenset(
    {"dockerignore", "md", "txt", "bak", "orig", "rej", "swp", "j2", "tmpl", "tpl", "template", "erb", "hbs", "ejs"}
)
COMPOSE = re.compile(r"(?:docker-|podman-)?compose(?:[._-].+)?\.ya?ml")
ENV_FILE = re.compile(r"(?:\.env(?:\.[\w-]+)*\.(?:example|sample|template|dist)|\.env-(?:example|sample)|env\.example)")
IGNORE_FILE = re.compile(r"(?:.+)?\.dockerignore|\.containerignore")
WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")

PLATFORMS = (
    (fly.FILES, fly.parse),
    (railway.FILES, railway.parse),
    (railway_code.FILES, railway_code.parse),
    (render.FILES, render.parse),
)


def read_deployment(tree: Tree) -> Deployment:
    """Return what the deployment files say; a file that cannot be read is listed under `broken`, and the rest is read.

    The file `.env` itself is never opened: it holds secrets.
    """
    reading = _Reading(tree)
    composes = reading.all(_named(tree, COMPOSE), compose.parse)
    platforms = tuple(file for names, parse in PLATFORMS for file in _platform(reading, names, parse))
    services = [each for file in composes for each in file.services]
    services += [each for file in platforms for each in file.services]
    return Deployment(
        images=reading.all(_dockerfiles(tree, services), dockerfile.parse),
        composes=composes,
        platforms=platforms,
        env_files=reading.all(_named(tree, ENV_FILE), dotenv.parse),
        ignores=reading.all(_named(tree, IGNORE_FILE), dockerignore.parse),
        workflows=reading.all((path for path in tree.files if WORKFLOW.fullmatch(path)), workflow.parse),
        proxies=proxies.of_their_own(reading.all(proxies.caddyfiles(tree, composes), proxies.reader(tree))),
        broken=tuple(reading.broken),
        paths=frozenset(tree.files),
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
                read.append(parse(self.tree.text(path), path))
            except BrokenFileError as error:
                self.broken.append(Broken(error.message, error.at or At(path), error.remedy))
        return tuple(read)


def _platform(reading: _Reading, names: re.Pattern[str], parse: Parse) -> tuple[PlatformFile, ...]:
    """Read the files of a platform, by their paths."""
    tree = reading.tree
    paths = (path for path in tree.files if names.fullmatch(path))
    return reading.all(paths, lambda text, path: parse(text, path, tree.exists))


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
