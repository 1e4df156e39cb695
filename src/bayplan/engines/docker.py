"""Every Docker command bayplan runs, as a value. Nothing here runs anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from bayplan.model.front import Proxy
from bayplan.model.stack import OwnImage, Service, Stack
from bayplan.model.values import text_of
from bayplan.run import Step

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
Own = OwnImage | Service
"""What has an image of its own, or runs in one."""
QUICK = 60.0
LONG = 300.0


@dataclass(frozen=True, slots=True)
class Project:
    """A compose project: where its file is and which env files fill it in."""

    name: str
    root: Path
    compose: str = "docker-compose.prod.yml"
    env_files: tuple[str, ...] = ()
    apart: str = ""
    """The environment, where a repository has several: what is kept of each must not be taken for another's."""

    def keeping(self, path: str) -> str:
        """Return the path of what is kept of this environment: `running.json` becomes `running.staging.json`."""
        name, dot, ending = path.rpartition(".")
        return f"{name}.{self.apart}{dot}{ending}" if self.apart else path


def image_name(stack: Stack, own: Own, values: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the name of an image as the compose file has it, so that `docker compose up` finds what bayplan built."""
    if own.pulled is not None:
        return text_of(own.pulled, values)
    carrier = own.image_of if isinstance(own, Service) else None
    return f"{stack.project_name}-{carrier or own.name}"


def _path(path: str) -> str:
    """Return a path that no program takes for an option."""
    return f"./{path}" if path.startswith("-") else path


def build(stack: Stack, own: Own, root: Path, values: Mapping[str, str], platform: str | None = None) -> Step:
    """Build one image. Arguments and secrets go through the environment: an argv is seen by everyone on the machine.

    An image for another platform gets a tag of its own, for the plain one is what runs here.
    """
    told = {each.name: text_of(each.value, values) for each in own.variables if each.at_build}
    arguments = {name: text for name, text in told.items() if text}  # none is not the same as an empty one
    tag = _tagged(image_name(stack, own, values), platform)
    argv = ["docker", "buildx", "build", "--load", "--progress=plain"]
    argv += [f"--platform={platform}"] if platform else []
    argv += [f"--file={own.image.dockerfile}", f"--tag={tag}"]
    argv += [f"--build-arg={name}" for name in sorted(arguments)]
    argv += [f"--secret=id={name},env={name}" for name in own.image.secrets]
    argv.append(_path(own.image.context))
    secret = {name: values[name] for name in own.image.secrets if name in values}
    return Step(tuple(argv), f"build the image of {own.name}", environment=arguments | secret, folder=root)


def _tagged(name: str, platform: str | None) -> str:
    tag = platform.replace("/", "-") if platform else "latest"
    untagged, colon, own = name.rpartition(":")
    if not colon or "/" in own:
        return f"{name}:{tag}"
    return f"{untagged}:{own}-{tag}" if platform else name


def versions() -> tuple[Step, ...]:
    """Ask for the versions of the engine, of compose and of buildx."""
    return (
        Step(("docker", "version", "--format={{.Server.Version}}"), "find the Docker engine", timeout=QUICK),
        Step(("docker", "compose", "version", "--short"), "find Docker's compose plugin", timeout=QUICK),
        Step(("docker", "buildx", "version"), "find Docker's buildx plugin", timeout=QUICK),
    )


def compose(project: Project, words: Sequence[str], purpose: str, overrides: Sequence[str] = ()) -> Step:
    """Run compose on the project; `overrides` are more compose files, laid over it."""
    files = [f"--file={path}" for path in (project.compose, *overrides)]
    environment = [f"--env-file={path}" for path in project.env_files]
    argv = ("docker", "compose", f"--project-name={project.name}", *files, *environment, *words)
    return Step(argv, purpose, folder=project.root)


UP = ("up", "--detach", "--no-build", "--remove-orphans")


def up(project: Project, overrides: Sequence[str] = (), services: Sequence[str] = ()) -> Step:
    """Start everything, or these services and what they need.

    Compose replaces with a service all that waits for it. Those that are not named it leaves alone: a proxy goes on
    running while what is behind it is replaced.
    """
    return compose(project, (*UP, *services), "start the stack", overrides)


def up_again(project: Project, settings: str, services: Sequence[str] = ()) -> Step:
    """Start what a file that compose itself has printed describes."""
    files = (f"--project-directory={project.root}", f"--file={settings}")
    argv = ("docker", "compose", f"--project-name={project.name}", *files, *UP, *services)
    return Step(argv, "bring back what ran before", folder=project.root, timeout=LONG)


def settings(project: Project, overrides: Sequence[str] = ()) -> Step:
    return compose(project, ("config", "--format=json"), "read the compose file", overrides)


def tag(image: str, name: str) -> Step:
    return Step(("docker", "tag", image, name), f"name the image {name}", timeout=QUICK)


def down(project: Project, given: Mapping[str, str], *, volumes: bool) -> Step:
    """Take the stack down; `given` is what compose must have to read its file, whatever it is."""
    words = ["down", "--remove-orphans", *(["--volumes"] if volumes else [])]
    return replace(compose(project, words, "take the stack down"), environment=given)


def config_hashes(project: Project) -> Step:
    return compose(project, ("config", "--hash=*"), "read the compose file")


def containers(project: Project) -> Step:
    """List the ids of the project's containers, the ended ones too, but not those of `compose run`."""
    label = f"--filter=label={PROJECT_LABEL}={project.name}"
    argv = ("docker", "ps", "--all", "--quiet", "--no-trunc", label, "--filter=label=com.docker.compose.oneoff=False")
    return Step(argv, "list the stack's containers", timeout=QUICK)


def left(project: Project) -> tuple[Step, ...]:
    """List what exists of a project: containers, networks, volumes."""
    label = f"--filter=label={PROJECT_LABEL}={project.name}"
    return (
        Step(("docker", "ps", "--all", "--format={{.Names}}", label), "list containers", timeout=QUICK),
        Step(("docker", "network", "ls", "--format={{.Name}}", label), "list networks", timeout=QUICK),
        volumes(project),
    )


def volumes(project: Project) -> Step:
    label = f"--filter=label={PROJECT_LABEL}={project.name}"
    return Step(("docker", "volume", "ls", "--format={{.Name}}", label), "list volumes", timeout=QUICK)


def inspect(kind: str, names: Sequence[str]) -> Step:
    return Step(("docker", kind, "inspect", *names), f"inspect the {kind}", timeout=QUICK)


def image_id(name: str) -> Step:
    return Step(("docker", "image", "inspect", "--format={{.Id}}", name), "find an image", timeout=QUICK)


def history(image: str) -> Step:
    argv = ("docker", "history", "--no-trunc", "--human=false", "--format={{json .}}", image)
    return Step(argv, f"read the history of {image}", timeout=QUICK)


def save(image: str) -> Step:
    return Step(("docker", "save", image), f"read the layers of {image}")


def events(project: Project, since: float, until: float) -> Step:
    """Ask for what happened; the engine remembers only the last 256 events, so this is asked often."""
    argv = ("docker", "events", f"--since={since:.6f}", f"--until={until:.6f}", "--format={{json .}}")
    filters = ("--filter=type=container", f"--filter=label={PROJECT_LABEL}={project.name}")
    return Step((*argv, *filters), "watch the stack", timeout=QUICK)


def clock() -> Step:
    return Step(("docker", "info", "--format={{.SystemTime}}"), "read the engine's clock", timeout=QUICK)


def logs(container: str, lines: int | None = None, since: str = "") -> Step:
    tail = (f"--tail={lines}",) if lines else ()
    begin = (f"--since={since}",) if since else ()
    return Step(("docker", "logs", *tail, *begin, container), "read the logs", timeout=QUICK)


def top(container: str) -> Step:
    return Step(("docker", "top", container, "-eo", "pid,ppid,uid,comm"), "list the processes", timeout=QUICK)


def execute(container: str, argv: Sequence[str], stdin: str, timeout: float) -> Step:
    words = ("docker", "exec", "--interactive", container, *argv)
    return Step(words, f"run {argv[0]} in a container", stdin=stdin, timeout=timeout)


def stop(container: str, seconds: int) -> Step:
    return Step(("docker", "stop", f"--time={seconds}", container), "stop a container", timeout=seconds + QUICK)


def wait(container: str) -> Step:
    return Step(("docker", "wait", container), "wait for a job to end")


def start(container: str) -> Step:
    return Step(("docker", "start", container), "start a container", timeout=QUICK)


def restart(container: str, seconds: int) -> Step:
    """Stop and start a container: what is mounted into it is looked up anew."""
    argv = ("docker", "restart", f"--time={seconds}", container)
    return Step(argv, "restart a container", timeout=seconds + QUICK)


def validate(proxy: Proxy, image: str, root: Path, values: Mapping[str, str]) -> Step:
    """Let the proxy judge its own configuration, in a container that reaches nothing and keeps nothing."""
    argv = ["docker", "run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL"]
    argv += [f"--cap-add={name}" for name in proxy.capabilities]
    given = {each.name: text_of(each.value, values) for each in proxy.variables}
    argv += [f"--env={name}" for name in given]
    argv += [f"--tmpfs={mount.target}" for mount in proxy.mounts if mount.is_volume]
    argv += [_bind(root / mount.source, mount.target) for mount in proxy.mounts if not mount.is_volume]
    config = next((mount.target for mount in proxy.mounts if mount.source == proxy.caddyfile), proxy.caddyfile)
    argv += [image, "caddy", "validate", f"--config={config}", "--adapter=caddyfile"]
    return Step(tuple(argv), f"judge {proxy.caddyfile}", environment=given, timeout=LONG)


def _bind(source: Path, target: str) -> str:
    """Return an option that mounts a path of this machine, whatever characters it has: its words are CSV."""
    words = (f"source={source.absolute()}", f"target={target}")
    quoted = ",".join('"' + word.replace('"', '""') + '"' for word in words)
    return f"--mount=type=bind,{quoted},readonly"


def once(image: str, network: str, argv: Sequence[str], timeout: float) -> Step:
    """Run a program of an image in a network, in a container that is gone afterwards."""
    words = ("docker", "run", "--rm", f"--network={network}", f"--entrypoint={argv[0]}", image, *argv[1:])
    return Step(words, "look from another container", timeout=timeout)


def remove_containers(names: Sequence[str]) -> Step:
    return Step(("docker", "rm", "--force", "--volumes", *names), "remove what this run started", timeout=QUICK)


def remove_images(names: Sequence[str]) -> Step:
    return Step(("docker", "image", "rm", *names), "remove the images")
