"""Which image came from which inputs, so that an unchanged one is not built again.

The builder's cache is no promise: it forgets steps when it is full, and a step that runs again makes another image.
Whatever is not certain here means: build.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bayplan.engines import docker
from bayplan.engines.engine import DockerEngine
from bayplan.engines.folder import NAME, write
from bayplan.formats import dockerignore
from bayplan.model.stack import Stack

KEPT = ".bayplan/images.json"
MOST = 4
"""Inputs remembered of each image: going back to an earlier state needs no build either."""
SETTINGS = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_DEFAULT_PLATFORM", "BUILDX_BUILDER", "SOURCE_DATE_EPOCH")
FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE | re.MULTILINE)
OUTSIDE = re.compile(r"^\s*ADD\s|^\s*FROM\s.*\$(?!\{?(?:BUILD|TARGET)PLATFORM\b)", re.IGNORECASE | re.MULTILINE)
"""What may bring in something that is neither in the context nor an image named here."""
COPIED_FROM = re.compile(r"(?:--from=|[,=]from=)([^\s,]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The name of an image, and a digest of everything it is built from."""

    image: str
    digest: str


def inputs(
    stack: Stack, images: Sequence[docker.Own], engine: DockerEngine, values: Mapping[str, str]
) -> dict[str, Inputs]:
    """Return what each image would be built from, by service; those of which that is not certain are left out."""
    contexts: dict[tuple[str, str], str] = {}
    bases: dict[str, str] = {}
    found = {}
    for own in images:
        step = docker.build(stack, own, engine.project.root, values)
        try:
            recipe, ignored = _texts(engine.project.root, own)
            names = base_images(recipe)
            bases |= {name: engine.image_id(name) for name in names if name not in bases}
            place = (own.image.context, ignored)
            if place not in contexts:
                contexts[place] = context_digest(engine.project.root / own.image.context, ignored)
        except (OSError, ValueError):
            continue
        if all(bases[name] for name in names):  # one the engine does not hold is the registry's newest
            around = {name: os.environ.get(name) for name in SETTINGS}
            parts = [
                step.argv,
                dict(step.environment),
                recipe,
                contexts[place],
                [bases[name] for name in names],
                around,
            ]
            digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
            found[own.name] = Inputs(docker.image_name(stack, own, values), digest)
    return found


def take(engine: DockerEngine, given: Mapping[str, Inputs]) -> frozenset[str]:
    """Return the services whose image is there already, each under its name."""
    kept = _read(engine.project.root)
    there = set()
    for service, each in given.items():
        image = kept.get(each.image, {}).get(each.digest, "")
        if image and engine.image_id(image) == image:
            if engine.image_id(each.image) != image:
                engine.tag(image, each.image)
            there.add(service)
    return frozenset(there)


def remember(engine: DockerEngine, given: Mapping[str, Inputs]) -> None:
    """Note which images these inputs have become."""
    kept = _read(engine.project.root)
    for each in given.values():
        if image := engine.image_id(each.image):
            older = {digest: known for digest, known in kept.get(each.image, {}).items() if digest != each.digest}
            kept[each.image] = dict([*older.items(), (each.digest, image)][-MOST:])
    if given:
        write(engine.project.root, KEPT, json.dumps(kept, indent=1))


def base_images(recipe: str) -> list[str]:
    """Return the images a Dockerfile begins with or copies from; ValueError where that cannot be told."""
    if OUTSIDE.search(recipe):
        raise ValueError(recipe)
    begun = FROM.findall(recipe)
    stages = {name.lower() for _, name in begun if name} | {str(number) for number in range(len(begun))} | {"scratch"}
    named = [*(image for image, _ in begun), *COPIED_FROM.findall(recipe)]
    if any(name.startswith("-") for name in named):
        raise ValueError(recipe)
    return sorted({name for name in named if name.lower() not in stages})


def context_digest(context: Path, ignored: str) -> str:
    """Return a digest of the files that a builder is sent, by their size and times; none of them is read.

    What bayplan itself keeps there changes with every run, and is no input of any build.
    """
    patterns = (*(each.value for each in dockerignore.parse(ignored, ".dockerignore").patterns), NAME)
    digest = hashlib.sha256()
    for line in _entries(context, "", patterns):
        digest.update(line.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()


def _entries(folder: Path, prefix: str, patterns: Sequence[str]) -> Iterator[str]:
    returning = any(each.startswith("!") for each in patterns)
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        path = prefix + entry.name
        ignored = dockerignore.matches(patterns, path)
        about = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(about.st_mode):
            if not ignored:
                yield json.dumps([path, about.st_mode])
            if not ignored or returning:
                yield from _entries(Path(entry.path), path + "/", patterns)
        elif not ignored:
            leads = os.readlink(entry.path) if entry.is_symlink() else ""  # noqa: PTH115 - as text, whatever it holds
            yield json.dumps([path, about.st_mode, about.st_size, about.st_mtime_ns, about.st_ctime_ns, leads])


def _texts(root: Path, own: docker.Own) -> tuple[str, str]:
    """Return a Dockerfile, and the ignore file that BuildKit takes for it."""
    dockerfile = root / own.image.dockerfile
    beside = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    ignore = beside if beside.exists() else root / own.image.context / ".dockerignore"
    return dockerfile.read_text(encoding="utf-8"), ignore.read_text(encoding="utf-8") if ignore.exists() else ""


def _read(root: Path) -> dict[str, dict[str, str]]:
    try:
        kept = json.loads((root / KEPT).read_text(encoding="utf-8"))
        return {str(image): {str(key): str(value) for key, value in known.items()} for image, known in kept.items()}
    except (OSError, ValueError, AttributeError):
        return {}
