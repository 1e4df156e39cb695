"""The Dockerfile of each image, and the scripts it copies."""

from bayplan.formats import dockerfile
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack
from bayplan.source import Why


def write(stack: Stack) -> dict[str, Rendered]:
    images = {service.image.dockerfile: service.image for service in stack.services}
    images |= {own.image.dockerfile: own.image for own in stack.built}
    scripts = {path: _script(text) for image in images.values() for path, text in image.scripts}
    return {path: dockerfile.render(image) for path, image in images.items()} | scripts


def _script(text: str) -> Rendered:
    why = Why("dockerfiles", "the image beside it copies and runs it")
    return Rendered(text, ((1, text.count("\n"), why),))
