"""What is known about public images, from `images.toml`."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from bayplan.catalog import load


@dataclass(frozen=True, slots=True)
class KnownImage:
    """The facts of `images.toml`; a program in neither `has` nor `lacks` is unknown."""

    match: str
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    shell: bool = True
    user: str = "root"
    uid: int | None = None
    port: int | None = None
    data: str | None = None
    writes: tuple[str, ...] = ()
    entry: tuple[str, ...] = ()
    health: bool = False
    serves: str = ""


REGISTRIES = re.compile(
    r"^(docker\.io/|index\.docker\.io/|mirror\.gcr\.io/|public\.ecr\.aws/docker/|gcr\.io/)?(library/)?"
)


def known(reference: str) -> KnownImage | None:
    """Return what is known about an image as `FROM` or compose names it, or None."""
    name, tag = named(reference)
    if "$" in name:
        return None
    plain = REGISTRIES.sub("", name, count=1) + ":" + tag
    return next((image for image in _table() if re.search(image.match, plain)), None)


def named(reference: str) -> tuple[str, str]:
    """Split an image's reference into its name and its tag, which is empty when there is none."""
    plain = reference.partition("@")[0]
    folder, slash, last = plain.rpartition("/")
    name, _, tag = last.partition(":")
    return folder + slash + name, tag


def repository(reference: str) -> str:
    """Return an image's name without its tag, and without the registry that is meant when none is named."""
    return REGISTRIES.sub("", named(reference)[0], count=1)


@cache
def _table() -> tuple[KnownImage, ...]:
    rows: list[dict[str, Any]] = load("images")["image"]
    return tuple(KnownImage(**{key: _frozen(value) for key, value in row.items()}) for row in rows)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
