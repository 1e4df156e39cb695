r"""A Dockerfile copies an .npmrc that holds a token.

What it means: the repository's `.npmrc` gives the value of `_authToken`, `_auth` or `_password` itself, and a COPY
takes the file into a stage, the last one or one before it.

Why it is bad: the layer stays in the build cache and in every cache that is exported, and in the image when it is the
last stage. Everybody who can read one of them, or the repository, can act as the owner of the token.

Bad:

```ini .npmrc
//npm.example.com/:_authToken=not-so-secret-any-more
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY package.json pnpm-lock.yaml .npmrc ./
RUN npm install -g pnpm@10.34.8 && pnpm install --frozen-lockfile
CMD ["node", "apps/api/dist/main.js"]
```

Good:

```ini .npmrc
//npm.example.com/:_authToken=${NPM_TOKEN}
```

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY package.json pnpm-lock.yaml .npmrc ./
RUN --mount=type=secret,id=NPM_TOKEN,required=true \
    npm install -g pnpm@10.34.8 && \
    NPM_CONFIG_USERCONFIG=.npmrc NPM_TOKEN="$(cat /run/secrets/NPM_TOKEN)" pnpm install --frozen-lockfile
CMD ["node", "apps/api/dist/main.js"]
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment, ImageFile
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.apps import contexts_of
from bayplan.rules.facts.contexts import ignore_file, is_ignored
from bayplan.rules.facts.layout import Layout, ancestors, below
from bayplan.source import At


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for credential in (each for owner in workspace.every for each in owner.manager.credentials):
        file = credential.at.file
        copies = [at for image in deployment.images for at in _copies(workspace, deployment, image, file)]
        if copies:
            # a place without a line, for a report shows the lines of places, and this one is a secret
            holds = Place(At(file, key=credential.value), f"line {credential.at.line} holds {credential.value} itself")
            yield Finding(
                "token-in-npmrc",
                Effect.EXPOSES_DATA,
                f"{file} holds the value of {credential.value}, and images are built with it",
                (holds, *(Place(at, "copied into a layer") for at in dict.fromkeys(copies))),
                "the build cache keeps it; everybody who can read that, or the repository, can use it",
                "revoke it, write `${NPM_TOKEN}` in its place, and give that to the install as a secret of the build",
            )


def _copies(workspace: Workspace, deployment: Deployment, image: ImageFile, file: str) -> Iterator[At]:
    """Yield the instructions that take a file of the repository into any stage."""
    around = ancestors(file)
    for context in dict.fromkeys(contexts_of(workspace, deployment, image)):
        inner = below(file, context)
        if inner is None or is_ignored(ignore_file(deployment, image.path, context), inner):
            continue
        layout = Layout(workspace, image, context)
        for stage in image.stages:
            yield from (each.at for each in layout.pieces(stage) if each.stage is None and each.source in around)
