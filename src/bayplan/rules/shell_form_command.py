"""A command is written in shell form.

What it means: CMD or ENTRYPOINT of the last stage is a text, not a JSON list, and does not begin with `exec`.

Why it is bad: a shell is then the first process and gets the signal to stop, which it does not pass on. The app is
killed ten seconds later, in the middle of its work.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD node apps/api/dist/main.js
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

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.stages import last


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for image in deployment.images:
        entry, command = last(image, image.final, "ENTRYPOINT"), last(image, image.final, "CMD")
        decides = entry or command
        if decides is None or not decides.shell or decides.at.file != image.path:
            continue
        text = " ".join(decides.arguments)
        if text.startswith("exec ") or " exec " in text:
            continue
        yield Finding(
            "shell-form-command",
            Effect.UNTIDY,
            "a shell is the first process of the container",
            (Place(decides.at, "in shell form"),),
            "the signal to stop does not reach the app: it is killed while it works",
            "write it as a JSON list",
        )
