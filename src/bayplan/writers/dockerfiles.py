"""The Dockerfile of each image."""

from bayplan.formats import dockerfile
from bayplan.model.rendered import Rendered
from bayplan.model.stack import Stack


def write(stack: Stack) -> dict[str, Rendered]:
    images = {service.image.dockerfile: service.image for service in stack.services}
    return {path: dockerfile.render(image) for path, image in images.items()}
