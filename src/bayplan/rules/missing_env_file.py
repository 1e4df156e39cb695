"""An env file that a service needs is not there.

What it means: `env_file` names a file that is not in the repository, that .gitignore does not leave out of it, and of
which there is no example.

Why it is bad: compose refuses to start anything: "env file not found".

Bad:

```yaml deploy/compose.yaml
services:
  api:
    image: example.com/shop/api:1
    env_file: ./api.env
```

Good:

```yaml deploy/compose.yaml
services:
  api:
    image: example.com/shop/api:1
    env_file:
      - path: ./api.env
        required: false
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.presence import is_absent
from bayplan.rules.facts.values import stand_in


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in deployment.composes:
        for service in compose.services:
            optional = any(
                key.startswith("env_file[") and key.endswith("].required") and each.value == "false"
                for key, each in service.settings.items()
            )
            for file in service.env_files if not optional else ():
                if is_absent(workspace, deployment, file.value) and stand_in(deployment, file.value) is None:
                    yield Finding(
                        "missing-env-file",
                        Effect.WILL_NOT_START,
                        f"`{service.name}` needs {file.value}, which is not there",
                        (Place(file.at, "no such file, no example of it, and git does not ignore it"),),
                        "compose starts nothing: env file not found",
                        "correct the path; it is relative to the compose file",
                    )
