"""A secret is written into a compose file.

What it means: a compose file for production spells out the value of a variable with a secret's name, or a password in
a URL, instead of taking it from the environment. It is for production when its name says so, or when it runs a Caddy
that gets certificates for public names. A value that anybody would guess is a warning only.

Why it is bad: everybody who can read the repository, now or later, has the secret: git keeps it also after it is taken
out. Nor can it be replaced without a commit.

Bad:

```yaml docker-compose.prod.yml
services:
  api:
    image: example.com/shop/api:1
    environment:
      JWT_SECRET: uT4vkq8yGm2rWz7B
```

Good:

```yaml docker-compose.prod.yml
services:
  api:
    image: example.com/shop/api:1
    environment:
      JWT_SECRET: ${JWT_SECRET:?see .env.example}
```
"""

import re
from collections.abc import Iterator

from bayplan.model.deployment import ComposeFile, DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.exposure import for_production
from bayplan.rules.facts.secrets import GUESSED, URL_WITH_PASSWORD, written_secret
from bayplan.source import Located

EXAMPLE = re.compile(r"(?:^|[._/-])(?:examples?|samples?|templates?|demo|dist)(?:[._/-]|$)", re.IGNORECASE)
OF_NAMES = re.compile(r"(USER|USERNAME|DB|DATABASE|DB_NAME|DATABASE_NAME)$")
SHORTEST = 8


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for compose in for_production(workspace, deployment):
        if EXAMPLE.search(compose.path):
            continue
        written: dict[str, list[tuple[str, Located[str]]]] = {}
        for service in compose.services:
            for name, value in _variables(service):
                secret = written_secret(name, value.value)
                if secret:
                    written.setdefault(secret, []).append((name, value))
        for secret, uses in written.items():
            yield _finding(_is_guessed(compose, secret), uses)


def _variables(service: DeployedService) -> Iterator[tuple[str, Located[str]]]:
    if not service.profiles:
        yield from service.environment.items()
        yield from service.build_arguments.items()


def _is_guessed(compose: ComposeFile, secret: str) -> bool:
    """Say whether it is no secret to begin with: short, a usual word, the name of a user, database or service."""
    names = {one.name for one in compose.services}
    for one in compose.services:
        for name, value in one.environment.items():
            url = URL_WITH_PASSWORD.match(value.value)
            names.add(url["user"] if url else value.value if OF_NAMES.search(name) else "")
    return len(secret) < SHORTEST or bool(GUESSED.fullmatch(secret)) or secret in names


def _finding(guessed: bool, uses: list[tuple[str, Located[str]]]) -> Finding:  # noqa: FBT001 - one call, above
    name, _ = uses[0]
    label = "anybody would guess it" if guessed else "kept in the history of the repository"
    places = dict.fromkeys(value.at for _, value in uses)
    first, *others = places
    return Finding(
        "secret-in-compose",
        Effect.UNTIDY if guessed else Effect.EXPOSES_DATA,
        f"the value of {name} is written into a compose file for production",
        (Place(first, label), *(Place(each, "here, too") for each in others)),
        "whoever reads the repository knows it",
        f"write `${{{name}:?}}` and give it by an env file that is not committed; then replace the secret",
    )
