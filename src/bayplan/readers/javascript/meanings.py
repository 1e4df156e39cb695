"""What an expression can stand for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayplan.readers.javascript.source_file import Source

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression or declaration that is its own explanation."""

    node: "Node"
    source: Source

    @property
    def text(self) -> str:
        return self.source.text(self.node)


@dataclass(frozen=True, slots=True)
class External:
    """Something that is not written in this workspace: `bullmq` + `Worker`, or the global `process` + `env`."""

    module: str
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Module:
    """A file of the workspace, as a whole."""

    source: Source


@dataclass(frozen=True, slots=True)
class Member:
    """A member of something that only running code would know."""

    of: "Expr | Member"
    name: str


Meaning = Expr | External | Module | Member
GLOBAL = "global"
