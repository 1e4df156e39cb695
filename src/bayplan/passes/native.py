"""Native modules: how their binaries get into the image without running anything slow."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayplan.catalog import load
from bayplan.model.lockfile import LockedPackage
from bayplan.model.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Natives:
    """`bundled` ones carry every platform's binaries; `scripted` ones must be built on the target platform."""

    bundled: tuple[str, ...] = ()
    scripted: tuple[str, ...] = ()


def natives(workspace: Workspace, production: Sequence[LockedPackage]) -> Natives:
    known = load("native")
    calm = {*known["bundled"], *known["optional"], *known["idle"], *known["generated"]}
    allowed = set(workspace.manager.allowed_builds)
    major = {package.name: package.version.partition(".")[0] for package in production}
    scripted = tuple(
        name
        for name in sorted(major)
        if name in known["script"]
        or f"{name}@{major[name]}" in known["script"]
        or (name in allowed and name not in calm)
    )
    return Natives(tuple(name for name in sorted(major) if name in known["bundled"] and name not in scripted), scripted)
