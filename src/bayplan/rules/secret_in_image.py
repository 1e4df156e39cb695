"""A secret is written into an image.

What it means: a Dockerfile sets a variable with a secret's name to a value by ENV, or takes it as ARG.

Why it is bad: both are kept in the image's history and attestations. Everybody who can pull the image can read them.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
ENV JWT_SECRET=not-so-secret-any-more
CMD ["node", "apps/api/dist/main.js"]
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment, ImageFile, Instruction
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.secrets import URL_WITH_PASSWORD, is_secret
from bayplan.rules.facts.stages import pairs, within


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for image in deployment.images:
        for instruction in _lasting(image):
            for name, value in pairs(instruction):
                with_password = value is not None and bool(URL_WITH_PASSWORD.match(value))
                if not (is_secret(name) or with_password) or (instruction.word == "ENV" and not value):
                    continue
                yield Finding(
                    "secret-in-image",
                    Effect.EXPOSES_DATA,
                    f"{name} becomes part of the image",
                    (Place(within(instruction, name), "kept in the image's history"),),
                    "everybody who can pull the image can read it",
                    "give it when the container starts, or use `RUN --mount=type=secret` when the build needs it",
                )


def _lasting(image: ImageFile) -> Iterator[Instruction]:
    """Yield every ARG, and the ENVs of the last stage: those of earlier stages may well be placeholders."""
    if not image.stages:
        return
    for stage in image.stages:
        yield from (each for each in stage.instructions if each.word == "ARG")
    yield from image.instructions(image.final, "ENV")
