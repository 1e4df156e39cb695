"""A secret is written into a platform's file.

What it means: `[env]` of a `fly.toml`, a `value` of a blueprint or a text in `.railway/railway.ts` spells out the value
of a variable with a secret's name, or a password in a URL. A value that anybody would guess is a warning only.

Why it is bad: everybody who can read the repository, now or later, has the secret: git keeps it also after it is taken
out. Fly shows `[env]` to everybody who can see the app, too.

Bad:

```toml fly.toml
app = "shop-api"

[build]
image = "ghcr.io/shop/api:1"

[env]
JWT_SECRET = "uT4vkq8yGm2rWz7B"
```

Good:

```toml fly.toml
app = "shop-api" # told by `fly secrets import`: JWT_SECRET

[build]
image = "ghcr.io/shop/api:1"

[env]
NODE_ENV = "production"
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.secrets import GUESSED, written_secret
from bayplan.source import Located

SHORTEST = 8
ELSEWHERE = {
    "fly": "take it out, and set it with `fly secrets import`, which reads `{name}=…` from its input",
    "render": "write `sync: false`, or `generateValue: true`, instead of the value",
    "railway": "write `preserve()` instead of the value, and set it on Railway",
}


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for service in deployment.platform_services:
        for name, value in {**service.build_arguments, **service.environment}.items():
            secret = written_secret(name, value.value)
            if secret and service.platform in ELSEWHERE:
                yield _finding(service, name, value, secret)


def _finding(service: DeployedService, name: str, value: Located[str], secret: str) -> Finding:
    is_guessed = len(secret) < SHORTEST or bool(GUESSED.fullmatch(secret))
    label = "anybody would guess it" if is_guessed else "kept in the history of the repository"
    return Finding(
        "secret-in-platform-file",
        Effect.UNTIDY if is_guessed else Effect.EXPOSES_DATA,
        f"the value of {name} is written into {value.at.file}",
        (Place(value.at, label),),
        "whoever reads the repository knows it",
        f"{ELSEWHERE[service.platform].format(name=name)}; then replace the secret",
    )
