"""The Dockerfile of each image, and the scripts it copies."""

from bayplan.errors import UsageError
from bayplan.formats import dockerfile
from bayplan.model.image import Image
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Why


def write(stack: Stack) -> dict[str, Rendered]:
    images: dict[str, Image] = {}
    services = (*stack.services, *(each.serving for each in stack.services if each.serving is not None))
    for image in (*(each.image for each in services), *(own.image for own in stack.built)):
        path = image.dockerfile
        if images.setdefault(path, image) != image:
            remedy = "give each a path of its own in bayplan.yaml: services.<name>.dockerfile"
            raise UsageError(f"{path} would have to be the Dockerfile of two images", remedy=remedy)
    scripts = {path: _script(text) for image in images.values() for path, text in image.scripts}
    return {path: dockerfile.render(image) for path, image in images.items()} | scripts


def _script(text: str) -> Rendered:
    why = Why("dockerfiles", "the image beside it copies and runs it")
    return Rendered(text, ((1, text.count("\n"), why),))
