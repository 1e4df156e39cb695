"""`railway.json` and `railway.toml`: the settings of one service."""

import posixpath

from bayplan.errors import BrokenFileError
from bayplan.formats import json_nodes, toml_nodes
from bayplan.formats.document import Document
from bayplan.formats.scalars import flattened, joined, scalar
from bayplan.model.deployment import DeployedService
from bayplan.source import At, Located

HAVE_FIELDS = frozenset({"$schema", "build.dockerfilePath", "deploy.startCommand", "deploy.healthcheckPath"})


def parse(text: str, path: str, folder: str = "") -> DeployedService:
    """Return the service of a Railway file. Its paths are relative to the service's Root Directory, here `folder`."""
    document = toml_nodes.load(text, path) if path.endswith(".toml") else json_nodes.load(text, path, comments=True)
    if not isinstance(document.data, dict):
        raise BrokenFileError(
            f"{path} is not a Railway file: it holds no keys",
            at=At(path, 1, 1),
            remedy="write `build` and `deploy` in it",
        )
    command = scalar(document, "deploy", "startCommand")
    return DeployedService(
        name=posixpath.basename(posixpath.dirname(path)) or "railway",
        platform="railway",
        at=At(path, 1, 1),
        dockerfile=_dockerfile(document, folder),
        context=Located(folder or ".", At(path)),
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
