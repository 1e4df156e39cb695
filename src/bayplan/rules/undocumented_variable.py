"""A variable that the operator has to set is not in the example file.

What it means: a compose file uses `${NAME}` without a default, there is a `.env.example` beside it, and the name is not
in it.

Why it is bad: whoever copies the example and fills it in misses it. The value is then empty, with only a warning.

Bad:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    environment:
      JWT_SECRET: ${JWT_SECRET}
```

```dotenv .env.example
DATABASE_URL=postgres://shop@postgres/shop
```

Good:

```yaml compose.yaml
services:
  api:
    image: example.com/shop/api:1
    environment:
      JWT_SECRET: ${JWT_SECRET}
```

```dotenv .env.example
JWT_SECRET=
```
"""

import posixpath
import re
from collections.abc import Iterator

from bayplan.model.deployment import ComposeFile, Deployment, EnvFile
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.values import env_files, references
from bayplan.source import At

COMPOSE = re.compile(r"(?:docker-)?compose\.([^.]+)\.ya?ml")
OF_A_PLATFORM = re.compile(r"\.(?:fly|railway|render)\.[a-z]+$")
"""The end of a template of values that no compose file is given."""
FROM_ELSEWHERE = ("COMPOSE_", "DOCKER_", "GITHUB_", "CI_")
OF_THE_SHELL = frozenset({"HOME", "USER", "PWD", "PATH", "UID", "GID", "HOSTNAME", "TZ", "SHELL"})


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    from difflib import get_close_matches

    for compose in deployment.composes:
        files = [*env_files(deployment, posixpath.dirname(compose.path)), *_of_environment(deployment, compose)]
        documented = {line.name: line.at for file in files for line in file.lines}
        reported: set[str] = set()
        for service in compose.services if files else ():
            for match, value in references(service):
                name = match["name"] or match["bare"]
                has_default = (match["kind"] or "").endswith(("-", "+"))
                if name in documented or name in reported or has_default or _is_given_elsewhere(name):
                    continue
                reported.add(name)
                near = get_close_matches(name, documented, 1, 0.8)
                yield Finding(
                    "undocumented-variable",
                    Effect.UNTIDY,
                    f"{compose.path} needs {name}, and {files[-1].path} does not mention it",
                    (
                        Place(value.at, f"`{service.name}` needs {name}"),
                        Place(documented[near[0]] if near else At(files[-1].path), "missing here"),
                    ),
                    "whoever fills in the example misses it, and its value is empty",
                    f"did you mean {near[0]}?" if near else f"add {name} to {files[-1].path}",
                )


def _of_environment(deployment: Deployment, compose: ComposeFile) -> Iterator[EnvFile]:
    """Yield the env files of the environment that a compose file is named after, and those that its messages name."""
    folder, name = posixpath.split(compose.path)
    named = COMPOSE.fullmatch(name)
    said = {word for service in compose.services for match, _ in references(service) for word in _words(match)}
    for file in deployment.env_files:
        is_beside = posixpath.dirname(file.path) == folder and not OF_A_PLATFORM.search(file.path)
        if file.path in said or (named and is_beside and f".{named[1]}" in posixpath.basename(file.path)):
            yield file


def _words(reference: re.Match[str]) -> list[str]:
    """Return the words of a message: `${NAME:?see .env.staging.example}`."""
    return (reference["rest"] or "").split() if (reference["kind"] or "").endswith("?") else []


def _is_given_elsewhere(name: str) -> bool:
    return name in OF_THE_SHELL or name.startswith(FROM_ELSEWHERE)
