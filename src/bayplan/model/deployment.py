"""What the deployment files on disk say, each value with its place. Anyone's files, not only ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from bayplan.source import At, Located

if TYPE_CHECKING:
    from bayplan.model.proxy import ProxyFile


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A text that follows an instruction; `literal` when its name is quoted, so that nothing in it is expanded."""

    name: str
    content: str
    literal: bool
    at: At


@dataclass(frozen=True, slots=True)
class Instruction:
    """A Dockerfile instruction: its upper-case word, flags (`from`, `mount`, ...), arguments and heredocs."""

    word: str
    at: At
    arguments: tuple[str, ...]
    """The words of COPY, the JSON form of CMD, `KEY=value` pairs of ENV; shell text is one argument.

    Quotes are removed and variables expanded as far as the file itself gives their values. A health check begins with
    `CMD` or `NONE`. A heredoc among the words of COPY stays `<<NAME`.
    """
    flags: tuple[tuple[str, str], ...] = ()
    shell: bool = False
    """Whether RUN, CMD, ENTRYPOINT or a health check is in shell form."""
    text: str = ""
    """The instruction as written, continuation lines joined."""
    heredocs: tuple[Heredoc, ...] = ()
    places: tuple[At, ...] = ()
    """The place of each argument."""
    flag_places: tuple[At, ...] = ()

    def flag(self, name: str) -> str | None:
        for key, value in self.flags:
            if key == name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class BuildStage:
    """A stage of a Dockerfile. `base` has its ARGs expanded; it is an image, or the name of an earlier stage."""

    name: str
    base: Located[str]
    platform: str | None
    instructions: tuple[Instruction, ...]
    at: At


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A Dockerfile."""

    path: str
    stages: tuple[BuildStage, ...]
    arguments: tuple[Located[str], ...] = ()
    """Global ARGs, before the first FROM."""

    def stage(self, name: str) -> BuildStage | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    def lineage(self, stage: BuildStage) -> tuple[BuildStage, ...]:
        """Return the stages this one is built on, the oldest first, itself last."""
        chain = [stage]
        for earlier in reversed(self.stages[: self.stages.index(stage)]):
            if earlier.name == chain[0].base.value:
                chain.insert(0, earlier)
        return tuple(chain)

    def instructions(self, stage: BuildStage, *words: str) -> tuple[Instruction, ...]:
        """Return the instructions in force in a stage, inherited ones first."""
        return tuple(
            each for one in self.lineage(stage) for each in one.instructions if not words or each.word in words
        )

    @property
    def final(self) -> BuildStage:
        return self.stages[-1]


@dataclass(frozen=True, slots=True)
class Published:
    """A port mapping: `host` is None when the platform chooses, `address` is empty for every interface."""

    container: int
    host: str | None
    address: str
    at: At
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class Wait:
    """A `depends_on` entry."""

    service: str
    condition: str
    at: At


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume, bind or tmpfs of a service. `source` is empty for an anonymous volume."""

    kind: str
    source: str
    target: str
    read_only: bool
    at: At


@dataclass(frozen=True, slots=True)
class HealthTest:
    """A health check: `argv` is `("CMD", ...)`, `("CMD-SHELL", text)` or `("NONE",)`."""

    argv: tuple[str, ...]
    at: At


