"""A start command names a file that the image holds elsewhere.

What it means: the command of the image, of compose or of a platform starts a file at a path where no COPY of the image
puts it. What a platform runs before a new version starts is such a command, too.

Why it is bad: the layout of the image changed and this command did not follow. Every container ends at once with
"Cannot find module".

Bad:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine AS build
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile && pnpm --filter @shop/api... build

FROM node:22-alpine
WORKDIR /app
COPY --from=build /app ./
CMD ["node", "apps/api/dist/main.js"]
```

```toml apps/api/fly.toml
app = "shop-api"

[build]
dockerfile = "Dockerfile"

[processes]
app = "node dist/main.js"
```

Good:

```dockerfile apps/api/Dockerfile
FROM node:22-alpine AS build
WORKDIR /app
COPY . .
RUN pnpm install --frozen-lockfile && pnpm --filter @shop/api... build

FROM node:22-alpine
WORKDIR /app
COPY --from=build /app ./
CMD ["node", "apps/api/dist/main.js"]
```

```toml apps/api/fly.toml
app = "shop-api"

[build]
dockerfile = "Dockerfile"

[processes]
app = "node apps/api/dist/main.js"
```
"""

import posixpath
import re
from collections.abc import Iterator

from bayplan.model.deployment import DeployedService, Deployment
from bayplan.model.finding import Effect, Finding, Place
from bayplan.model.workspace import Package, Workspace
from bayplan.rules.facts.apps import App, apps, members
from bayplan.rules.facts.commands import Start, same_script, script_path, shell_path
from bayplan.rules.facts.layout import below, is_file

ENDINGS = (".js", ".mjs", ".cjs")
ENDS = "every container ends at once"
STOPS_RELEASE = "no new version is deployed, for the command ends"
OWN_FOLDER = re.compile(r"__dirname|import\.meta\.dirname|process\.cwd\(\)")


def check(workspace: Workspace, deployment: Deployment) -> Iterator[Finding]:
    for app in apps(workspace, deployment):
        commands: list[DeployedService | None] = [None, *(each for each in app.services if each.command is not None)]
        if app.services and all(service.command is not None for service in app.services):
            commands = commands[1:] if any(_replaces(service) for service in app.services) else commands
        for service in commands:
            yield from _judged(workspace, app, service, app.start(service), ENDS)
        for service in app.services:
            yield from _judged(workspace, app, service, app.release(service), STOPS_RELEASE)


def _judged(
    workspace: Workspace, app: App, service: DeployedService | None, command: Start | None, then: str
) -> Iterator[Finding]:
    if command is None:
        return
    path, script = script_path(command), shell_path(command)
    if path and "/node_modules/" not in path and (there := _elsewhere(workspace, app, path)):
        yield _finding(app, service, command, path, there, f"{then} with \"Cannot find module '{path}'\"")
    if script and (there := _copied_elsewhere(app, script)):
        yield _finding(app, service, command, script, there, f"{then} with \"can't open '{script}'\"")


def _replaces(service: DeployedService) -> bool:
    return service.platform == "compose"


def _elsewhere(workspace: Workspace, app: App, path: str) -> list[str]:
    """Return where the image holds the file that is meant, when that is not where the command looks for it."""
    found = [
        place
        for package in members(workspace, app.package)
        for file in start_files(workspace, package)
        if same_script(posixpath.basename(file), posixpath.basename(path))
        for place in app.layout.places(app.stage, file)
    ]
    held = any(same_script(place, path) for place in found) or _is_held(app, path)
    return [] if held else found


def _copied_elsewhere(app: App, path: str) -> list[str]:
    """Return where the image holds the script that is meant, when nothing of it can be where the shell looks."""
    name = posixpath.basename(path)
    copied = [piece.target for piece in app.layout.pieces(app.stage) if is_file(piece.source)]
    found = [target for target in copied if posixpath.basename(target) == name and target != path]
    return [] if any(app.layout.origins(app.stage, path)) else found


def _is_held(app: App, path: str) -> bool:
    """Say whether the image may hold some other file at a path: one written by hand, or one that a build makes."""
    return any(_may_exist(app, origin.split("/")) for origin in app.layout.origins(app.stage, path))


def _may_exist(app: App, parts: list[str]) -> bool:
    outputs = {each.value.partition("/")[0] for package in app.layout.workspace.packages for each in package.outputs}
    made = outputs | {"dist", "build", "out", ".next"}
    first = next((index for index, part in enumerate(parts) if part in made), None)
    if first is None:
        return True
    maker = app.layout.workspace.by_folder("/".join(parts[:first]) or ".")
    is_known = parts[first] == ".next"  # where Next.js puts its server is certain
    return maker is not None and not is_known and bool(maker.folder != "." or maker.outputs or maker.code.framework)


def start_files(workspace: Workspace, package: Package) -> list[str]:
    """Return the files, relative to the root, that can start a package."""
    words = [word for script in package.scripts.values() for word in script.value.split() if "node " in script.value]
    words += package.start.value if package.start is not None else ()
    words += [entry.value for entry in package.entries]
    files = [posixpath.normpath(word) for word in words if word.endswith(ENDINGS)]
    return [package.path(file) for file in dict.fromkeys((*files, *_servers(workspace, package)))]


def _servers(workspace: Workspace, package: Package) -> list[str]:
    """Return where Next.js can put its server: below the tracing root, as far as the config tells which that is."""
    if package.code.next is None:
        return []
    root = package.code.next.tracing_root
    built = package.code.next.built
    folder = below(package.folder, workspace.holding(package.folder).root) or "."
    nested = posixpath.normpath(f"{built}/standalone/{folder}/server.js")
    flat = f"{built}/standalone/server.js"
    if root is None or root.value.count("..") == folder.count("/") + 1:
        return [nested]
    return [flat] if OWN_FOLDER.fullmatch(root.value) else [nested, flat]


def _finding(
    app: App, service: DeployedService | None, command: Start, path: str, there: list[str], then: str
) -> Finding:
    who = f"{service.platform} service `{service.name}`" if service else "the image"
    copies = [
        piece.at
        for piece in app.layout.pieces(app.stage)
        if below(there[0], piece.target) is not None and piece.at.file == app.image.path
    ]
    own = app.start()
    places = [Place(command.at, f"{path} is not in the image")]
    if copies:
        places.append(Place(copies[-1], f"the image holds it at {there[0]}"))
    if own is not None and own.at != command.at:
        places.append(Place(own.at, "the image itself starts this"))
    return Finding(
        "missing-start-file",
        Effect.WILL_NOT_START,
        f"{who} starts {path}, and the image holds {posixpath.basename(path)} at {there[0]}",
        tuple(places),
        then,
        f"start `{_program(command)} {below(there[0], command.folder) or there[0]}`",
    )


def _program(command: Start) -> str:
    return "node" if script_path(command) else command.argv[0]
