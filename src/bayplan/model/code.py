"""What the source of a package does, apart from what it depends on."""

import posixpath
from dataclasses import dataclass
from enum import StrEnum

from bayplan.source import At, Fact, Located


class Use(StrEnum):
    """When a variable is read."""

    BUILD = "build"
    RUN = "run"


SKIPS_VALIDATION = "skips-validation"
"""The kind of a variable that turns the validation of all others off, so that a build needs none of them."""


@dataclass(frozen=True, slots=True)
class EnvUse:
    """One place where code reads an environment variable."""

    name: str
    at: At
    required: bool
    """Whether the code cannot start or work without it: no default, not optional in its schema."""
    default: str | None = None
    use: Use = Use.RUN
    via: str = "process.env"
    """How it is read: `process.env`, `zod`, `envalid`, `class-validator`, `joi`, `ConfigService`, `t3-env`, ..."""
    purpose: str = ""
    """The comment or `.describe()` beside it."""
    kind: str = ""
    """What the schema says it must be: `url`, `number`, `boolean`, `email`, `enum:a|b`; empty when it does not say."""


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP route that the code answers, with its global prefix."""

    method: str
    path: str
    at: At
    redirects: bool = False
    """Whether it only sends the caller elsewhere."""


@dataclass(frozen=True, slots=True)
class QueueUse:
    """A queue the code adds jobs to or takes jobs from; the name is empty where it is not a constant."""

    name: str
    library: str
    consumes: bool
    at: At


NEXT_FOLDER = ".next"


@dataclass(frozen=True, slots=True)
class NextConfig:
    """What a Next.js config says, as far as it is written down as constants."""

    path: str
    at: At
    """The place of the config object's opening brace, where properties can be added."""
    output: Located[str] | None = None
    tracing_root: Located[str] | None = None
    """The source text of `outputFileTracingRoot`."""
    base_path: Located[str] | None = None
    transpiled: tuple[str, ...] = ()
    editable: bool = True
    """Whether the object literal that is exported was found, so that a property can be added to it."""
    dist_dir: Located[str] | None = None
    trailing_slash: Located[str] | None = None
    """`true`, `false`, or the source text of what only the build would know."""

    @property
    def built(self) -> str:
        """The folder that it builds to, inside its package."""
        return posixpath.normpath(self.dist_dir.value) if self.dist_dir else NEXT_FOLDER


@dataclass(frozen=True, slots=True)
class Code:
    """What the source of one package does, apart from what it depends on."""

    framework: Fact[str] | None = None
    """`next`, `nest`, `express`, `fastify`, `hono`, `vite`, `node`; None for a package that nothing starts."""
    installed_on: Fact[str] | None = None
    """What it is installed on where it is no server and no site: `desktops`, `phones`."""
    port: Fact[int] | None = None
    """The port it listens on when nothing tells it otherwise."""
    port_variable: Fact[str] | None = None
    """The variable that tells it otherwise."""
    host: Fact[str] | None = None
    """The address it binds to when nothing tells it otherwise, as far as the code names one."""
    host_variable: Fact[str] | None = None
    """The variable that tells it otherwise."""
    routes: tuple[Route, ...] = ()
    env: tuple[EnvUse, ...] = ()
    queues: tuple[QueueUse, ...] = ()
    handles_sigterm: At | None = None
    handles_sigint: At | None = None
    """Where it ends in order when it gets SIGINT, as Fly and a terminal send it."""
    next: NextConfig | None = None
    out_dir: Located[str] | None = None
    """Where its bundler builds to inside the package, as far as the bundler's own configuration says."""
    reads_files: tuple[Located[str], ...] = ()
    """Folders inside the package that the code reads at run time (migrations, templates)."""
    reads_others: tuple[Located[str], ...] = ()
    """Paths, from the root, in the folders of other packages that it reads then: `web/dist` of a site."""
    databases: tuple[Located[str], ...] = ()
    """What its schemas and migrations are for: `mysql`, `extension vector`."""
