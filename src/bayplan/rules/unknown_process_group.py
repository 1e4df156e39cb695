"""A part of `fly.toml` is about no process group.

What it means: a service, a check, a volume or a machine size names a process group that `[processes]` does not have, or
there are process groups and a service says none.

Why it is bad: Fly refuses a file whose service belongs to no group. A volume, a check or a size of an unknown group is
for no machine at all, and nothing says so.

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```toml fly.toml
app = "shop"

[build]
dockerfile = "apps/api/Dockerfile"

[processes]
api = "node apps/api/dist/main.js"
worker = "node apps/worker/dist/main.js"

[http_service]
internal_port = 4000
processes = ["app"]
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine
WORKDIR /app
COPY . .
CMD ["node", "apps/api/dist/main.js"]
```

```toml fly.toml
app = "shop"

[build]
dockerfile = "apps/api/Dockerfile"

[processes]
api = "node apps/api/dist/main.js"
worker = "node apps/worker/dist/main.js"

[http_service]
internal_port = 4000
processes = ["api"]
```
"""

from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Workspace
from bayplan.rules.facts.fly import LISTENS, apps_of, group, named_groups, tables
from bayplan.source import At, Located

REFUSED = "flyctl refuses the file: nothing is deployed"
FOR_NOTHING = "it is for no machine at all, and nothing says so"


def check(_: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for groups in apps_of(deployment):
        names = {group(each): each.at for each in groups}
        for part, name in named_groups(groups[0]):
            if name.value not in names and not part.startswith("processes"):
                yield _unknown(part, name, names)
        yield from _without(groups)


def _unknown(part: str, name: Located[str], names: dict[str, At]) -> Finding:
    from difflib import get_close_matches

    root = part.partition("[")[0].partition(".")[0]
    near = next(iter(get_close_matches(name.value, names, 1)), min(names))
    lost = root == "mounts"
    refused = root in ("http_service", "services", "restart")
    return Finding(
        "unknown-process-group",
        Effect.LOSES_DATA if lost else Effect.WILL_NOT_START if refused else Effect.UNTIDY,
        f"`{part}` is for the process group `{name.value}`, which the file does not have",
        (Place(name.at, "no such process group"), Place(names[near], f"the file has {_listed(names)}")),
        REFUSED if refused else f"no machine has the volume: {FOR_NOTHING}" if lost else FOR_NOTHING,
        f"write one of {_listed(names)}, or add `{name.value}` to `[processes]`",
    )


def _without(groups: tuple[DeployedService, ...]) -> Iterator[Finding]:
    """Yield what listens without saying for which of the groups."""
    first = groups[0]
    if first.command is None or not first.command.at.key.startswith("processes."):
        return
    said = {part for part, _ in named_groups(first)}
    names = {group(each): each.at for each in groups}
    for part in tables(first, LISTENS):
        if part not in said:
            at = next(value.at for key, value in first.settings.items() if key.startswith(f"{part}."))
            yield Finding(
                "unknown-process-group",
                Effect.WILL_NOT_START,
                f"`{part}` does not say which process group it is for",
                (Place(at, "it has no `processes`"), *_places(names)),
                REFUSED,
                f'add `processes = ["{"app" if "app" in names else min(names)}"]` to it',
            )


def _places(names: dict[str, At]) -> Iterator[Place]:
    for name, at in names.items():
        yield Place(at, f"the process group `{name}`")


def _listed(names: dict[str, At]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
