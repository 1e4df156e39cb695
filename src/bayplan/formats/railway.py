"""`railway.json` and `railway.toml`: the settings of one service."""

import posixpath
from collections.abc import Callable, Mapping
from typing import Any

from bayplan.catalog import load
from bayplan.errors import BrokenFileError
from bayplan.formats import json_nodes, toml_nodes
from bayplan.formats.document import Document
from bayplan.formats.scalars import flattened, joined, scalar, scalars
from bayplan.formats.shapes import irregularities
from bayplan.model.deployment import DeployedService, Fault, Irregular, PlatformFile
from bayplan.source import At, Located

HAVE_FIELDS = frozenset({"$schema", "build.dockerfilePath", "deploy.startCommand", "deploy.healthcheckPath"})


def parse(text: str, path: str, exists: Callable[[str], bool] = lambda _: False) -> PlatformFile:
    """Return the service of a Railway file.

    Its paths are relative to the service's Root Directory, which is a setting on Railway: it is taken for the file's
    own folder where only there its Dockerfile is found.
    """
    document = toml_nodes.load(text, path) if path.endswith(".toml") else json_nodes.load(text, path, comments=True)
    if not isinstance(document.data, dict):
        raise BrokenFileError(
            f"{path} is not a Railway file: it holds no keys",
            at=At(path, 1, 1),
            remedy="write `build` and `deploy` in it",
        )
    folder, beside = "", posixpath.dirname(path)
    from_root, from_beside = (_dockerfile(document, each) for each in (folder, beside))
    if from_root and from_beside and not exists(from_root.value) and exists(from_beside.value):
        folder = beside
    table = load("platforms/railway")
    found = (_retired(path, table["retired"]), *irregularities(document, table))
    return PlatformFile(path, (_service(document, path, folder),), found)


def _retired(path: str, said: Mapping[str, Any]) -> Irregular:
    """Return what is old about the file as a whole."""
    message = f"{path} is in a form that Railway stops reading on {said['on']}"
    return Irregular(Fault.OLD, message, At(path, 1, 1), said["because"], f"write {said['now']}")


def _service(document: Document, path: str, folder: str) -> DeployedService:
    command = scalar(document, "deploy", "startCommand")
    release = scalars(document, "deploy", "preDeployCommand")
    cron = scalar(document, "deploy", "cronSchedule")
    return DeployedService(
        name=posixpath.basename(posixpath.dirname(path)) or "railway",
        platform="railway",
        at=At(path, 1, 1),
        kind="cron" if cron else "",
        release=Located(tuple(each.value for each in release[:1]), release[0].at) if release else None,
        dockerfile=_dockerfile(document, folder),
        context=Located(folder or ".", At(path)) if scalar(document, "build", "dockerfilePath") else None,
        command=Located((command.value,), command.at) if command else None,
        health_path=scalar(document, "deploy", "healthcheckPath"),
        settings=flattened(document, skip=HAVE_FIELDS),
    )


def _dockerfile(document: Document, folder: str) -> Located[str] | None:
    written = scalar(document, "build", "dockerfilePath")
    builder = scalar(document, "build", "builder")
    if written is None and builder and builder.value.upper() == "DOCKERFILE":
        written = Located("Dockerfile", builder.at)
    return Located(joined(folder, written.value.lstrip("/")), written.at) if written else None
