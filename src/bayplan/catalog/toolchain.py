"""What is known about Node.js majors and package managers, from `node.toml` and `package_managers.toml`."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class NodeMajor:
    """A major of Node.js. `settled`: long enough in long-term support for native modules to have caught up."""

    number: int
    codename: str
    end_of_life: date
    settled: bool
    npm: str
    """The npm that comes with it."""


@dataclass(frozen=True, slots=True)
class ManagerVersion:
    """A version of a package manager that is known to work, and the lockfile version that its major writes."""

    version: str
    lockfile: str
    node: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])


@cache
def node_majors() -> tuple[NodeMajor, ...]:
    """Return the known majors, oldest first."""
    return tuple(NodeMajor(**row) for row in _table("node.toml")["major"])


def node_major(number: int) -> NodeMajor | None:
    """Return what is known about a major."""
    return next((major for major in node_majors() if major.number == number), None)


def default_node() -> int:
    """Return the major to run what asks for none."""
    return int(_table("node.toml")["default"])


@cache
def manager_versions(name: str) -> tuple[ManagerVersion, ...]:
    """Return the known versions of a package manager, oldest first."""
    return tuple(ManagerVersion(**row) for row in _table("package_managers.toml").get(name, ()))


@cache
def _table(file: str) -> dict[str, Any]:
    import tomllib
    from importlib.resources import files

    return tomllib.loads(files("bayplan.catalog").joinpath(file).read_text(encoding="utf-8"))
