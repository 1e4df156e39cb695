"""Under which name an image is pulled, where it is not built where it runs."""

import re
from dataclasses import replace

from bayplan.model.config import Config
from bayplan.model.parts import Asked, Composed, Given, Value
from bayplan.model.stack import Service

REFERENCE = re.compile(r"\$\{(?P<name>\w+)(?::?-(?P<default>[^}]*))?(?::?\?[^}]*)?\}")


def pulled(service: Service, config: Config, stack: str) -> Service:
    """Return a service with the name that its image is pulled under; a job runs in the image of another."""
    return replace(service, pulled=name(config, stack, service.image_of or service.name))


def name(config: Config, stack: str, image: str) -> Value | None:
    if config.images is None:
        return None
    return filled(config.images.replace("{name}", stack).replace("{service}", image))


def filled(text: str) -> Value:
    """Return a text with compose's `${NAME}` and `${NAME:-default}` in it as what the operator is asked for."""
    parts: list[Given | Asked] = []
    end = 0
    for found in REFERENCE.finditer(text):
        parts += [Given(text[end : found.start()])] if found.start() > end else []
        parts.append(Asked(found["name"], found["default"], required=found["default"] is None))
        end = found.end()
    parts += [Given(text[end:])] if end < len(text) else []
    return parts[0] if len(parts) == 1 else Composed(tuple(parts))