@dataclass(frozen=True, slots=True)
class DeployedService:
    """A service as one file deploys it, whatever the platform: `compose`, `fly`, `railway` or `render`."""

    name: str
    platform: str
    at: At
    kind: str = ""
    """What the platform takes it for: `web`, `private`, `worker`, `job`, `cron`, `static`, `store`; or unsaid."""
    release: Located[tuple[str, ...]] | None = None
    """The command that prepares a new version before it starts. A shell text is one word."""
    image: Located[str] | None = None
    dockerfile: Located[str] | None = None
    """Relative to the root, however the platform spells it."""
    context: Located[str] | None = None
    target: Located[str] | None = None
    build_arguments: Mapping[str, Located[str]] = field(default_factory=dict)
    command: Located[tuple[str, ...]] | None = None
    """A shell text is one word."""
    environment: Mapping[str, Located[str]] = field(default_factory=dict)
    """The text as written, with its `${...}`; empty for a variable that is passed through."""
    shows_all: bool = False
    """Whether it has no other variables than those that its file shows."""
    env_files: tuple[Located[str], ...] = ()
    published: tuple[Published, ...] = ()
    port: Located[int] | None = None
    """The port the platform sends requests to (`internal_port`)."""
    health: HealthTest | None = None
    health_path: Located[str] | None = None
    """The path a platform asks for its own check."""
    waits: tuple[Wait, ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[Located[str], ...] = ()
    user: Located[str] | None = None
    read_only: bool = False
    profiles: tuple[str, ...] = ()
    settings: Mapping[str, Located[str]] = field(default_factory=dict)
    """Scalar keys that have no field of their own, as text, by their key route inside the service."""


@dataclass(frozen=True, slots=True)
class Network:
    name: str
    internal: bool
    at: At
    shared: bool = False
    """Whether services of other compose projects may be on it: it is external or has a name of its own."""


@dataclass(frozen=True, slots=True)
class ComposeFile:
    path: str
    services: tuple[DeployedService, ...]
    networks: tuple[Network, ...] = ()
    volumes: tuple[Located[str], ...] = ()

    def service(self, name: str) -> DeployedService | None:
        return next((service for service in self.services if service.name == name), None)


@dataclass(frozen=True, slots=True)
class EnvLine:
    """A line of an env file; `documented_only` for a commented-out `# NAME=value`."""

    name: str
    value: str
    at: At
    comment: str = ""
    documented_only: bool = False
    raw: str = field(default="", compare=False, repr=False)
    """The value as it is written, with its quotes and what follows them."""
    bare: bool = field(default=False, compare=False, repr=False)
    """Whether it is a name without `=`, whose value is the shell's."""


@dataclass(frozen=True, slots=True)
class EnvFile:
    path: str
    lines: tuple[EnvLine, ...]
    strays: tuple[At, ...] = field(default=(), compare=False)
    """Lines that are neither variables nor comments."""


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """A .dockerignore: patterns in order, `!` kept."""

    path: str
    patterns: tuple[Located[str], ...]


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """A step of a CI job that matters to images: an action with its inputs, or a script."""

    uses: Located[str] | None
    inputs: Mapping[str, Located[str]]
    script: Located[str] | None
    at: At
    condition: Located[str] | None = None
    folder: Located[str] | None = None
    """Where its script runs; None for the root of the repository."""


@dataclass(frozen=True, slots=True)
class WorkflowJob:
    name: str
    runs_on: Located[str] | None
    steps: tuple[WorkflowStep, ...]
    at: At
    condition: Located[str] | None = None
    matrix: tuple[Mapping[str, Located[str]], ...] = ()
    """What it runs with, one after the other: `app`, or `image.name` of a mapping; empty where only GitHub knows it."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event that starts a workflow. Without `paths` and `ignored`, whatever changes starts it."""

    event: str
    at: At
    paths: tuple[Located[str], ...] = ()
    ignored: tuple[Located[str], ...] = ()
    filters: tuple[str, ...] = ()
    """The names of everything that narrows it: `branches`, `paths`."""


@dataclass(frozen=True, slots=True)
class Workflow:
    path: str
    jobs: tuple[WorkflowJob, ...]
    env: Mapping[str, Located[str]] = field(default_factory=dict)
    triggers: tuple[Trigger, ...] = ()
    irregular: "tuple[Irregular, ...]" = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """A deployment file that cannot be read as what it should be."""

    message: str
    at: At
    remedy: str


class Fault(StrEnum):
    """What is wrong with a key of a platform's file, by the platform's own rules."""

    UNKNOWN = "unknown"
    WRONG = "wrong"
    OLD = "old"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Irregular:
    """A key of a platform's file that the platform does not take as it stands."""

    fault: Fault
    message: str
    at: At
    consequence: str
    help: str


@dataclass(frozen=True, slots=True)
class PlatformFile:
    """A file that a platform reads."""

    path: str
    services: tuple[DeployedService, ...]
    irregular: tuple[Irregular, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything the deployment files say."""

    images: tuple[ImageFile, ...] = ()
    composes: tuple[ComposeFile, ...] = ()
    platforms: tuple[PlatformFile, ...] = ()
    env_files: tuple[EnvFile, ...] = ()
    ignores: tuple[IgnoreFile, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    proxies: "tuple[ProxyFile, ...]" = ()
    broken: tuple[Broken, ...] = ()
    paths: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    """Every file of the repository, deployment or not, but those in folders like `node_modules`."""
    repository: str = ""
    """The account and the name on GitHub such as `example/shop`; empty when it is unknown."""

    @property
    def platform_services(self) -> tuple[DeployedService, ...]:
        return tuple(each for file in self.platforms for each in file.services)

    @property
    def services(self) -> tuple[DeployedService, ...]:
        """Every service of every file, compose files first."""
        return tuple(each for compose in self.composes for each in compose.services) + self.platform_services

    @property
    def irregular(self) -> tuple[Irregular, ...]:
        """Every key that its platform does not take as it stands."""
        files: tuple[PlatformFile | Workflow, ...] = (*self.platforms, *self.workflows)
        return tuple(each for file in files for each in file.irregular)

    def image(self, dockerfile: str) -> ImageFile | None:
        return next((image for image in self.images if image.path == dockerfile), None)
