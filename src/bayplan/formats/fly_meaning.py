"""What a `fly.toml` says that flyctl refuses or cannot do as it is meant: a table of keys cannot tell."""

import re
import shlex
from collections.abc import Iterator

from bayplan.formats.document import Document, route_text
from bayplan.formats.fly_parts import Route, each_of
from bayplan.formats.scalars import scalar
from bayplan.model.deployment import Fault, Irregular

NOT_DEPLOYED = "flyctl refuses the file, and nothing is deployed"
OPERATORS = ("&&", "||", ";", "|", "&", ">", ">>", "<")
SHELL_BUILT = ("builder", "buildpacks")
"""What makes images whose entrypoint reads a command as a shell does."""
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
GIGABYTES = {"": 1.0, "k": 1e-6, "m": 1e-3, "g": 1.0, "t": 1e3}
GROWING = ("auto_extend_size_threshold", "auto_extend_size_increment", "auto_extend_size_limit")
RANGES = {
    "initial_size": (1, None),
    "auto_extend_size_increment": (1, 100),
    "auto_extend_size_limit": (1, 500),
    "auto_extend_size_threshold": (50, 99),
    "snapshot_retention": (1, 60),
}


def mistakes(document: Document) -> Iterator[Irregular]:
    """Yield what an app's file says that cannot be."""
    for route in _commands(document):
        yield from _words(document, route)
    for route in each_of(document, "mounts"):
        yield from _volume(document, route)
    yield from _volumes(document)
    yield from _sources(document)


def _commands(document: Document) -> Iterator[Route]:
    yield from (("processes", name) for name in document.mapping("processes"))
    yield from (("deploy", key) for key in ("release_command", "seed_command"))
    yield ("console_command",)


def _words(document: Document, route: Route) -> Iterator[Irregular]:
    """Yield what a command hopes a shell would do: flyctl splits it into words, and no shell reads them."""
    written = document.text(*route)
    if not written:
        return
    try:
        words = shlex.split(written, comments=True)
    except ValueError:
        because = f"`{route_text(route)}` has a quotation mark without another"
        yield Irregular(Fault.WRONG, because, document.at(*route), NOT_DEPLOYED, "close it, or remove it")
        return
    found = next((word for word in words if word in OPERATORS), None)
    if found is not None and not any(document.get("build", key) is not None for key in SHELL_BUILT):
        from bayplan.formats import toml_writer

        yield Irregular(
            Fault.WRONG,
            f"`{route_text(route)}` has `{found}`, which only a shell understands, and no shell reads it",
            document.at(*route),
            f"`{words[0]}` is told `{found}` and all that follows as its arguments",
            f"write `{route[-1]} = {toml_writer.quoted(shlex.join(['sh', '-c', written]))}`",
        )


def _volume(document: Document, route: Route) -> Iterator[Irregular]:
    for key, (least, most) in RANGES.items():
        amount = _amount(document, (*route, key))
        is_unset = key in GROWING and not amount
        if amount is not None and not is_unset and (amount < least or (most is not None and amount > most)):
            wanted = f"at least {least}" if most is None else f"{least} to {most}"
            unit = " GB" if "size" in key and not key.endswith("threshold") else ""
            yield Irregular(
                Fault.WRONG,
                f"`{route_text((*route, key))}` is outside of what Fly.io takes, {wanted}{unit}",
                document.at(*route, key),
                NOT_DEPLOYED,
                f"write {wanted}{unit}",
            )
    said = [key for key in GROWING if document.get(*route, key)]
    if said and len(said) < len(GROWING):
        missing = ", ".join(f"`{key}`" for key in GROWING if key not in said)
        yield Irregular(
            Fault.IGNORED,
            f"`{route_text((*route, said[0]))}` is ignored by Fly.io without {missing}",
            document.key_at(*route, said[0]),
            "the volume never grows, and what writes to it stops when it is full",
            f"add {missing}",
        )


def _amount(document: Document, route: Route) -> float | None:
    """Return a number, or a size in gigabytes; None for anything else."""
    written = scalar(document, *route)
    match = SIZE.fullmatch(written.value) if written else None
    return None if match is None else float(match[1]) * GIGABYTES[match[2].lower()]


def _volumes(document: Document) -> Iterator[Irregular]:
    """Yield a second volume of one process group: a Machine mounts one."""
    seen: dict[str, Route] = {}
    for route in each_of(document, "mounts"):
        for group in document.texts(*route, "processes") or ("",):
            if group in seen:
                yield Irregular(
                    Fault.REFUSED,
                    f"`{route_text(route)}` is refused by Fly.io: a Machine mounts one volume, and this is another",
                    document.key_at(*route, "source"),
                    NOT_DEPLOYED,
                    "keep everything in folders of one volume, or give them to different process groups",
                )
            seen.setdefault(group, route)


def _sources(document: Document) -> Iterator[Irregular]:
    """Yield a Dockerfile beside an image that is there already."""
    if document.text("build", "image") and document.get("build", "dockerfile") is not None:
        yield Irregular(
            Fault.IGNORED,
            "`build.dockerfile` is ignored by Fly.io with `build.image`",
            document.key_at("build", "dockerfile"),
            "the image is run, and nothing is built",
            "remove one of the two",
        )
