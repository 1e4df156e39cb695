"""Under which name an image is pulled, where it is not built where it runs."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from bayplan.errors import UsageError
from bayplan.model.config import Config
from bayplan.model.parts import Asked, Composed, Given, Value
from bayplan.model.stack import Service, Stack
from bayplan.passes.environments import Environment

REFERENCE = re.compile(r"\$\{(?P<name>\w+)(?::?-(?P<default>[^}]*))?(?::?\?[^}]*)?\}")


def pulled(service: Service, where: Environment, stack: str) -> Service:
    """Return a service with the name that its image is pulled under; a job runs in the image of another."""
    return replace(service, pulled=name(where, stack, service.image_of or service.name))


def name(where: Environment, stack: str, image: str) -> Value | None:
    text = where.config.images
    if text is None:
        return None
    for word, meant in (("{name}", stack), ("{environment}", where.name), ("{service}", image)):
        text = text.replace(word, meant)
    return filled(text)


def refuse_shared(stacks: Sequence[Stack], config: Config) -> None:
    """Raise when two environments pull an image under one name into which different values are built."""
    for first, second in combinations(stacks, 2):
        others = {own.name: own for own in second.built}
        for own in first.built:
            other = others.get(own.name)
            if other is None or own.pulled is None or own.pulled != other.pulled:
                continue
            told, also = ({each.name: each.value for each in one.variables if each.at_build} for one in (own, other))
            differs = next((key for key in sorted({*told, *also}) if told.get(key) != also.get(key)), None)
            if differs is not None:
                raise UsageError(
                    f"{differs} is built into the image of {own.name}, differs between {first.environment} and"
                    f" {second.environment}, and both pull the image under one name: the last build would serve both",
                    at=config.at("environments", second.environment, "images"),
                    remedy="put {environment} into `images`, so that each has its own",
                )


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
