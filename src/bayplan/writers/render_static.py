"""An app that is nothing but files: Render builds it without an image and serves it itself."""

import posixpath
import re
import shlex

from bayplan.formats.render_writer import Entry, Value
from bayplan.model.image import Copy, Image, Run, Stage, Workdir
from bayplan.model.stack import Service, Stack
from bayplan.source import Why
from bayplan.writers import hosted
from bayplan.writers.render_platform import domains, named_there, when_checked
from bayplan.writers.render_variables import told

GLOBAL_INSTALL = re.compile(r"npm install -g (\S+)")
OF_A_SECRET = re.compile(r"""(\w+)="\$\(cat /run/secrets/\1\)" """)
TOLD_BEFORE = re.compile(r"(?:\w+=\S+ )*")
STORE_FOLDER = re.compile(r" --(?:store-dir|cache) /\S+")
HISTORY = Why("render", "the app shows its own paths; files that exist are served before this rule")
EXACT = Why("manager", "the exact package manager: the builder's own is another one")
REGISTRY = Why("registries", "its installs read it")
OWN_INSTALL = Why("render", "the build command installs what the lockfile says; the builder would install everything")


def site(stack: Stack, service: Service) -> dict[str, Value]:
    image, facts = service.image, told(stack, service)
    found: dict[str, Value] = {"type": "web", "name": named_there(stack, service.name), "runtime": "static"}
    found |= domains(stack, service)
    found["buildCommand"] = Entry(" && ".join(_build(image)), why=EXACT)
    folder, why = _output(image)
    found["staticPublishPath"] = Entry(f"./{folder}", why=why)
    fallback: list[Value] = [{"type": "rewrite", "source": "/*", "destination": "/index.html"}]
    found["routes"] = Entry([*_moved(stack, service), *fallback], why=HISTORY)
    if headers := _headers(stack, service):
        found["headers"] = headers
    entries: list[Value] = [
        Entry({"key": "NODE_VERSION", "value": stack.node.value}, why=stack.node.why),
        Entry({"key": "SKIP_INSTALL_DEPS", "value": "true"}, why=OWN_INSTALL),
        *(Entry({"key": name, "sync": False}, why=REGISTRY) for name in image.secrets),
        *facts.entries,
    ]
    found |= when_checked(stack)
    changes = Why("closure", "what it is built from: other changes leave it as it is")
    own = (image.dockerfile, posixpath.join(image.context, ".dockerignore"), *(path for path, _ in image.scripts))
    paths = [each for each in hosted.closure(image) if each not in {posixpath.normpath(path) for path in own}]
    return {
        **found,
        "buildFilter": Entry({"paths": paths}, why=changes),
        "envVars": Entry(entries, comment=facts.wanted),
    }


def _build(image: Image) -> list[str]:
    """Return the commands of the image's build, by the exact package manager, which nothing installs for good."""
    runs = [
        step for stage in _before(image, _source(image).stage or "") for step in stage.steps if isinstance(step, Run)
    ]
    commands = [OF_A_SECRET.sub("", command) for run in runs for command in run.commands]
    pinned = next((match.group(1) for each in commands if (match := GLOBAL_INSTALL.fullmatch(each))), "")
    exact = [_exactly(STORE_FOLDER.sub("", each), pinned) for each in commands if not GLOBAL_INSTALL.fullmatch(each)]
    inside = [] if image.context == "." else [f"cd {shlex.quote(image.context)}"]
    return [*inside, *exact]


def _exactly(command: str, pinned: str) -> str:
    """Return a command of the package manager in the version that is pinned: `pnpm@10.34.8`."""
    manager = pinned.partition("@")[0]
    before = TOLD_BEFORE.match(command)
    told_first = before.group() if before else ""
    rest = command.removeprefix(told_first)
    runs = bool(manager) and rest.startswith(f"{manager} ")
    return f"{told_first}npx --yes {pinned}{rest.removeprefix(manager)}" if runs else command


def _before(image: Image, name: str) -> list[Stage]:
    """Return the stages that a stage is built on, the oldest first, itself last."""
    found: list[Stage] = []
    wanted = name
    for stage in reversed(image.stages):
        if stage.name == wanted:
            found.insert(0, stage)
            wanted = stage.base
    return found


def _source(image: Image) -> Copy:
    """Return the step that takes the built files into the last stage."""
    steps = [step for step in image.stages[-1].steps if isinstance(step, Copy)]
    return next(step for step in steps if step.stage is not None)


def _output(image: Image) -> tuple[str, Why]:
    """Return the folder of the repository that the build writes to."""
    step = _source(image)
    steps = [each for stage in _before(image, step.stage or "") for each in stage.steps]
    root = next((each.path for each in steps if isinstance(each, Workdir)), "/")
    inside = posixpath.relpath(posixpath.join(root, step.sources[0]), root)
    return posixpath.normpath(posixpath.join(image.context, inside)), step.why


def _moved(stack: Stack, service: Service) -> list[Value]:
    """Return the redirects of its hosts; one from everything is a matter of domains."""
    moved = [pair for site in hosted.sites(stack, service) for pair in site.redirects if pair[0] and "$" not in pair[1]]
    return [{"type": "redirect", "source": source, "destination": target} for source, target in moved]


def _headers(stack: Stack, service: Service) -> list[Value]:
    found = dict(pair for site in hosted.sites(stack, service) for pair in site.headers)
    return [{"path": "/*", "name": name, "value": value} for name, value in found.items() if "${" not in value]
