"""What an image needs to know of a package manager: how it gets there, how it installs, how it runs a script."""

from collections.abc import Callable
from dataclasses import dataclass

from bayplan.model.image import Cache
from bayplan.model.lockfile import Manager
from bayplan.model.workspace import Package
from bayplan.passes.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Wish:
    """What one install is to bring: all that a build needs, or what runs alone."""

    production: bool
    cpus: tuple[str, ...] = ()
    """The CPUs that it is for, on Alpine, whatever it runs on itself; its own when there are none."""
    scripts: bool = True
    """Whether the install scripts of dependencies run."""


@dataclass(frozen=True, slots=True)
class Installer:
    """A package manager in an image."""

    store: Cache
    put_in_place: Callable[[Manager], tuple[str, ...]]
    """The commands that install its exact version, none where the base image has it."""
    install: Callable[[Recipe, Wish], tuple[str, ...]]
    """The commands that install what a recipe's package needs, exactly as the lockfile says."""
    run: Callable[[Package, str], str]
    """The command that runs a script of a package, from the root."""
    cpus_at_once: Callable[[Manager], int]
    """For how many CPUs other than its own one install can resolve."""
